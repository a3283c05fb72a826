// The way from start to exit code.
#include <csignal>

#include <sys/resource.h>

#include "node/app/application.h"
#include "node/app/exit_code.h"
#include "node/app/signals.h"
#include "node/base/log.h"

namespace idnode::app {
namespace {

/// Connections are files: the soft limit of many systems (1024) is below `connections_max`.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) LogWarning("the limit of open files stays low");
}

int FailedToStart(const Error& error) {
  LogError("start failed", {{"reason", ErrcName(error.code)}, {"detail", error.detail}});
  return error.code == Errc::kInvalidRequest ? kExitUsage : kExitFailed;
}

int StoppedBeforeStart() {
  LogInfo("node stopped before it was ready");
  return kExitOk;
}

}  // namespace

int RunUntilSignal(const Config& config, const Clock& clock) {
  ConfigureLog(config.log_level(), config.log_format());
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT: a peer that hung up is an error code of its write
  // Before the store is opened: recovery may take minutes, and a stop meanwhile is an ordinary one.
  SignalWaiter signals;
  RaiseFileLimit();
  if (signals.StopAsked()) return StoppedBeforeStart();
  LogInfo("opening the store", {{"data_dir", config.node.data_dir}});
  auto application = Application::Open(config, clock);
  if (!application.ok()) return FailedToStart(application.error());
  if (signals.StopAsked()) return StoppedBeforeStart();
  if (auto started = (*application)->Start(); !started.ok()) {
    return FailedToStart(started.error());
  }
  while (signals.Wait() == SignalWaiter::Asked::kReload) (*application)->ReloadTls();
  (*application)->Stop();
  return kExitOk;
}

}  // namespace idnode::app
