#include "node/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace idnode {

void CheckFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "idnode: broken invariant at %s:%d: %s\n", file, line, expression);
  std::fflush(stderr);
  std::abort();
}

}  // namespace idnode
