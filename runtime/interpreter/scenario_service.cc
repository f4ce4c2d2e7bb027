// What operations on locks, conditions and time do.
#include "runtime/interpreter/interpreter.h"
#include "runtime/service/pause.h"

namespace reweave::runtime {

// Somebody has it: who waits for it is shown, and for whom.
void Interpreter::note_lock_awaited(std::int32_t number) {
  const Lock& lock = service_.at(number).lock;
  if (!lock.held()) return;
  thread().note(EventKind::kLockAwaited, {number, static_cast<std::int32_t>(lock.holder().actor)});
}

Object* Interpreter::use_service(const Op& op, SiteId site) {
  constexpr std::uint64_t kSecond = 1'000'000;
  const std::int32_t a = op.args[0];
  const auto microseconds = static_cast<std::uint64_t>(op.code == OpCode::kSleep ? a : op.args[1]);
  switch (op.code) {
    case OpCode::kLock:
      note_lock_awaited(a);
      if (service_.at(a).lock.acquire(thread(), site) == Lock::Got::kDeadlock) return nullptr;
      thread().note(EventKind::kLockTaken, {a});
      return thread().none();
    case OpCode::kTrylock: {
      note_lock_awaited(a);
      const Lock::Got got =
          service_.at(a).lock.acquire(thread(), site, thread().clock().after(microseconds));
      say(got == Lock::Got::kLock);
      thread().log(EventKind::kLocked, {a, got == Lock::Got::kLock});
      return thread().none();
    }
    case OpCode::kUnlock: {
      Lock& lock = service_.at(a).lock;
      const bool held = lock.held();
      Object* const released = lock.release(thread());
      const std::int32_t next = lock.held() ? static_cast<std::int32_t>(lock.holder().actor) : -1;
      if (held) thread().note(EventKind::kUnlocked, {a, next});
      return released;
    }
    case OpCode::kPollwait:
    case OpCode::kWait: {
      Condition::Wait result;
      if (service_.at(a).lock.held()) thread().note(EventKind::kWaits, {a});
      Object* const value = service_.at(a).condition.wait(
          thread(), site, microseconds == 0 ? Clock::kNever : microseconds,
          op.code == OpCode::kWait ? Condition::Kind::kTimed : Condition::Kind::kPolling, result);
      if (value != nullptr) {
        say(result.notified);
        thread().log(EventKind::kWaited,
                     {a, result.notified, static_cast<std::int32_t>(result.looks)});
      }
      return value;
    }
    case OpCode::kNotify:
    case OpCode::kNotifyall: {
      Condition& condition = service_.at(a).condition;
      const std::size_t before = condition.waiting();
      Object* const told = op.code == OpCode::kNotify ? condition.notify(thread(), 1)
                                                      : condition.notify_all(thread());
      if (told != nullptr) {
        thread().note(EventKind::kNotified,
                      {a, static_cast<std::int32_t>(before - condition.waiting())});
      }
      return told;
    }
    case OpCode::kSleep:
      thread().note(EventKind::kSleeps, {a});
      pause(thread(), site, microseconds);
      return thread().none();
    default: {
      const std::uint64_t now = thread().clock().now();
      thread().log(EventKind::kNow, {static_cast<std::int32_t>(now / kSecond),
                                     static_cast<std::int32_t>(now % kSecond)});
      return thread().none();
    }
  }
}

}  // namespace reweave::runtime
