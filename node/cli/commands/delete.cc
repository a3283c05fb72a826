#include <algorithm>
#include <cstdint>
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

namespace idnode::cli {
namespace {

struct Options {
  std::vector<std::string> identifiers;
  std::string file;
  std::uint32_t expected_revision = 0;
  std::string request_id;
  bool yes = false;
  bool dry_run = false;
};

/// Says which of the identifiers are there to be deleted.
ExitCode DryRun(const Client& client, const std::vector<std::string>& identifiers,
                Environment& environment) {
  Table table({std::string(messages::kOutcome.In(environment.language)),
               std::string(messages::kIdentifier.In(environment.language))});
  std::string json;
  for (std::size_t at = 0; at < identifiers.size(); at += kItemsPerCall) {
    v1::BatchResolveRequest request;
    for (std::size_t i = at; i < std::min(identifiers.size(), at + kItemsPerCall); ++i) {
      request.add_identifiers(identifiers[i]);
    }
    auto response =
        client.Call(&v1::ResolutionService::Stub::BatchResolve, client.resolution(), request);
    if (!response.ok()) return Fail(environment, response.error());
    for (const v1::ResolveResult& result : response->results()) {
      const Text& word = result.has_record() ? messages::kWouldDelete : messages::kMissing;
      table.Add({std::string(word.In(environment.language)), Printable(result.identifier())});
      json += (json.empty() ? "" : ",") + std::string(R"({"identifier":)") +
              JsonString(result.identifier()) + R"(,"wouldDelete":)" +
              (result.has_record() ? "true" : "false") + "}";
    }
  }
  if (environment.options.json) {
    environment.out << R"({"dryRun":true,"results":[)" << json << "]}\n" << std::flush;
  } else {
    environment.out << table.Text() << std::flush;
    environment.err << messages::kDryRun.In(environment.language) << '\n';
  }
  return kExitDone;
}

ExitCode Run(const Options& options, Environment& environment) {
  std::vector<std::string> identifiers = options.identifiers;
  if (!options.file.empty()) {
    auto file = LineFile::Open(environment, options.file);
    if (!file.ok()) return FailUsage(environment, file.error().detail, "file");
    std::string text;
    while (true) {
      const auto more = file->Next(text);
      if (!more.ok()) return FailUsage(environment, more.error().detail, "file");
      if (!*more) break;
      identifiers.push_back(text);
    }
  }
  if (identifiers.empty()) return FailUsage(environment, "give an IDENTIFIER or --file FILE");
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  if (options.dry_run) return DryRun(*client, identifiers, environment);
  if (identifiers.size() > 1 && !options.yes &&
      !Confirm(environment, Say(environment.language, messages::kConfirmDelete,
                                FormatCount(static_cast<std::int64_t>(identifiers.size()))))) {
    return FailUsage(environment,
                     std::string(messages::kNotConfirmed.In(environment.language)) + " (--yes)",
                     "yes");
  }
  OutcomeReport report;
  std::size_t calls = 0;
  for (std::size_t at = 0; at < identifiers.size(); at += kItemsPerCall) {
    v1::DeleteRequest request;
    request.set_request_id(RequestIdOf(options.request_id, calls++));
    for (std::size_t i = at; i < std::min(identifiers.size(), at + kItemsPerCall); ++i) {
      v1::DeleteItem& item = *request.add_items();
      item.set_identifier(identifiers[i]);
      item.set_expected_revision(options.expected_revision);
    }
    auto response =
        client->Call(&v1::RegistrationService::Stub::Delete, client->registration(), request);
    if (!response.ok()) return report.PrintWith(environment, response.error());
    report.Add(response->results());
  }
  return report.Print(environment);
}

}  // namespace

void AddDelete(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(nullptr, "delete",
                               {"Delete identifiers. They never count as first-ever again.",
                                "删除标识（再次注册不计入首次注册量）。"},
                               "idnode delete 88.108.1001/SN1\n"
                               "idnode delete --file old.txt --dry-run\n"
                               "idnode delete --file old.txt --yes");
  command->add_option("IDENTIFIER", options->identifiers,
                      line.T({"One or more identifiers", "一个或多个标识"}));
  command->add_option(
      "--file", options->file,
      line.T({"One identifier a line; - is standard input", "每行一个标识的文件；- 表示标准输入"}));
  command->add_option("--if-revision", options->expected_revision,
                      line.T({"Only if the record has this revision", "仅当修订号相符时删除"}));
  command->add_flag("--yes", options->yes,
                    line.T({"Do not ask before deleting more than one", "删除多个时不再询问"}));
  command->add_flag("--dry-run", options->dry_run,
                    line.T({"Say what would be deleted, delete nothing", "仅显示将删除的标识"}));
  command->add_option(
      "--request-id", options->request_id,
      line.T({"Makes a repeat within 24 h give the same answer", "24 小时内重复请求得到相同应答"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
