#pragma once

#include "node/base/errc.h"

namespace idnode::cli {

/// What the process ends with. Scripts rely on these numbers.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitPartly = 3,         ///< some were done, some were not
  kExitNotAuthorised = 4,  ///< no token, or one that does not allow this
  kExitTryAgain = 5,       ///< overloaded, unreachable, stopped: the same command may work later
  kExitInterrupted = 130,
};

/// The exit code that an error ends the process with.
ExitCode ExitCodeOf(Errc code);

}  // namespace idnode::cli
