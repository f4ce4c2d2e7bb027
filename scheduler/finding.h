// A finding: what an oracle saw go wrong, with the signature by which it is counted once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reweave {

/// Verdicts and signatures name kinds by their words; new ones go to the end.
enum class FindingKind : std::uint8_t {
  // About a value; the execution continues.
  kLostValue,
  kDuplicatedValue,
  kWrongValue,
  kNullTempval,
  // About memory; the execution stops.
  kDanglingFrame,
  kDanglingTasklet,
  kDanglingStack,
  // About what is kept in memory.
  kRefcount,
  kLeak,
  kStructure,
  // About the program as a whole.
  kDeadlock,
  kLivelock,
  kDiverged,
  kAssertion,  // A program's own check failed, it aborted, or it misused a lock.
  kRace,       // Two accesses that nothing orders, in a compiled program.
  // About the process.
  kCrash,
  kHang,
  // About memory; the execution stops.
  kDanglingObject,
  // About the program as a whole.
  kUncaught,  // An exception that nobody caught ended an actor.
};
inline constexpr int kFindingKindCount = 19;

/// "lost-value", "dangling-frame", …: the words of scheduler/doc/design.md §4. Never null.
const char* finding_kind_name(FindingKind kind);
/// The kind of that word, if there is one.
std::optional<FindingKind> find_finding_kind(std::string_view word);

struct Finding {
  FindingKind kind{};
  /// The step during which it was seen, from 1; 0: before the first or after the last.
  std::uint64_t step = 0;
  /// Kind and the operations involved; no address, no number of a tasklet, no schedule.
  std::string signature;
  /// One or more sentences for a person: what, where, since when.
  std::string message;
  /// Who saw it, set by who reports it: "ledger", "structure", "census", "specification", …; a
  /// check of the subject's own says nothing, and Execution::report() makes it "subject".
  std::string oracle{};
};

}  // namespace reweave
