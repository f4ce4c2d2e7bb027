#include "scheduler/dependence.h"

#include <array>
#include <cstddef>

#include "scheduler/base/internal_check.h"

namespace reweave {

const char* access_name(Access access) {
  static constexpr std::array<const char*, kAccessCount> kNames = {
      "none", "read", "write", "modify", "acquire", "release", "unknown"};
  const auto index = static_cast<std::size_t>(access);
  CHECK(index < kNames.size());
  return kNames[index];
}

}  // namespace reweave
