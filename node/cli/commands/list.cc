#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

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
constexpr std::uint32_t kPageMax = 1'000;

struct Options {
  std::string prefix;
  std::uint64_t limit = 100;
  std::string page_token;
};

ExitCode Run(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  v1::ListIdentifiersRequest request;
  request.set_prefix(options.prefix);
  request.set_page_token(options.page_token);
  std::uint64_t left = options.limit;
  std::int64_t listed = 0;
  do {
    request.set_page_size(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageMax)));
    auto page =
        client->Call(&v1::ResolutionService::Stub::ListIdentifiers, client->resolution(), request);
    if (!page.ok()) return Fail(environment, page.error());
    Table table({std::string(messages::kIdentifier.In(language)),
                 std::string(messages::kState.In(language)),
                 std::string(messages::kClass.In(language)),
                 std::string(messages::kValues.In(language))});
    for (const v1::Record& record : page->identifiers()) {
      ++listed;
      if (environment.options.json) {
        environment.out << ToJson(record) << '\n';
        continue;
      }
      table.Add({Printable(record.identifier()), StateText(record.state(), language),
                 Printable(record.object_class()), ValuesLine(record, kValuesWidthMax)});
    }
    if (!environment.options.json) environment.out << table.Text();
    environment.out << std::flush;
    left -= std::min<std::uint64_t>(left, static_cast<std::uint64_t>(page->identifiers_size()));
    request.set_page_token(page->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  environment.err << Say(language, messages::kListed, FormatCount(listed)) << '\n';
  if (!request.page_token().empty()) {
    environment.err << Say(language, messages::kMoreWith,
                           "idnode list " + ShellQuoted(options.prefix) + " --page-token " +
                               ShellQuoted(request.page_token()))
                    << '\n';
  }
  return kExitDone;
}

}  // namespace

void AddList(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "list", {"List the identifiers of an enterprise prefix.", "列出企业前缀下的标识。"},
      "idnode list 88.108.1001\n"
      "idnode list 88.108.1001 --limit 5000 --json");
  command
      ->add_option("PREFIX", options->prefix,
                   line.T({"Enterprise prefix, such as 88.108.1001", "企业前缀，如 88.108.1001"}))
      ->required();
  command->add_option("--limit", options->limit, line.T({"At most so many", "最多列出条数"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--page-token", options->page_token,
                      line.T({"Go on where a list ended", "从上次结束处继续"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
