#include <iostream>

#include <absl/synchronization/mutex.h>

#include "node/app/ahead_clock.h"
#include "node/app/application.h"
#include "node/app/command_line.h"
#include "node/app/exit_code.h"
#include "node/app/signals.h"

int main(int argc, char** argv) {
  using namespace idnode::app;  // NOLINT: the whole file is about it
  HoldSignals();
  CommandLine line = ParseCommandLine(argc, argv);
  if (line.exit_code.has_value()) return *line.exit_code;

  line.sources.environment = IdnodeEnvironment();
  const LoadedConfig loaded = LoadConfig(line.sources);
  if (!loaded.faults.empty()) {
    for (const auto& fault : loaded.faults) std::cerr << fault.Text() << '\n';
    std::cerr << "the configuration has " << loaded.faults.size()
              << (loaded.faults.size() == 1 ? " fault\n" : " faults\n");
    return kExitUsage;
  }
  if (line.print_config) {
    std::cout << PrintConfig(loaded.config);
    return kExitOk;
  }
  if (line.check_config) {
    std::cout << "the configuration is fine\n";
    return kExitOk;
  }
  // Debian's Abseil watches every lock that gRPC takes for deadlocks, which costs some per cent.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const AheadClock clock{std::chrono::hours(loaded.config.clock.ahead_hours)};
  return RunUntilSignal(loaded.config, clock);
}
