#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/audit_chain.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/time_option.h"

namespace idnode::cli {
namespace {

constexpr std::uint32_t kPageMax = 1'000;

struct Options {
  std::string from;
  std::string to;
  std::string who;
  std::string action;
  std::string target;
  bool refused = false;
  bool oldest_first = false;
  std::uint64_t limit = 100;
  std::string page_token;
  std::string file;
};

std::string HexOf(std::string_view bytes) { return Hex(bytes); }
std::string HexOf(const Digest& digest) {
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void SetTime(google::protobuf::Timestamp& time, std::int64_t ms) {
  time.set_seconds(ms / 1000);
  time.set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
}

// ---- list ----------------------------------------------------------------------

Result<v1::ListAuditEntriesRequest> RequestOf(const Options& options, std::int64_t now_ms) {
  v1::ListAuditEntriesRequest request;
  if (!options.from.empty()) {
    const auto ms = ParseInstant(options.from, now_ms, true);
    if (!ms.ok()) return Error(ms.code(), ms.error().detail, "from");
    SetTime(*request.mutable_from(), std::max<std::int64_t>(*ms, 0));
  }
  if (!options.to.empty()) {
    const auto ms = ParseInstant(options.to, now_ms, true);
    if (!ms.ok()) return Error(ms.code(), ms.error().detail, "to");
    SetTime(*request.mutable_to(), std::max<std::int64_t>(*ms, 0));
  }
  request.set_who(options.who);
  request.set_action(options.action);
  request.set_target(options.target);
  request.set_refused_only(options.refused);
  request.set_ascending(options.oldest_first);
  request.set_page_token(options.page_token);
  return request;
}

std::string ResultText(const v1::AuditEntry& entry, Language language) {
  std::string text = entry.refused().empty()
                         ? std::string(messages::kDone.In(language))
                         : Say(language, messages::kRefusedWith, Printable(entry.refused()));
  if (entry.count() > 1) {
    text += ", " +
            Say(language, messages::kTimes, FormatCount(static_cast<std::int64_t>(entry.count())));
  }
  return text;
}

ExitCode List(const Options& options, Environment& environment) {
  auto request = RequestOf(options, environment.clock.WallMs());
  if (!request.ok()) return FailUsage(environment, request.error().detail, request.error().field);
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  const auto head = [language](const Text& words) { return std::string(words.In(language)); };
  std::uint64_t left = options.limit;
  do {
    request->set_page_size(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageMax)));
    auto page = client->Call(&v1::AuditService::Stub::ListAuditEntries, client->audit(), *request);
    if (!page.ok()) return Fail(environment, page.error());
    Table table({head(messages::kNumber), head(messages::kTime), head(messages::kWho),
                 head(messages::kFrom), head(messages::kAction), head(messages::kTargetOf),
                 head(messages::kResult)});
    for (const v1::AuditEntry& entry : page->entries()) {
      if (environment.options.json) {
        environment.out << ToJson(entry) << '\n';
        continue;
      }
      table.Add({std::to_string(entry.number()), FormatTimestamp(entry.at()),
                 Printable(entry.who()), Printable(entry.from()), Printable(entry.action()),
                 Printable(entry.target()), ResultText(entry, language)});
    }
    if (!environment.options.json) environment.out << table.Text();
    environment.out << std::flush;
    left -= std::min<std::uint64_t>(left, static_cast<std::uint64_t>(page->entries_size()));
    request->set_page_token(page->next_page_token());
  } while (left > 0 && !request->page_token().empty());
  environment.err << Say(language, messages::kListedMany,
                         FormatCount(static_cast<std::int64_t>(options.limit - left)))
                  << '\n';
  if (!request->page_token().empty()) {
    environment.err << Say(language, messages::kMoreWith,
                           "idnode audit list --page-token " + ShellQuoted(request->page_token()))
                    << '\n';
  }
  return kExitDone;
}

// ---- export ---------------------------------------------------------------------

/// Appends the entries that a file lacks. The file itself says how far it is: an export goes on
/// where it stopped, and one that is done again adds what has come since.
class Export {
 public:
  Export(std::string path, Environment& environment)
      : path_(std::move(path)),
        environment_(environment),
        progress_(environment.err, environment.err_is_terminal, environment.language,
                  environment.clock) {}

