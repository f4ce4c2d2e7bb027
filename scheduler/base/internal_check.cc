#include "scheduler/base/internal_check.h"

#include <cstdio>
#include <cstdlib>

namespace reweave {

void check_failed(const char* file, int line, const char* expression,
                  const char* message) noexcept {
  std::fflush(stdout);
  std::fprintf(stderr, "%s:%d: CHECK failed: %s%s%s\n", file, line, expression,
               message[0] != '\0' ? ": " : "", message);
  std::fflush(stderr);
  std::abort();
}

}  // namespace reweave
