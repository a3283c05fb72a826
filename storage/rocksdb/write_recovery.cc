#include "storage/rocksdb/write_recovery.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "node/base/log.h"
#include "node/base/worker_pool.h"

namespace idnode::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTryFirst{500};
constexpr milliseconds kTryMax{16'000};

bool StopsWrites(const rocksdb::Status& status) {
  return status.severity() >= rocksdb::Status::Severity::kHardError;
}

}  // namespace

void WriteRecovery::State::Note(const std::string& what, bool full) {
  std::lock_guard lock(mutex);
  ++failures;
  if (stopped.load(std::memory_order_relaxed)) return;
  detail = what;
  disk_full = full;
  stopped.store(true, std::memory_order_release);
  LogError("registration stopped: storage failed", {{"detail", what}});
  wake.notify_all();
}

class WriteRecovery::Listener : public rocksdb::EventListener {
 public:
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* error) override {
    if (StopsWrites(*error)) {
      state_->Note(error->ToString(), error->IsNoSpace());
    } else {
      LogWarning("background work failed", {{"detail", error->ToString()}});
    }
  }

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status error,
                            bool* auto_recovery) override {
    if (StopsWrites(error)) *auto_recovery = false;
  }

 private:
  const std::shared_ptr<State> state_;
};

WriteRecovery::WriteRecovery(Hooks hooks)
    : hooks_(std::move(hooks)), listener_(std::make_shared<Listener>(state_)) {}

WriteRecovery::~WriteRecovery() { Stop(); }

void WriteRecovery::Start() {
  thread_ = std::thread([this] { Run(); });
}

void WriteRecovery::Stop() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->wake.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void WriteRecovery::NoteReadOnly(const Error& error) {
  state_->Note(error.detail, error.code == Errc::kStorageFull);
}

Error WriteRecovery::StoppedError() const {
  std::lock_guard lock(state_->mutex);
  if (state_->disk_full) {
    return Error(Errc::kStorageFull, "registration stopped: the disk is full; free some room");
  }
  return Error(Errc::kUnavailable,
               "registration stopped: storage failed: " + state_->detail + "; check the disk");
}

void WriteRecovery::Run() {
  SetThreadName("storage-resume");
  milliseconds pause = kTryFirst;
  std::chrono::steady_clock::time_point last_try{};
  std::unique_lock lock(state_->mutex);
  while (!state_->stopping) {
    if (!stopped()) {
      state_->wake.wait(lock);
      continue;
    }
    lock.unlock();
    // Readers wait while the database is opened again, so what keeps failing is tried less and
    // less; waiting for room costs nothing.
    const auto now = std::chrono::steady_clock::now();
    if (now - last_try > 2 * kTryMax) pause = kTryFirst;
    if (now - last_try >= pause && hooks_.has_room()) {
      if (now - last_try <= 2 * kTryMax) pause = std::min(2 * pause, kTryMax);
      last_try = now;
      static_cast<void>(TryRecover());
    }
    lock.lock();
    if (!state_->stopping && stopped()) {
      state_->wake.wait_for(lock, kTryFirst, [&] { return state_->stopping; });
    }
  }
}

bool WriteRecovery::TryRecover() {
  std::uint64_t failures = 0;
  {
    std::lock_guard lock(state_->mutex);
    failures = state_->failures;
  }
  const bool recovered = hooks_.reopen();
  std::lock_guard lock(state_->mutex);
  if (!recovered || failures != state_->failures) return false;
  state_->stopped.store(false, std::memory_order_release);
  LogInfo("registration resumed: storage is open again");
  return true;
}

}  // namespace idnode::storage
