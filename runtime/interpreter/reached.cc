#include "runtime/interpreter/reached.h"

#include <span>

#include "runtime/language/arguments.h"
#include "runtime/tasklet/tasklet_state.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

// Of each sort of object, in the order in which state_of…() numbers them.
enum Depth : std::uint8_t { kAtTheTop, kNested, kInCallback };
constexpr const char* kDepths[] = {"at the top level", "in a call through C", "in a callback"};

enum SlotState : std::uint8_t {
  kEmpty,
  kCurrent,
  kMain,
  kNotBegun,
  kRunnable,
  kSending,
  kReceiving,
  kPaused,
  kEnded,
  kElsewhere,
  kCellOrRecord,
  kFunction,
  kGenerator,
  kReference,
};
constexpr const char* kSlotStates[] = {"nothing",
                                       "the current tasklet",
                                       "the main tasklet",
                                       "a tasklet that has not begun",
                                       "a runnable tasklet",
                                       "a tasklet that waits to send",
                                       "a tasklet that waits to receive",
                                       "a paused tasklet",
                                       "a tasklet that has ended",
                                       "a tasklet of another thread",
                                       "a cell or record",
                                       "a function",
                                       "a generator",
                                       "a weak reference"};

enum ChannelState : std::uint8_t {
  kNobody,
  kOneSender,
  kTwoSenders,
  kMoreSenders,
  kOneReceiver,
  kTwoReceivers,
  kMoreReceivers,
  kClosed,
  kPeerElsewhere,
};
constexpr const char* kChannelStates[] = {"nobody waits",
                                          "a sender waits",
                                          "two senders wait",
                                          "three senders and more",
                                          "a receiver waits",
                                          "two receivers wait",
                                          "three receivers and more",
                                          "closed",
                                          "who waits is of another thread"};

enum LockState : std::uint8_t { kFree, kHeld, kOneWaits, kTwoWait, kMoreWait };
constexpr const char* kLockStates[] = {"free", "taken", "taken, and one waits",
                                       "taken, and two wait", "taken, and three and more wait"};
constexpr const char* kConditionStates[] = {"its lock is free", "nobody waits", "one waits",
                                            "two wait", "three and more wait"};

std::span<const char* const> states_of(char letter) {
  if (letter == 'l') return kLockStates;
  if (letter == 'm') return kConditionStates;
  if (letter != '\0' && names_a(letter, NameKind::kChannel)) return kChannelStates;
  const bool reads_slot = letter != '\0' && names_a(letter, NameKind::kSlot) &&
                          !argument_kind(letter).stores && letter != 'v' && letter != 'N';
  if (reads_slot) return kSlotStates;
  return kDepths;
}

std::size_t state_of_lock(std::size_t waiting, bool held) {
  if (!held) return kFree;
  if (waiting == 0) return kHeld;
  return waiting == 1 ? kOneWaits : waiting == 2 ? kTwoWait : kMoreWait;
}

}  // namespace

std::vector<Reached::Row> Reached::rows(bool beyond) const {
  std::vector<Row> rows;
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    if (info.weight == 0 || (info.topic == Topic::kBeyond && !beyond)) continue;
    const std::span<const char* const> states = states_of(info.arguments[0]);
    for (std::size_t i = 0; i < states.size(); ++i) {
      rows.push_back({.code = static_cast<OpCode>(code),
                      .state = states[i],
                      .count = counts_[static_cast<std::size_t>(code)][i]});
    }
  }
  return rows;
}

void Reached::step(Thread& thread, SiteId site) {
  const Op* const op = op_at(interpreter_.scenario(), site);
  if (op == nullptr || static_cast<std::size_t>(op->code) >= kOperationsMax) return;
  ++counts_[static_cast<std::size_t>(op->code)][state_of(thread, *op)];
  deaths_.step(thread, *op);
}

std::size_t Reached::state_of(const Thread& thread, const Op& op) {
  const char letter = op_info(op.code).arguments[0];
  const std::span<const char* const> states = states_of(letter);
  if (states.data() == kLockStates) {
    const Lock& lock = interpreter_.lock_at(op.args[0]).lock;
    return state_of_lock(lock.waiting().size(), lock.held());
  }
  if (states.data() == kConditionStates) {
    const NumberedLock& both = interpreter_.lock_at(op.args[0]);
    return state_of_lock(both.condition.waiting(), both.lock.held());
  }
  if (states.data() == kChannelStates) return state_of_channel(thread, op.args[0]);
  if (states.data() == kSlotStates) return state_of_slot(thread, op.args[0]);
  if (thread.guard().callback_running) return kInCallback;
  return thread.evaluation().nesting_level > 0 ? kNested : kAtTheTop;
}

std::size_t Reached::state_of_slot(const Thread& thread, std::int32_t slot) const {
  const Object* const object = interpreter_.content_of(slot);
  if (object == nullptr) return kEmpty;
  switch (object->kind) {
    case ObjectKind::kTasklet: {
      const auto& tasklet = *static_cast<const Tasklet*>(object);
      if (&tasklet == thread.current()) return kCurrent;
      if (tasklet.thread != nullptr && tasklet.thread != &thread) return kElsewhere;
      if (tasklet.is_main) return kMain;
      if (tasklet.blocked != 0) return tasklet.blocked > 0 ? kSending : kReceiving;
      if (!is_alive(&tasklet)) return kEnded;
      if (!tasklet.started) return kNotBegun;
      return tasklet.floats() ? kPaused : kRunnable;
    }
    case ObjectKind::kFunction:
      return SlotState::kFunction;
    case ObjectKind::kGenerator:
      return SlotState::kGenerator;
    case ObjectKind::kReference:
      return SlotState::kReference;
    default:
      return kCellOrRecord;
  }
}

std::size_t Reached::state_of_channel(const Thread& thread, std::int32_t number) const {
  const Channel* const channel = interpreter_.channel_at(number);
  if (channel == nullptr) return kNobody;
  if (channel->head != nullptr && channel->head->thread != &thread) return kPeerElsewhere;
  if (channel->closing) return kClosed;
  switch (channel->balance) {
    case 0:
      return kNobody;
    case 1:
      return kOneSender;
    case 2:
      return kTwoSenders;
    case -1:
      return kOneReceiver;
    case -2:
      return kTwoReceivers;
    default:
      return channel->balance > 0 ? kMoreSenders : kMoreReceivers;
  }
}

}  // namespace reweave::runtime
