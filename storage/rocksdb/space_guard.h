#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"

namespace idnode::storage {

/// Keeps an eye on the free room of a disk, so that registration stops, clearly, while there is
/// still room for compaction, logs and the operator. Thread-safe; cheap enough for every commit.
class SpaceGuard {
 public:
  /// Free bytes now; nothing where that cannot be learned.
  using Probe = std::function<std::optional<std::uint64_t>()>;

  /// How long a measurement is good for.
  static constexpr std::chrono::milliseconds kProbeEvery{250};

  /// Stops below `reserve_bytes`, and starts again once a tenth more is free, so that it does not
  /// flutter. 0: never stops. `clock` must outlive this object.
  SpaceGuard(std::uint64_t reserve_bytes, Probe probe, const Clock& clock);

  /// Nothing, or kStorageFull with how much is missing. Where free room cannot be learned, writes
  /// go on: the disk itself will say no.
  Result<void> CheckRoom();
  /// As last measured; 0 where unknown.
  std::uint64_t FreeBytes();

 private:
  void Refresh();

  const std::uint64_t reserve_bytes_;
  const Probe probe_;
  const Clock& clock_;
  std::atomic<std::int64_t> next_probe_ns_{0};
  std::atomic<std::uint64_t> free_bytes_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // one probe at a time
};

/// What users other than root may still write on the file system of `dir` (statvfs).
SpaceGuard::Probe FreeBytesOf(std::string dir);

}  // namespace idnode::storage
