#include <algorithm>
#include <cstdint>
#include <memory>
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
  std::string state;
  std::uint32_t expected_revision = 0;
  std::string request_id;
};

v1::State StateOf(const std::string& name) {
  if (name == "active") return v1::ACTIVE;
  return name == "frozen" ? v1::FROZEN : v1::REVOKED;
}

ExitCode Run(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  OutcomeReport report;
  std::size_t calls = 0;
  for (std::size_t at = 0; at < options.identifiers.size(); at += kItemsPerCall) {
    v1::SetStateRequest request;
    request.set_request_id(RequestIdOf(options.request_id, calls++));
    for (std::size_t i = at; i < std::min(options.identifiers.size(), at + kItemsPerCall); ++i) {
      v1::SetStateItem& item = *request.add_items();
      item.set_identifier(options.identifiers[i]);
      item.set_state(StateOf(options.state));
      item.set_expected_revision(options.expected_revision);
    }
    auto response =
        client->Call(&v1::RegistrationService::Stub::SetState, client->registration(), request);
    if (!response.ok()) return report.PrintWith(environment, response.error());
    report.Add(response->results());
  }
  return report.Print(environment);
}

}  // namespace

void AddState(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "state", {"Freeze, revoke or reactivate identifiers.", "冻结、吊销或恢复标识。"},
      "idnode state 88.108.1001/SN1 --set frozen\n"
      "idnode state 88.108.1001/SN1 88.108.1001/SN2 --set active");
  command
      ->add_option("IDENTIFIER", options->identifiers,
                   line.T({"One or more identifiers", "一个或多个标识"}))
      ->required();
  command
      ->add_option("--set", options->state,
                   line.T({"active, frozen or revoked",
                           "active（有效）、frozen（冻结）或 "
                           "revoked（吊销）"}))
      ->required()
      ->check(CLI::IsMember({"active", "frozen", "revoked"}));
  command->add_option("--if-revision", options->expected_revision,
                      line.T({"Only if the record has this revision", "仅当修订号相符时更改"}));
  command->add_option(
      "--request-id", options->request_id,
      line.T({"Makes a repeat within 24 h give the same answer", "24 小时内重复请求得到相同应答"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
