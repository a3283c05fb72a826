#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

ExitCode Print(const v1::Status& status, Environment& environment) {
  if (environment.options.json) {
    environment.out << ToJson(status, true) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  std::string registering(messages::kAccepted.In(language));
  if (!status.registering()) {
    registering = Say(language, messages::kStoppedBy, status.stopped_by());
    if (!status.detail().empty()) registering += ": " + Printable(status.detail());
  }
  const std::vector<std::pair<Text, std::string>> lines{
      {messages::kVersion, status.version()},
      {messages::kEngine, status.engine()},
      {messages::kShards, std::to_string(status.shards())},
      {messages::kWallClock, FormatTimestamp(status.wall_clock())},
      {messages::kTimeZone, status.time_zone()},
      {messages::kRegistering, registering},
  };
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, DisplayWidth(name.In(language)));
  for (const auto& [name, value] : lines) {
    const std::string_view label = name.In(language);
    environment.out << label << std::string(width - DisplayWidth(label) + 2, ' ') << value << '\n';
  }
  environment.out << std::flush;
  return kExitDone;
}

ExitCode Show(Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto status = client->Call(&v1::OperationService::Stub::GetStatus, client->operation(),
                             v1::GetStatusRequest());
  return status.ok() ? Print(*status, environment) : Fail(environment, status.error());
}

ExitCode Accept(Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto status = client->Call(&v1::OperationService::Stub::AcceptClock, client->operation(),
                             v1::AcceptClockRequest());
  return status.ok() ? Print(*status, environment) : Fail(environment, status.error());
}

}  // namespace

void AddStatus(CommandLine& line) {
  CLI::App* command = line.Add(nullptr, "status", {"Show the state of the node.", "查看节点状态。"},
                               "idnode status\n"
                               "idnode status --json");
  CommandLine::OnRun(command, line, [](Environment& environment) { return Show(environment); });
}

void AddClock(CommandLine& line) {
  CLI::App* command = line.Add(
      nullptr, "clock",
      {"The clock that registrations are dated with (operator).", "注册计时所用的时钟（运营者）。"},
      "idnode clock show\n"
      "idnode clock accept");
  command->require_subcommand(1);
  CLI::App* show = line.Add(command, "show",
                            {"Show the clock and whether it is trusted.", "查看时钟及是否可信。"},
                            "idnode clock show");
  CommandLine::OnRun(show, line, [](Environment& environment) { return Show(environment); });
  CLI::App* accept =
      line.Add(command, "accept",
               {"Vouch for the present clock after registration stopped. Look at it first.",
                "注册因时钟停止后，确认当前时钟可信。请先核对时间。"},
               "idnode clock show && idnode clock accept");
  CommandLine::OnRun(accept, line, [](Environment& environment) { return Accept(environment); });
}

}  // namespace idnode::cli
