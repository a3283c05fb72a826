#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/csv.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/record_text.h"

namespace idnode::cli {
namespace {

constexpr std::uint32_t kPageSize = 1'000;

struct Options {
  std::vector<std::string> prefixes;
  bool all_prefixes = false;
  std::string format = "jsonl";
  std::vector<std::string> value_columns;
  std::string output;
};

/// Writes to standard output, or to FILE.part, which becomes FILE at the end: a file of that name
/// is whole.
class Sink {
 public:
  static Result<std::unique_ptr<Sink>> Open(const std::string& path, std::ostream& out) {
    std::FILE* file = nullptr;
    if (!path.empty()) {
      file = std::fopen((path + ".part").c_str(), "wbe");
      if (file == nullptr) {
        return Error(Errc::kUnavailable,
                     "cannot create " + path + ".part: " + std::strerror(errno));
      }
    }
    return std::unique_ptr<Sink>(new Sink(path, file, out));
  }
  ~Sink() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  Result<void> Write(const std::string& text) {
    if (file_ == nullptr) {
      out_.write(text.data(), static_cast<std::streamsize>(text.size()));
      return out_ ? Result<void>() : Error(Errc::kUnavailable, "cannot write standard output");
    }
    if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return {};
    return Error(Errc::kUnavailable, "cannot write " + path_ + ".part: " + std::strerror(errno));
  }

  Result<void> Finish() {
    if (file_ == nullptr) {
      out_.flush();
      return {};
    }
    const bool written = std::fflush(file_) == 0 && ::fdatasync(::fileno(file_)) == 0;
    if (!written || std::rename((path_ + ".part").c_str(), path_.c_str()) != 0) {
      return Error(Errc::kUnavailable, "cannot write " + path_ + ": " + std::strerror(errno));
    }
    return {};
  }

 private:
  Sink(std::string path, std::FILE* file, std::ostream& out)
      : path_(std::move(path)), file_(file), out_(out) {}
  const std::string path_;
  std::FILE* file_;
  std::ostream& out_;
};

class Export {
 public:
  Export(const Options& options, Environment& environment)
      : options_(options),
        environment_(environment),
        progress_(environment.err, environment.err_is_terminal, environment.language,
                  environment.clock) {}

  ExitCode Run() {
    if (options_.prefixes.empty() == !options_.all_prefixes) {
      return FailUsage(environment_, "give either prefixes or --all-prefixes");
    }
    const auto client = Connect(environment_);
    if (!client) return kExitUsage;
    const auto done = WriteAll(*client);
    progress_.Clear();
    if (!done.ok()) return FailBesideData(environment_, done.error());
    if (interrupt_.raised()) {
      environment_.err << messages::kInterrupted.In(environment_.language) << '\n';
      return kExitInterrupted;
    }
    environment_.err << Say(environment_.language, messages::kExported, FormatCount(records_))
                     << '\n';
    return kExitDone;
  }

 private:
  Result<void> WriteAll(const Client& client) {
    std::vector<std::string> prefixes = options_.prefixes;
    if (options_.all_prefixes) IDNODE_RETURN_IF_ERROR(AddAllPrefixes(client, prefixes));
    auto sink = Sink::Open(options_.output, environment_.out);
    if (!sink.ok()) return sink.error();
    if (options_.format == "csv") IDNODE_RETURN_IF_ERROR((*sink)->Write(CsvHead()));
    for (const std::string& prefix : prefixes) {
      IDNODE_RETURN_IF_ERROR(WritePrefix(client, prefix, **sink));
      if (interrupt_.raised()) return {};
    }
    return (*sink)->Finish();
  }