  ExitCode Run() {
    if (auto opened = Open(); !opened.ok()) {
      const Error& error = opened.error();
      return error.code == Errc::kInvalidRequest ? FailUsage(environment_, error.detail, "file")
                                                 : Fail(environment_, error);
    }
    const auto client = Connect(environment_);
    if (!client) return kExitUsage;
    auto done = WriteAll(*client);
    progress_.Clear();
    if (std::fflush(file_.get()) != 0 || ::fdatasync(::fileno(file_.get())) != 0) {
      if (done.ok()) done = FileError("cannot write");
    }
    if (!done.ok()) return Fail(environment_, done.error());
    return Report();
  }

 private:
  Error FileError(const std::string& what) const {
    return Error(Errc::kUnavailable, what + " " + path_ + ": " + std::strerror(errno));
  }

  /// Checks what the file holds, and puts an end to it where it was cut off.
  Result<void> Open() {
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0) {
      std::int64_t whole_bytes = 0;
      auto chain = ReadAuditFile(path_, &whole_bytes);
      if (!chain.ok()) return chain.error();
      chain_ = *chain;
      if (whole_bytes < status.st_size && ::truncate(path_.c_str(), whole_bytes) != 0) {
        return FileError("cannot shorten");
      }
      if (chain_.last() > 0) {
        environment_.err << Say(environment_.language, messages::kAuditGoingOn, path_,
                                chain_.first(), chain_.last())
                         << '\n';
      }
    }
    // What people did is for auditors to read.
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) file_.reset(::fdopen(fd, "ab"));
    return file_ ? Result<void>() : FileError("cannot open");
  }

  Result<void> WriteAll(const Client& client) {
    v1::ListAuditEntriesRequest request;
    request.set_ascending(true);
    request.set_page_size(kPageMax);
    // Times never run backwards in the log, so what is missing is not before the last one here.
    if (chain_.last() > 0) SetTime(*request.mutable_from(), chain_.last_ms());
    do {
      auto page = client.Call(&v1::AuditService::Stub::ListAuditEntries, client.audit(), request);
      if (!page.ok()) return page.error();
      IDNODE_RETURN_IF_ERROR(WritePage(*page));
      progress_.Update(0, written_);
      request.set_page_token(page->next_page_token());
      if (interrupt_.WaitFor(std::chrono::milliseconds(0))) return {};
    } while (!request.page_token().empty());
    return {};
  }

  Result<void> WritePage(const v1::ListAuditEntriesResponse& page) {
    std::string text;
    for (const v1::AuditEntry& entry : page.entries()) {
      if (entry.number() <= chain_.last()) continue;
      IDNODE_RETURN_IF_ERROR(chain_.Add(entry));
      text += ToJson(entry) + "\n";
      ++written_;
    }
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
      return FileError("cannot write");
    }
    return {};
  }

  ExitCode Report() {
    const std::uint64_t all = chain_.last() == 0 ? 0 : chain_.last() - chain_.first() + 1;
    if (environment_.options.json) {
      environment_.out << R"({"written":)" << written_ << R"(,"entries":)" << all << R"(,"first":)"
                       << chain_.first() << R"(,"last":)" << chain_.last() << R"(,"head":")"
                       << HexOf(chain_.head()) << R"(","interrupted":)"
                       << (interrupt_.raised() ? "true" : "false") << "}\n"
                       << std::flush;
    }
    const Language language = environment_.language;
    environment_.err << Say(language, messages::kAuditExported, FormatCount(written_),
                            FormatCount(static_cast<std::int64_t>(all)), chain_.last())
                     << '\n';
    if (!interrupt_.raised()) return kExitDone;
    environment_.err << messages::kInterrupted.In(language) << '\n'
                     << Say(language, messages::kResumeWith,
                            "idnode audit export " + ShellQuoted(path_))
                     << '\n'
                     << std::flush;
    return kExitInterrupted;
  }

  const std::string path_;
  Environment& environment_;
  Interrupt interrupt_;  // before any thread is started
  Progress progress_;
  AuditChain chain_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, &std::fclose};
  std::int64_t written_ = 0;
};

// ---- verify ----------------------------------------------------------------------

