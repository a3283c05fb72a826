#pragma once

#include <string>

#include "node/service/caller.h"

namespace idnode::service {

/// Who does something administrative, and whence: what the audit log names. Small; copyable.
struct Actor {
  CallerRef caller;
  std::string source;  ///< the peer's address as text; empty where it is not known

  const Caller& who() const { return *caller; }
};

}  // namespace idnode::service
