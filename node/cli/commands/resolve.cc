#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/items.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/cli/record_text.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kValuesWidthMax = 60;
constexpr std::uint32_t kHistoryPage = 100;

struct Options {
  std::vector<std::string> identifiers;
  std::string file;
  bool history = false;
};

ExitCode ResolveOne(const Client& client, const std::string& identifier, Environment& environment) {
  v1::ResolveRequest request;
  request.set_identifier(identifier);
  auto response = client.Call(&v1::ResolutionService::Stub::Resolve, client.resolution(), request);
  if (!response.ok()) return Fail(environment, response.error());
  environment.out << (environment.options.json
                          ? ToJson(response->record()) + "\n"
                          : RecordText(response->record(), environment.language))
                  << std::flush;
  return kExitDone;
}

std::string ChangeText(v1::ChangeKind change, Language language) {
  const auto text = [language](const Text& words) { return std::string(words.In(language)); };
  switch (change) {
    case v1::CHANGE_REGISTERED:
      return text(messages::kRegistered);
    case v1::CHANGE_RE_REGISTERED:
      return text(messages::kReRegistered);
    case v1::CHANGE_UPDATED:
      return text({"updated", "已更新"});
    case v1::CHANGE_DELETED:
      return text({"deleted", "已删除"});
    case v1::CHANGE_STATE:
      return text({"state changed", "状态变更"});
    default:
      return v1::ChangeKind_Name(change);
  }
}

ExitCode ShowHistory(const Client& client, const std::string& identifier,
                     Environment& environment) {
  const Language language = environment.language;
  Table table(
      {std::string(messages::kRevision.In(language)),
       std::string(messages::kUpdatedAt.In(language)), std::string(messages::kChange.In(language)),
       std::string(messages::kState.In(language)), std::string(messages::kApplication.In(language)),
       std::string(messages::kValues.In(language))});
  v1::GetHistoryRequest request;
  request.set_identifier(identifier);
  request.set_page_size(kHistoryPage);
  do {
    auto page = client.Call(&v1::ResolutionService::Stub::GetHistory, client.resolution(), request);
    if (!page.ok()) return Fail(environment, page.error());
    for (const v1::Revision& revision : page->revisions()) {
      if (environment.options.json) {
        environment.out << ToJson(revision) << '\n';
        continue;
      }
      const v1::Record& record = revision.record();
      table.Add({std::to_string(record.revision()), FormatTimestamp(record.updated_at()),
                 ChangeText(revision.change(), language), StateText(record.state(), language),
                 Printable(record.application()), ValuesLine(record, kValuesWidthMax)});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (!environment.options.json) environment.out << table.Text();
  environment.out << std::flush;
  return kExitDone;
}

/// Prints results as they come: a JSON object a line, or a table for each call.
class ManyResults {
 public:
  explicit ManyResults(Environment& environment) : environment_(environment) {}

  void Print(const v1::BatchResolveResponse& response) {
    const Language language = environment_.language;
    Table table({std::string(messages::kIdentifier.In(language)),
                 std::string(messages::kState.In(language)),
                 std::string(messages::kClass.In(language)),
                 std::string(messages::kValues.In(language))});
    for (const v1::ResolveResult& result : response.results()) {
      const bool found = result.has_record();
      ++(found ? found_ : missing_);
      if (environment_.options.json) {
        environment_.out << ToJson(result) << '\n';
        continue;
      }
      const v1::Record& record = result.record();
      table.Add({Printable(found ? record.identifier() : result.identifier()),
                 found ? StateText(record.state(), language) : result.reason(),
                 Printable(record.object_class()),
                 found ? ValuesLine(record, kValuesWidthMax) : Printable(result.detail())});
    }
    if (!environment_.options.json) environment_.out << table.Text();
    environment_.out << std::flush;
  }

  ExitCode Code() const {
    if (missing_ == 0) return kExitDone;
    return found_ > 0 ? kExitPartly : kExitFailed;
  }

 private:
  Environment& environment_;
  std::int64_t found_ = 0;
  std::int64_t missing_ = 0;
};

ExitCode ResolveMany(const Client& client, const std::function<Result<bool>(std::string&)>& next,
                     Environment& environment) {
  ManyResults results(environment);
  v1::BatchResolveRequest request;
  std::string identifier;
  while (true) {
    const auto more = next(identifier);
    if (!more.ok()) return FailUsage(environment, more.error().detail, "from-file");
    if (*more) request.add_identifiers(identifier);
    const auto size = static_cast<std::size_t>(request.identifiers_size());
    if (size == kItemsPerCall || (!*more && size > 0)) {
      auto response =
          client.Call(&v1::ResolutionService::Stub::BatchResolve, client.resolution(), request);
      if (!response.ok()) return Fail(environment, response.error());
      results.Print(*response);
      request.clear_identifiers();
    }
    if (!*more) return results.Code();
  }
}

ExitCode Run(const Options& options, Environment& environment) {
  if (options.identifiers.empty() == options.file.empty()) {
    return FailUsage(environment, "give either identifiers or --from-file FILE");
  }
  if (options.history && options.identifiers.size() != 1) {
    return FailUsage(environment, "--history is for one identifier", "history");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  if (options.history) return ShowHistory(*client, options.identifiers.front(), environment);
  if (options.identifiers.size() == 1) {
    return ResolveOne(*client, options.identifiers.front(), environment);
  }
  if (options.file.empty()) {
    std::size_t at = 0;
    return ResolveMany(
        *client,
        [&](std::string& identifier) -> Result<bool> {
          if (at == options.identifiers.size()) return false;
          identifier = options.identifiers[at++];
          return true;
        },
        environment);
  }
  auto file = LineFile::Open(environment, options.file);
  if (!file.ok()) return FailUsage(environment, file.error().detail, "from-file");
  return ResolveMany(
      *client, [&file](std::string& identifier) { return file->Next(identifier); }, environment);
}

}  // namespace

void AddResolve(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(nullptr, "resolve", {"Resolve identifiers.", "解析标识。"},
                               "idnode resolve 88.108.1001/SN1\n"
                               "idnode resolve 88.108.1001/SN1 88.108.1001/SN2 --json\n"
                               "idnode resolve --from-file identifiers.txt\n"
                               "idnode resolve 88.108.1001/SN1 --history");
  command->add_option("IDENTIFIER", options->identifiers,
                      line.T({"One or more identifiers", "一个或多个标识"}));
  command->add_option(
      "--from-file", options->file,
      line.T({"One identifier a line; - is standard input", "每行一个标识的文件；- 表示标准输入"}));
  command->add_flag("--history", options->history,
                    line.T({"Every revision, newest first", "全部修订，最新在前"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
