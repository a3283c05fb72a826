#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kOneTry{2'000};

ExitCode Wait(Environment& environment) {
  Interrupt interrupt;
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Deadline deadline = environment.clock.After(client->timeout());
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - environment.clock.Monotonic());
    const auto health =
        client->CheckHealth(std::clamp(left, std::chrono::milliseconds(1), kOneTry));
    if (health.ok()) {
      if (environment.options.json) environment.out << "{\"ready\":true}\n" << std::flush;
      environment.err << messages::kReady.In(environment.language) << '\n';
      return kExitDone;
    }
    if (environment.clock.Monotonic() >= deadline) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(client->timeout());
      return Fail(environment,
                  Error(Errc::kUnavailable, Say(environment.language, messages::kNotReady,
                                                seconds.count(), health.error().detail)));
    }
    if (interrupt.WaitFor(kPause)) return kExitInterrupted;
  }
}

}  // namespace

void AddWaitReady(CommandLine& line) {
  CLI::App* command = line.Add(nullptr, "wait-ready",
                               {"Wait until the node serves, at most --timeout seconds.",
                                "等待节点就绪，最多 --timeout 秒。"},
                               "idnode wait-ready --timeout 30 && idnode volume");
  CommandLine::OnRun(command, line, [](Environment& environment) { return Wait(environment); });
}

}  // namespace idnode::cli
