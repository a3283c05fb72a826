#pragma once

namespace idnode::app {

/// Exit codes of idnoded.
inline constexpr int kExitOk = 0;
/// The environment: data directory in use, port in use, damaged store; or a skipped drain.
inline constexpr int kExitFailed = 1;
/// The command line or the configuration, which also covers a store that contradicts it.
inline constexpr int kExitUsage = 2;

}  // namespace idnode::app
