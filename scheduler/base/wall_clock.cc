#include "scheduler/base/wall_clock.h"

#include <chrono>

namespace reweave {

std::uint64_t wall_clock_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace reweave