ExitCode ReportCheck(std::uint64_t first, std::uint64_t last, const std::string& head_hex,
                     std::uint64_t broken_at, Environment& environment) {
  if (environment.options.json) {
    environment.out << R"({"verified":)" << (broken_at == 0 ? "true" : "false") << R"(,"first":)"
                    << first << R"(,"last":)" << last << R"(,"head":")" << head_hex << '"';
    if (broken_at != 0) environment.out << R"(,"brokenAt":)" << broken_at;
    environment.out << "}\n" << std::flush;
    return broken_at == 0 ? kExitDone : kExitFailed;
  }
  const Language language = environment.language;
  if (broken_at != 0) {
    environment.out << Say(language, messages::kAuditBroken, broken_at) << '\n';
  } else if (last == 0) {
    environment.out << messages::kAuditEmpty.In(language) << '\n';
  } else {
    environment.out << Say(language, messages::kAuditHolds, first, last, head_hex) << '\n';
  }
  environment.out << std::flush;
  return broken_at == 0 ? kExitDone : kExitFailed;
}

ExitCode Verify(const Options& options, Environment& environment) {
  if (!options.file.empty()) {
    const auto chain = ReadAuditFile(options.file);
    if (!chain.ok()) return Fail(environment, chain.error());
    return ReportCheck(chain->first(), chain->last(), HexOf(chain->head()), 0, environment);
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto response = client->Call(&v1::AuditService::Stub::VerifyAuditLog, client->audit(),
                               v1::VerifyAuditLogRequest());
  if (!response.ok()) return Fail(environment, response.error());
  return ReportCheck(response->first(), response->last(), HexOf(response->head()),
                     response->broken_at(), environment);
}

void AddListing(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  CLI::App* list = line.Add(command, "list",
                            {"List what was done and what was refused, newest first.",
                             "列出管理操作与被拒绝的操作，最新在前。"},
                            "idnode audit list --from 7d --refused\n"
                            "idnode audit list --action prefix. --target 88.108.1001\n"
                            "idnode audit list --who user:alice --json");
  list->add_option(
      "--from", options->from,
      line.T({"Since then: 2027-01-31 (Beijing), 2027-01-31T08:00:00Z, or 7d ago",
              "起始时间：2027-01-31（北京时间）、2027-01-31T08:00:00Z，或 7d（7 天前）"}));
  list->add_option("--to", options->to, line.T({"Before then", "截止时间（不含）"}));
  list->add_option("--who", options->who,
                   line.T({"operator, application:NAME or user:NAME",
                           "operator、application:名称 或 user:名称"}));
  list->add_option("--action", options->action,
                   line.T({"Such as prefix.set-state, or prefix. for all of a kind",
                           "如 prefix.set-state；prefix. 表示同类全部"}));
  list->add_option("--target", options->target, line.T({"What it was done to", "操作对象"}));
  list->add_flag("--refused", options->refused, line.T({"Refused ones only", "仅被拒绝的操作"}));
  list->add_flag("--oldest-first", options->oldest_first, line.T({"Oldest first", "最早在前"}));
  list->add_option("--limit", options->limit, line.T({"At most so many", "最多列出条数"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  list->add_option("--page-token", options->page_token,
                   line.T({"Go on where a list ended", "从上次结束处继续"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace

void AddAudit(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(nullptr, "audit",
                               {"The log of administrative acts and refusals (auditor, operator).",
                                "审计日志：管理操作与被拒绝的操作（审核员、运营者）。"},
                               "idnode audit list --from 7d --refused\n"
                               "idnode audit export audit.jsonl\n"
                               "idnode audit verify");
  command->require_subcommand(1);
  AddListing(line, command, options);

  CLI::App* exported = line.Add(
      command, "export",
      {"Write the log to a file, checking its chain; a file that is there is gone on with.",
       "导出日志并校验链；文件已存在则续写。"},
      "idnode audit export audit.jsonl\n"
      "idnode audit export audit.jsonl && idnode audit verify --file audit.jsonl");
  exported->add_option("FILE", options->file, line.T({"JSON Lines file", "JSON Lines 文件"}))
      ->required()
      ->type_name("FILE");
  CommandLine::OnRun(exported, line, [options](Environment& environment) {
    return Export(options->file, environment).Run();
  });

  CLI::App* verify = line.Add(
      command, "verify",
      {"Check that each entry follows from the one before: on the node, or in an exported file.",
       "校验每条记录与前一条的衔接：在节点上，或对导出的文件。"},
      "idnode audit verify\n"
      "idnode audit verify --file audit.jsonl");
  verify
      ->add_option(
          "--file", options->file,
          line.T({"A file of audit export; the node is not asked", "导出的文件；不访问节点"}))
      ->check(CLI::ExistingFile);
  CommandLine::OnRun(verify, line,
                     [options](Environment& environment) { return Verify(*options, environment); });
}

}  // namespace idnode::cli
