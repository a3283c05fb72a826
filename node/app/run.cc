// Signals, as ordinary code on a control context, and the way from start to exit code.
#include <csignal>
#include <cstdlib>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>

#include "node/app/application.h"
#include "node/app/exit_code.h"
#include "node/base/log.h"

namespace idnode::app {
namespace {

namespace asio = boost::asio;

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

class SignalLoop {
 public:
  explicit SignalLoop(Application& application) : application_(application) {}

  /// Signals that come before Run are kept for it: call this before the node is visible.
  void Catch() { Wait(); }

  void Run() {
    control_.run();
    if (drain_.joinable()) drain_.join();
  }

 private:
  void Wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      OnSignal(number);
      Wait();
    });
  }

  void OnSignal(int number) {
    if (number == SIGHUP) {
      if (!drain_.joinable()) application_.ReloadTls();
      return;
    }
    if (drain_.joinable()) {
      // Whatever was acknowledged is durable: leaving now loses nothing but answers.
      LogWarning("second signal: the drain is skipped", {{"signal", number}});
      std::_Exit(kExitFailed);
    }
    LogInfo("stop asked for", {{"signal", number}});
    drain_ = std::thread([this] {
      application_.Stop();
      asio::post(control_, [this] { signals_.cancel(); });
    });
  }

  Application& application_;
  asio::io_context control_{1};
  asio::signal_set signals_{control_, SIGTERM, SIGINT, SIGHUP};
  std::thread drain_;
};

}  // namespace

int RunUntilSignal(const Config& config, const Clock& clock) {
  ConfigureLog(config.log_level(), config.log_format());
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT: a peer that hung up is an error code of its write
  RaiseFileLimit();
  auto application = Application::Open(config, clock);
  if (!application.ok()) return FailedToStart(application.error());
  SignalLoop signals(**application);
  signals.Catch();
  if (auto started = (*application)->Start(); !started.ok()) {
    return FailedToStart(started.error());
  }
  signals.Run();
  return kExitOk;
}

}  // namespace idnode::app
