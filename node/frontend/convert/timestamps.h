#pragma once

#include <cstdint>

#include "google/protobuf/timestamp.pb.h"

namespace idnode::frontend {

inline void SetTime(std::int64_t unix_ms, google::protobuf::Timestamp& out) {
  out.set_seconds(unix_ms / 1000);
  out.set_nanos(static_cast<std::int32_t>(unix_ms % 1000) * 1'000'000);
}

/// Unix milliseconds; what lies outside protobuf's years 1 to 9999 becomes the nearer of them.
inline std::int64_t ToUnixMs(const google::protobuf::Timestamp& time) {
  constexpr std::int64_t kSecondsMin = -62'135'596'800;
  constexpr std::int64_t kSecondsMax = 253'402'300'799;
  const std::int64_t seconds = time.seconds() < kSecondsMin   ? kSecondsMin
                               : time.seconds() > kSecondsMax ? kSecondsMax
                                                              : time.seconds();
  return seconds * 1000 + time.nanos() / 1'000'000;
}

}  // namespace idnode::frontend
