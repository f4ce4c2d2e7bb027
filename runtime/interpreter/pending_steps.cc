// What an operation would touch, as the table says it, in numbers.
//
// The names of a scenario come first, in order of declaration, then what is made while it runs, in
// order of creation: so an object has one number in all executions of a scenario.
#include <string_view>

#include "runtime/interpreter/interpreter.h"
#include "runtime/language/arguments.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

// Numbers of objects, from the first of each sort on.
constexpr std::uint32_t kGlobals = Runtime::kObjectsOfProgram;  // One for each of kShared.
constexpr std::string_view kShared = "GHKWT";
constexpr std::uint32_t kLocks = kGlobals + kShared.size();
constexpr std::uint32_t kChannels = kLocks + kLocksMax;
constexpr std::uint32_t kSlots = kChannels + Scenario::kChannelsMax;
constexpr std::uint32_t kLocals = kSlots + Scenario::kSlotsMax;  // Of each tasklet ever made.

Access access_of(char how) {
  switch (how) {
    case '?':
      return Access::kRead;
    case '=':
      return Access::kWrite;
    case '!':
      return Access::kReadModifyWrite;
    case '+':
      return Access::kAcquire;
    case '-':
      return Access::kRelease;
    default:
      CHECK_MSG(false, "an access that operations.def does not explain");
      return Access::kUnknown;
  }
}

/// What the argument of this letter names.
std::uint32_t named_object(const Op& op, char letter, std::uint32_t run_queue) {
  const std::string_view letters = op_info(op.code).arguments;
  const std::int32_t value = op.args[letters.find(letter)];
  if (value < 0)
    return run_queue;  // A tasklet that is kept nowhere is put there; `said` is one's own.
  const auto index = static_cast<std::uint32_t>(value);
  if (letter == 'l' || letter == 'm') return kLocks + index;
  if (letter == 'h') return 1 + index;
  return (names_a(letter, NameKind::kChannel) ? kChannels : kSlots) + index;
}

}  // namespace

PendingStep Interpreter::pending(const Thread& thread, SiteId site) const {
  const std::uint32_t run_queue = 1 + thread.number();
  const Op* const op = op_at(*scenario_, site);
  if (op == nullptr) return {ObjectId{run_queue}, Access::kReadModifyWrite, site};
  const char* const touches = op_info(op->code).touches;
  if (*touches == '\0') return {ObjectId{}, Access::kNone, site};

  std::uint32_t object = run_queue;
  if (const std::size_t shared = kShared.find(touches[0]); shared != std::string_view::npos) {
    object = kGlobals + static_cast<std::uint32_t>(shared);
  } else if (touches[0] == 'L') {
    const Tasklet* const current = thread.current();
    if (current != nullptr) object = kLocals + current->serial;
  } else if (touches[0] != 'Q') {
    object = named_object(*op, touches[0], run_queue);
  }
  return {ObjectId{object}, access_of(touches[1]), site};
}

}  // namespace reweave::runtime
