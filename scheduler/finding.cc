#include "scheduler/finding.h"

#include <array>

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

constexpr std::array<const char*, kFindingKindCount> kNames = {
    "lost-value",     "duplicated-value", "wrong-value",    "null-tempval",
    "dangling-frame", "dangling-tasklet", "dangling-stack", "refcount",
    "leak",           "structure",        "deadlock",       "livelock",
    "diverged",       "assertion",        "race",           "crash",
    "hang",           "dangling-object",  "uncaught"};

}  // namespace

const char* finding_kind_name(FindingKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < kNames.size());
  return kNames[index];
}

std::optional<FindingKind> find_finding_kind(std::string_view word) {
  for (std::size_t index = 0; index < kNames.size(); ++index) {
    if (word == kNames[index]) return static_cast<FindingKind>(index);
  }
  return std::nullopt;
}

}  // namespace reweave
