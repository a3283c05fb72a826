#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "node/base/log.h"
#include "node/base/result.h"
#include "node/frontend/error_map.h"

namespace idnode::frontend {

/// What `work` returns, a Result; kInternal where a library below it throws. One of the two places
/// where foreign exceptions are caught (style, Errors): the entry of a request.
template <typename Work>
auto Guarded(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::exception& exception) {
    return Error(Errc::kInternal, exception.what());
  } catch (...) {
    return Error(Errc::kInternal, "an exception of unknown type");
  }
}

/// Logs a detail that the wire does not get (IsSecretDetail). At most one line a second in all: a
/// full disk refuses thousands of requests a second, and the log would fill what is left of it.
/// Thread-safe.
inline void LogSecretDetail(const Error& error) {
  static std::atomic<std::int64_t> next_s{0};
  static std::atomic<std::uint64_t> passed_over{0};
  const std::int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count();
  std::int64_t due_s = next_s.load(std::memory_order_relaxed);
  // What should never happen is told every time.
  const bool always = error.code == Errc::kInternal || error.code == Errc::kCorruption;
  if (!always && (now_s < due_s || !next_s.compare_exchange_strong(due_s, now_s + 1))) {
    passed_over.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Log(always ? LogLevel::kError : LogLevel::kWarning, "request failed",
      {{"error", ToWire(error.code).slug},
       {"detail", error.detail},
       {"passed_over", passed_over.exchange(0, std::memory_order_relaxed)}});
}

}  // namespace idnode::frontend
