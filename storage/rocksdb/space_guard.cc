#include "storage/rocksdb/space_guard.h"

#include <limits>
#include <utility>

#include <sys/statvfs.h>

#include "node/base/log.h"

namespace idnode::storage {
namespace {

std::string Mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

SpaceGuard::SpaceGuard(std::uint64_t reserve_bytes, Probe probe, const Clock& clock)
    : reserve_bytes_(reserve_bytes), probe_(std::move(probe)), clock_(clock) {
  next_probe_ns_ = std::numeric_limits<std::int64_t>::min();
}

void SpaceGuard::Refresh() {
  const std::int64_t now_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.Monotonic().time_since_epoch())
          .count();
  if (now_ns < next_probe_ns_.load(std::memory_order_relaxed)) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;  // someone measures just now
  const auto free_bytes = probe_();
  free_bytes_.store(free_bytes.value_or(0), std::memory_order_relaxed);
  if (free_bytes.has_value()) {
    const bool was_stopped = stopped_.load(std::memory_order_relaxed);
    // A tenth more than the reserve, without overflow.
    const std::uint64_t enough =
        was_stopped && reserve_bytes_ <= std::numeric_limits<std::uint64_t>::max() / 2
            ? reserve_bytes_ + reserve_bytes_ / 10
            : reserve_bytes_;
    const bool stopped = *free_bytes < enough;
    stopped_.store(stopped, std::memory_order_relaxed);
    if (stopped != was_stopped) {
      Log(stopped ? LogLevel::kError : LogLevel::kInfo,
          stopped ? "registration stopped: disk nearly full" : "registration resumed: room again",
          {{"free_bytes", *free_bytes}, {"reserve_free_bytes", reserve_bytes_}});
    }
  } else {
    stopped_.store(false, std::memory_order_relaxed);
  }
  next_probe_ns_.store(
      now_ns + std::chrono::duration_cast<std::chrono::nanoseconds>(kProbeEvery).count(),
      std::memory_order_relaxed);
}

Result<void> SpaceGuard::CheckRoom() {
  Refresh();
  if (!stopped_.load(std::memory_order_relaxed)) [[likely]]
    return {};
  return Error(Errc::kStorageFull,
               "registration stopped: " + Mebibytes(free_bytes_.load(std::memory_order_relaxed)) +
                   " free, " + Mebibytes(reserve_bytes_) + " reserved; free some room");
}

std::uint64_t SpaceGuard::FreeBytes() {
  Refresh();
  return free_bytes_.load(std::memory_order_relaxed);
}

SpaceGuard::Probe FreeBytesOf(std::string dir) {
  return [dir = std::move(dir)]() -> std::optional<std::uint64_t> {
    struct statvfs stat = {};
    if (statvfs(dir.c_str(), &stat) != 0) return std::nullopt;
    return std::uint64_t{stat.f_bavail} * stat.f_frsize;
  };
}

}  // namespace idnode::storage
