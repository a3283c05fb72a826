#pragma once

namespace idnode {

/// Prints the broken invariant and aborts. A crash loses nothing that was acknowledged; going on
/// with a broken invariant might.
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

}  // namespace idnode

/// A broken invariant is a crash, in release builds too.
#define IDNODE_CHECK(condition)                              \
  do {                                                       \
    if (!(condition)) [[unlikely]] {                         \
      ::idnode::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                        \
  } while (false)
