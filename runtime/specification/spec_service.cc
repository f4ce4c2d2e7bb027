// Locks, conditions and virtual time.
//
// A condition is two lists of threads: those that sleep until they are notified, and those that
// want its lock. A thread leaves the first by a notify or because its time is over, and reports
// which of the two it was once it has the lock again.
#include <algorithm>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// The next answer of one kind; ordinary where only one is possible, or none is left.
std::uint32_t Specification::next_answer(QuestionKind kind, std::span<const GivenAnswer>& answers,
                                         std::uint32_t possible) {
  if (possible < 2) return 0;
  while (!answers.empty() && answers.front().kind != kind) answers = answers.subspan(1);
  if (answers.empty()) return 0;
  const std::uint32_t answer = answers.front().answer;
  answers = answers.subspan(1);
  return answer < possible ? answer : 0;
}

// ---- Time ----

// No thread is ready: time jumps to the next timer, and a thread that waits for it resumes.
void Specification::fire() {
  now_ = std::max(now_, timers_.front().due);
  const auto due = std::count_if(timers_.begin(), timers_.end(),
                                 [this](const Timer& timer) { return timer.due <= now_; });
  end_waiting(next_answer(QuestionKind::kFire, fires_, static_cast<std::uint32_t>(due)));
}

void Specification::end_waiting(std::size_t timer) {
  const auto place = timers_.begin() + static_cast<std::ptrdiff_t>(timer);
  ThreadState& waiter = thread(place->thread);
  waiter.phase_ = Phase::kReady;
  waiter.woken_ = true;
  timers_.erase(place);
}

// Until somebody calls unpark(), or it is `until`. An error: nobody ever will.
Routine<Value> Specification::park(std::uint64_t until) {
  if (until != kNever) {
    const auto later = [until](const Timer& timer) { return timer.due > until; };
    timers_.insert(std::find_if(timers_.begin(), timers_.end(), later), Timer{until, number_});
  }
  woken_ = false;
  while (!woken_) {
    if (until == kNever && !others_awake()) co_return Value::error(ErrorCode::kLockDeadlock);
    phase_ = Phase::kParked;
    co_await hand_over(choose(/*running_goes_on=*/false));
  }
  co_return Value{};
}

void Specification::unpark(std::int32_t number) {
  ThreadState& waiter = thread(number);
  if (waiter.phase_ != Phase::kParked) return;
  std::erase_if(timers_, [number](const Timer& timer) { return timer.thread == number; });
  waiter.phase_ = Phase::kReady;
  waiter.woken_ = true;
}

// ---- Locks ----

// A token: it has it. None: its time is over.
Routine<Value> Specification::acquire(Lock& lock, std::uint64_t until) {
  if (!std::exchange(lock.held, true)) co_return Value::token(1);
  if (until <= now_) co_return Value{};
  lock.waiting.push_back(number_);
  const Value parked = co_await park(until);
  const auto place = std::find(lock.waiting.begin(), lock.waiting.end(), number_);
  if (place == lock.waiting.end()) co_return Value::token(1);
  lock.waiting.erase(place);
  co_return parked;
}

Value Specification::give_back(Lock& lock) {
  if (!lock.held) return Value::error(ErrorCode::kNotLocked);
  if (lock.waiting.empty()) {
    lock.held = false;
  } else {
    const std::int32_t next = lock.waiting.front();
    lock.waiting.erase(lock.waiting.begin());
    unpark(next);
  }
  return {};
}

// ---- Conditions ----

// Asleep until it is notified or it is `until`; whether it was, notified_ says. A poller is not
// woken by a notify: he looks when he has slept.
Routine<Value> Specification::sleep_on(std::uint64_t until, bool polls) {
  constexpr std::uint64_t kLongest = 50'000;
  std::uint64_t delay = 1'000;
  std::uint32_t looks = 0;
  if (!polls) {
    if (!notified_ && until > now_) {
      const Value parked = co_await park(until);
      if (parked.is_error()) co_return parked;
    }
    co_return Value::token(0);
  }
  while (!notified_) {
    ++looks;
    if (now_ >= until) break;
    // A list in the awaited expression is more than gcc 12 compiles.
    const std::uint64_t pause = std::min(std::min(delay, kLongest), until - now_);
    co_await park(now_ + pause);
    delay = std::min(delay * 2, kLongest);
  }
  co_return Value::token(looks);
}

Routine<Value> Specification::wait(const Op& op) {
  Lock& lock = locks_[static_cast<std::size_t>(op.args[0])];
  if (!lock.held) co_return Value::error(ErrorCode::kNotLocked);
  const bool polls = op.code == OpCode::kPollwait && op.args[1] != 0;
  notified_ = false;
  polling_ = polls;
  lock.sleeping.push_back(number_);
  give_back(lock);
  co_await take_turn();
  const std::uint64_t until =
      op.args[1] == 0 ? kNever : now_ + static_cast<std::uint64_t>(op.args[1]);
  const Value slept = co_await sleep_on(until, polls);
  // Whoever was not notified may still be, until he has left the list.
  if (!notified_ && !slept.is_error()) co_await take_turn();
  if (!notified_) std::erase(lock.sleeping, number_);
  const bool notified = notified_;
  const Value locked = co_await acquire(lock, kNever);
  if (locked.is_error()) co_return locked;
  if (slept.is_error()) co_return slept;
  say(notified);
  log(EventKind::kWaited, {op.args[0], notified, static_cast<std::int32_t>(slept.number)});
  co_return Value{};
}

Routine<Value> Specification::use_service(const Op& op) {
  constexpr std::uint64_t kSecond = 1'000'000;
  const std::int32_t a = op.args[0];
  if (op.code == OpCode::kSleep) co_return co_await park(now_ + static_cast<std::uint64_t>(a));
  if (op.code == OpCode::kNow) {
    log(EventKind::kNow,
        {static_cast<std::int32_t>(now_ / kSecond), static_cast<std::int32_t>(now_ % kSecond)});
    co_return Value{};
  }
  locks_used_ = true;
  Lock& lock = locks_[static_cast<std::size_t>(a)];
  switch (op.code) {
    case OpCode::kLock: {
      const Value taken = co_await acquire(lock, kNever);
      co_return taken.is_error() ? taken : Value{};
    }
    case OpCode::kTrylock: {
      const Value taken = co_await acquire(lock, now_ + static_cast<std::uint64_t>(op.args[1]));
      say(taken.kind == Value::Kind::kToken);
      log(EventKind::kLocked, {a, taken.kind == Value::Kind::kToken});
      co_return Value{};
    }
    case OpCode::kUnlock:
      co_return give_back(lock);
    case OpCode::kNotify:
    case OpCode::kNotifyall: {
      if (!lock.held) co_return Value::error(ErrorCode::kNotLocked);
      while (!lock.sleeping.empty()) {
        const std::int32_t first = lock.sleeping.front();
        lock.sleeping.erase(lock.sleeping.begin());
        thread(first).notified_ = true;
        if (!thread(first).polling_) unpark(first);
        if (op.code == OpCode::kNotify) break;
      }
      co_return Value{};
    }
    default:
      co_return co_await wait(op);
  }
}

}  // namespace reweave::runtime::specification
