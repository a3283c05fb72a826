#include <memory>
#include <ostream>
#include <string>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

ExitCode Admit(const std::string& prefix, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::AdmitPrefixRequest request;
  request.set_prefix(prefix);
  auto response = client->Call(&v1::AccessService::Stub::AdmitPrefix, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, messages::kAdmitted, prefix) << '\n';
  return kExitDone;
}

ExitCode List(Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto response = client->Call(&v1::AccessService::Stub::ListPrefixes, client->access(),
                               v1::ListPrefixesRequest());
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  Table table({std::string(messages::kPrefix.In(environment.language)),
               std::string(messages::kAdmittedAt.In(environment.language))});
  for (const v1::Prefix& prefix : response->prefixes()) {
    table.Add({prefix.prefix(), FormatTimestamp(prefix.admitted_at())});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

}  // namespace

void AddPrefix(CommandLine& line) {
  CLI::App* command =
      line.Add(nullptr, "prefix", {"Enterprise prefixes (operator).", "企业前缀（运营者）。"},
               "idnode prefix admit 88.108.1001\n"
               "idnode prefix list");
  command->require_subcommand(1);
  auto prefix = std::make_shared<std::string>();
  CLI::App* admit = line.Add(command, "admit", {"Admit an enterprise prefix.", "开通企业前缀。"},
                             "idnode prefix admit 88.108.1001");
  admit
      ->add_option("PREFIX", *prefix,
                   line.T({"Under a secondary prefix of the node", "属于本节点二级前缀的企业前缀"}))
      ->required();
  CommandLine::OnRun(admit, line,
                     [prefix](Environment& environment) { return Admit(*prefix, environment); });
  CLI::App* list = line.Add(command, "list", {"List admitted prefixes.", "列出已开通的前缀。"},
                            "idnode prefix list --json");
  CommandLine::OnRun(list, line, [](Environment& environment) { return List(environment); });
}

}  // namespace idnode::cli