  /// Those whose identifiers are here.
  static Result<void> AddAllPrefixes(const Client& client, std::vector<std::string>& prefixes) {
    v1::ListPrefixesRequest request;
    do {
      auto page = client.Call(&v1::AccessService::Stub::ListPrefixes, client.access(), request);
      if (!page.ok()) return page.error();
      for (const v1::Prefix& prefix : page->prefixes()) {
        if (prefix.hosting() != v1::SELF_HOSTED) prefixes.push_back(prefix.prefix());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return {};
  }

  Result<void> WritePrefix(const Client& client, const std::string& prefix, Sink& sink) {
    v1::ListIdentifiersRequest request;
    request.set_prefix(prefix);
    request.set_page_size(kPageSize);
    do {
      auto page =
          client.Call(&v1::ResolutionService::Stub::ListIdentifiers, client.resolution(), request);
      if (!page.ok()) return page.error();
      std::string text;
      for (const v1::Record& record : page->identifiers()) {
        text += options_.format == "csv" ? CsvLine(record) : ToJson(record) + "\n";
      }
      IDNODE_RETURN_IF_ERROR(sink.Write(text));
      records_ += page->identifiers_size();
      progress_.Update(0, records_);
      request.set_page_token(page->next_page_token());
      if (interrupt_.WaitFor(std::chrono::milliseconds(0))) return {};
    } while (!request.page_token().empty());
    return {};
  }

  std::string CsvHead() const {
    std::string line =
        "identifier,state,object_class,template,registered_at,first_registered_at,updated_at,"
        "revision,application";
    for (const std::string& type : options_.value_columns) {
      line += ',';
      AppendCsvField(type, ',', line);
    }
    if (options_.value_columns.empty()) line += ",values";
    return line + "\n";
  }

  std::string CsvLine(const v1::Record& record) const {
    std::vector<std::string> cells{record.identifier(),
                                   v1::State_Name(record.state()),
                                   record.object_class(),
                                   record.template_(),
                                   FormatTimestamp(record.registered_at()),
                                   FormatTimestamp(record.first_registered_at()),
                                   FormatTimestamp(record.updated_at()),
                                   std::to_string(record.revision()),
                                   record.application()};
    for (const std::string& type : options_.value_columns) {
      std::string cell;
      for (const v1::Value& value : record.values()) {
        if (value.type() != type) continue;
        cell += (cell.empty() ? "" : "\n") + ContentText(value);
      }
      cells.push_back(cell);
    }
    if (options_.value_columns.empty()) {
      std::string json;
      for (const v1::Value& value : record.values())
        json += (json.empty() ? "" : ",") + ToJson(value);
      cells.push_back("[" + json + "]");
    }
    std::string line;
    for (const std::string& cell : cells) {
      if (&cell != &cells.front()) line += ',';
      AppendCsvField(cell, ',', line);
    }
    return line + "\n";
  }

  const Options& options_;
  Environment& environment_;
  Interrupt interrupt_;  // before any thread is started
  Progress progress_;
  std::int64_t records_ = 0;
};

}  // namespace

void AddExport(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "export",
      {"Write the identifiers of prefixes; what it writes, import reads.",
       "导出前缀下的标识（可再导入）。"},
      "idnode export 88.108.1001 > identifiers.jsonl\n"
      "idnode export 88.108.1001 --format csv --value-column URL --output identifiers.csv\n"
      "idnode export --all-prefixes --output all.jsonl");
  command->add_option("PREFIX", options->prefixes,
                      line.T({"One or more enterprise prefixes", "一个或多个企业前缀"}));
  command->add_flag("--all-prefixes", options->all_prefixes,
                    line.T({"Every admitted prefix (operator)", "全部已开通前缀（运营者）"}));
  command->add_option("--format", options->format, line.T({"jsonl or csv", "jsonl 或 csv"}))
      ->check(CLI::IsMember({"jsonl", "csv"}))
      ->capture_default_str();
  AddRepeated(command, "--value-column", options->value_columns,
              line.T({"CSV: a column for the values of this type, instead of all as JSON; may be "
                      "repeated",
                      "CSV：该类型的值单列输出；可重复"}));
  command
      ->add_option(
          "--output", options->output,
          line.T({"Write to this file, whole or not at all", "写入文件（完整写完才出现）"}))
      ->type_name("FILE");
  CommandLine::OnRun(command, line, [options](Environment& environment) {
    return Export(*options, environment).Run();
  });
}

}  // namespace idnode::cli
