// What operations on locks, conditions and time do.
#include "runtime/interpreter/interpreter.h"
#include "runtime/service/pause.h"

namespace reweave::runtime {

Object* Interpreter::use_service(const Op& op, SiteId site) {
  constexpr std::uint64_t kSecond = 1'000'000;
  const std::int32_t a = op.args[0];
  const auto microseconds = static_cast<std::uint64_t>(op.code == OpCode::kSleep ? a : op.args[1]);
  switch (op.code) {
    case OpCode::kLock:
      if (service_.at(a).lock.acquire(thread(), site) == Lock::Got::kDeadlock) return nullptr;
      return thread().none();
    case OpCode::kTrylock: {
      const Lock::Got got =
          service_.at(a).lock.acquire(thread(), site, thread().clock().after(microseconds));
      thread().log(EventKind::kLocked, {a, got == Lock::Got::kLock});
      return thread().none();
    }
    case OpCode::kUnlock:
      return service_.at(a).lock.release(thread());
    case OpCode::kPollwait:
    case OpCode::kWait: {
      Condition::Wait result;
      Object* const value = service_.at(a).condition.wait(
          thread(), site, microseconds == 0 ? Clock::kNever : microseconds,
          op.code == OpCode::kWait ? Condition::Kind::kTimed : Condition::Kind::kPolling, result);
      if (value != nullptr) {
        thread().log(EventKind::kWaited,
                     {a, result.notified, static_cast<std::int32_t>(result.looks)});
      }
      return value;
    }
    case OpCode::kNotify:
      return service_.at(a).condition.notify(thread(), 1);
    case OpCode::kNotifyall:
      return service_.at(a).condition.notify_all(thread());
    case OpCode::kSleep:
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
