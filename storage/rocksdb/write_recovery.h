#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <rocksdb/listener.h>

#include "node/base/result.h"

namespace idnode::storage {

/// Notices that RocksDB stopped taking writes, and has it opened again once there is room.
///
/// What a failed write left in the log may or may not be whole, so nothing may be written behind
/// it. Opening again settles that as a start after a crash does: what is whole counts, the rest is
/// cut off. RocksDB's own way back is not used for this: in 7.8 it can wait forever for a flush
/// that it never starts, and goes on in the very log that failed when nothing was in memory.
/// Failures of compaction alone do not stop writes and are left to RocksDB. Thread-safe.
class WriteRecovery {
 public:
  struct Hooks {
    /// Whether a try is worth while.
    std::function<bool()> has_room;
    /// Closes the database and opens it again. True when it takes writes.
    std::function<bool()> reopen;
  };

  /// The hooks are called from the recovery thread, between Start and Stop.
  explicit WriteRecovery(Hooks hooks);
  ~WriteRecovery();
  WriteRecovery(const WriteRecovery&) = delete;
  WriteRecovery& operator=(const WriteRecovery&) = delete;

  /// For the options the database is opened with.
  std::shared_ptr<rocksdb::EventListener> listener() const { return listener_; }
  void Start();
  void Stop();

  /// The database could only be opened for reading, because of `error`.
  void NoteReadOnly(const Error& error);

  /// True while there are no writes: one that is not started now has certainly left nothing.
  bool stopped() const { return state_->stopped.load(std::memory_order_acquire); }
  /// Says why: kStorageFull where the disk was full, else kUnavailable.
  Error StoppedError() const;

 private:
  // Shared with the listener, which RocksDB may keep longer than this object lives.
  struct State {
    std::mutex mutex;  // guards what follows but for `stopped`
    std::condition_variable wake;
    bool stopping = false;
    bool disk_full = false;
    std::string detail;          // the first failure, for people
    std::uint64_t failures = 0;  // so that a new one is not taken for the one recovered from
    std::atomic<bool> stopped{false};

    void Note(const std::string& what, bool full);
  };
  class Listener;

  void Run();
  bool TryRecover();

  const Hooks hooks_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  const std::shared_ptr<rocksdb::EventListener> listener_;
  std::thread thread_;
};

}  // namespace idnode::storage
