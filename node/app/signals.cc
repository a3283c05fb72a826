#include "node/app/signals.h"

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "node/app/exit_code.h"
#include "node/base/check.h"
#include "node/base/log.h"
#include "node/base/worker_pool.h"

namespace idnode::app {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};

sigset_t SignalSet() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : kSignals) ::sigaddset(&set, number);
  return set;
}

}  // namespace

void HoldSignals() {
  const sigset_t set = SignalSet();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

class SignalWaiter::Control {
 public:
  Control() {
    for (const int number : kSignals) {
      boost::system::error_code error;
      signals_.add(number, error);
      IDNODE_CHECK(!error);
    }
    Await();
    // What was held back arrives now, and is taken.
    const sigset_t set = SignalSet();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    thread_ = std::thread([this] {
      SetThreadName("control");
      context_.run();
    });
  }
  ~Control() {
    context_.stop();
    thread_.join();
  }

  bool StopAsked() const {
    std::lock_guard lock(mutex_);
    return stop_;
  }

  Asked Wait() {
    std::unique_lock lock(mutex_);
    asked_.wait(lock, [this] { return stop_ || reload_; });
    if (stop_) return Asked::kStop;
    reload_ = false;
    return Asked::kReload;
  }

 private:
  void Await() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      OnSignal(number);
      Await();
    });
  }

  void OnSignal(int number) {
    std::lock_guard lock(mutex_);
    if (number == SIGHUP) {
      reload_ = true;
    } else if (!stop_) {
      LogInfo("stop asked for", {{"signal", number}});
      stop_ = true;
    } else {
      // Whatever was acknowledged is durable: leaving now loses nothing but answers.
      LogWarning("second signal: the drain is skipped", {{"signal", number}});
      std::_Exit(kExitFailed);
    }
    asked_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable asked_;
  bool stop_ = false;
  bool reload_ = false;
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_{context_};
  std::thread thread_;
};

SignalWaiter::SignalWaiter() : control_(std::make_unique<Control>()) {}
SignalWaiter::~SignalWaiter() = default;
bool SignalWaiter::StopAsked() const { return control_->StopAsked(); }
SignalWaiter::Asked SignalWaiter::Wait() { return control_->Wait(); }

}  // namespace idnode::app
