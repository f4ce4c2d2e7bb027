// A finding: what an oracle saw go wrong in an execution, with the signature by which it is counted
// once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reweave {

enum class FindingKind : std::uint8_t {
  kLostValue,
  kDuplicatedValue,
  kWrongValue,
  kNullTempval,  // about a value: the execution goes on (but see below)
  kDanglingFrame,
  kDanglingTasklet,
  kDanglingStack,  // about memory: the execution stops
  kRefcount,
  kLeak,
  kStructure,
  kDeadlock,
  kLivelock,
  kDiverged,
  kAssertion,
  kRace,
  kCrash,
  kHang,
  kDanglingObject,  // about memory
};
inline constexpr int kFindingKindCount = 18;

/// "lost-value", "dangling-frame", …: the words of DESIGN.md §4. Never null.
const char* finding_kind_name(FindingKind kind);
/// The kind of that word, if there is one.
std::optional<FindingKind> find_finding_kind(std::string_view word);

struct Finding {
  FindingKind kind{};
  std::uint64_t step =
      0;  // The step during which it was seen, from 1; 0: before the first or after the last.
  std::string signature;  // Kind and the operations involved; no address, no number of a tasklet,
                          // no schedule.
  std::string message;    // One or more sentences for a person: what, where, since when.
};

}  // namespace reweave
