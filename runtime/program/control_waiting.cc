// The part of Control in which threads wait: for each other, for a time, and in loops that turn
// without effect. Its state is told in control.h.

#include <bit>

#include "runtime/program/control.h"
#include "runtime/program/descriptor_waits.h"
#include "scheduler/sync/mutex.h"

namespace reweave::program {
namespace {

/// What threads that rest wait for.
const char kEffect = 0;

bool mutex_is_free(const void* mutex) { return static_cast<const sync::Mutex*>(mutex)->free(); }

bool can_be_interrupted(WaitKind kind) {
  return kind != WaitKind::kNothing && kind != WaitKind::kBarrier && kind != WaitKind::kChannel;
}

}  // namespace

/// Without questions only who waits lets others go on, and what somebody waits for in a loop that
/// has effects would never come: so the threads take turns, unless all of them get theirs as it is.
/// Then they might do what they do for ever, and another order would hide it.
void Control::take_turns(const void* caller) {
  if (!active_) return;
  self().turn = turn_;
  const std::span<const std::uint16_t> ready = engine_.ready();
  if (ready.size() < 2 || engine_.steps() - turn_began_ < kTurnSteps) return;
  turn_began_ = engine_.steps();
  const bool all = std::all_of(ready.begin(), ready.end(),
                               [this](std::uint16_t id) { return threads_[id]->turn == turn_; });
  ++turn_;
  if (all) return;
  self().where = caller;
  rest(Access::kNone, nullptr, caller);
}

void Control::wake_resting() {
  resting_ = 0;
  waiters_.wake_all(&kEffect);
}

/// The running thread changes what is at `address`; null: something that everybody may look at.
void Control::changed(const void* address) {
  if (resting_ == 0) return;
  if (address == nullptr || engine_.steps() - resting_since_ > kRestStepsMax) return wake_resting();
  // Not on its own stack: then whoever only gave way may see it, too.
  const bool seen_by_all = !is_on_own_stack(address);
  bool found = true;
  while (found) {
    ThreadId woken = sync::kNobody;
    waiters_.for_each([&](ThreadId id, const sync::Wait& wait) {
      if (woken != sync::kNobody || wait.kind != WaitKind::kRest) return;
      const Thread& other = thread(id);
      if (other.turning ? other.loop.looks_at(address) : seen_by_all) woken = id;
    });
    found = woken != sync::kNobody;
    if (!found) return;
    rounds_ = 0;
    --resting_;
    waiters_.wake(woken);
  }
}

bool Control::should_rest(const void* address, std::uint64_t value, const void* caller) {
  Thread& me = self();
  if (!me.loop.turns(site_of(caller), address, value)) return false;
  // Not with a lock that others need in order to do something.
  me.rest_due = !me.held.empty() && me.rests_put_off++ < kRestsPutOffMax;
  return !me.rest_due && stands_back(caller);
}

/// A thread that gives way to others need not: it may as well go on turning, and come to what it
/// does when it has turned in vain. When it did so once it is not asked for a while, and after some
/// 8,000 turns it gives way without being asked: an execution in which it turned for ever would not
/// be fair, and that it never ends would say nothing about the program.
bool Control::stands_back(const void* caller) {
  Thread& me = self();
  if (me.patience != 0) {
    --me.patience;
    return false;
  }
  if (engine_.ready().size() < 2 && !is_timed()) return true;
  if (me.patience_next > Thread::kPatienceMax) return true;
  if (ask(QuestionKind::kFire, 2, caller) == 0) return true;
  me.patience = me.patience_next;
  me.patience_next *= 2;
  return false;
}

void Control::tried_in_vain(const void* lock, const void* caller) {
  if (!active_) return;
  if (should_rest(lock, 1, caller)) rest(Access::kRead, lock, caller);
}

void Control::released(const void* lock, const void* caller) {
  changed(lock);
  Thread& me = self();
  if (!me.held.empty()) return;
  me.rests_put_off = 0;
  if (!me.rest_due) return;
  me.rest_due = false;
  if (stands_back(caller)) rest(Access::kNone, nullptr, caller);
}

/// Somebody may turn in a loop whose turns differ, or look at what is out of sight: nothing says
/// what objects that are not instrumented read, and a counter of turns is an effect.
void Control::end_row(const void* caller) {
  Thread& me = self();
  if (engine_.ready().size() < 2) {
    row_ = 0;
    return;
  }
  // Others may need the lock in order to do something.
  if (!me.held.empty() && row_ < 4 * row_max_) return;
  row_ = 0;
  if (ask(QuestionKind::kFire, 2, caller) == 0) {
    me.where = caller;
    rest(Access::kNone, nullptr, caller);
  } else if (row_max_ < kRowLongest) {
    row_max_ *= 2;
  }
}

void Control::look_at_clock() {
  constexpr std::uint64_t kShortestNs = 100, kLongestNs = 1'000'000;
  glance_ns_ = glance_ns_ == 0 ? kShortestNs : glance_ns_ * 2;
  if (glance_ns_ > kLongestNs) glance_ns_ = kLongestNs;
  flush();
  clock_ += glance_ns_;
  self().loop.clear();
}

void Control::wait_here(Access access, const void* object, const void* caller) {
  Thread& me = self();
  me.where = caller;
  const WaitKind kind = waiters_.of(me.id).kind;
  if (kind != WaitKind::kRest) me.loop.clear();
  me.interrupted = false;
  me.restarts = true;
  if (shall_not_wait(me, kind)) return passed_point(caller);
  waiters_.stay(me.id);
  look();
  if (history_.on()) keep_wait(waiters_.of(me.id), caller);
  engine_.block(pending(access, object, caller));
  while (explaining_ != nullptr) [[unlikely]] {
      me.stack = CallStack::here();
      donors_->switch_function()(&donors_->place(static_cast<std::uint32_t>(me.id)), explaining_);
    }
  globals.thread_pointer = me.handle;
  keep({.did = Did::kWentOn, .caller = caller});
  look();
  passed_point(caller);
}

/// The running thread is about to wait, but a signal that was put off wants to be handled first, or
/// the thread shall end. Then it does not wait.
bool Control::shall_not_wait(Thread& me, WaitKind kind) {
  const bool ends = me.cancel_wanted && me.cancellable && !me.cancel_off &&
                    kind != WaitKind::kMutex && kind != WaitKind::kRest;
  const bool signalled = program_signals().any() && program_signals().is_due(me);
  if (!can_be_interrupted(kind) || (!ends && !signalled)) return false;
  if (kind == WaitKind::kRest) --resting_;
  waiters_.forget(me.id);
  me.interrupted = true;
  me.restarts = !ends;
  return true;
}

void Control::interrupt(Thread& thread) {
  const WaitKind kind = waiters_.of(thread.id).kind;
  if (!can_be_interrupted(kind)) return;
  if (kind == WaitKind::kRest) --resting_;
  waiters_.wake(thread.id);
  thread.interrupted = true;
  look();
}

void Control::rest(Access access, const void* object, const void* caller) {
  flush();
  Thread& me = self();
  me.turning = me.loop.turning();
  me.unchanged = false;
  if (me.turning && is_compared(rounds_)) {
    const std::uint64_t fingerprint = fingerprint_of_caller();
    for (const std::uint64_t before : me.fingerprints) me.unchanged |= before == fingerprint;
    me.fingerprints[rounds_ % me.fingerprints.size()] = fingerprint;
  } else {
    me.fingerprints = {};
  }
  me.rests_put_off = 0;
  if (resting_++ == 0) resting_since_ = engine_.steps();
  waiters_.wait(me.id, {.kind = WaitKind::kRest, .object = &kEffect});
  wait_here(access, object, caller);
  me.loop.rested();
}

void Control::yield(const void* caller) {
  flush();
  const bool alone = engine_.ready().size() < 2 && !is_timed() && resting_ == 0;
  if ((alone && !is_watched_alone()) || !stands_back(caller))
    return point(Access::kNone, nullptr, caller);
  self().where = caller;
  rest(Access::kNone, nullptr, caller);
}

std::uint32_t Control::ask(QuestionKind kind, std::uint32_t answers, const void* caller) {
  flush();
  return engine_.pick(kind, site_of(caller), answers);
}

bool Control::spares_freed(Call call) {
  if (asked_to_spare_ || !others_live()) return false;
  asked_to_spare_ = true;
  const void* const caller = users_call(call);
  const void* const where = caller != kNoUsersCall ? caller : self().where;
  if (ask(QuestionKind::kPick, 2, where) == 0) return false;
  if (history_.on()) keep({.did = Did::kSpared, .caller = where});
  return true;
}

bool Control::time_is_up(std::uint64_t deadline, const void* caller) {
  if (ask(QuestionKind::kFire, 2, caller) == 0) return false;
  constexpr std::uint64_t kLongNs = 300'000'000'000'000'000;  // Ten years: "never".
  if (deadline > now() && deadline - now() < kLongNs) clock_ += deadline - now();
  return true;
}

void Control::make_ready(ThreadId thread) {
  engine_.make_ready(static_cast<Actor>(thread));
  look();
}

void Control::unready(ThreadId thread) {
  engine_.unready(static_cast<Actor>(thread));
  watched_until_ = engine_.steps() + kLoneLook;
  look();
}

std::uint32_t Control::pick_waiter(std::uint32_t waiters) {
  constexpr std::uint32_t kAnswersMax = 256;
  return engine_.pick(QuestionKind::kPick, site_of(self().where), std::min(waiters, kAnswersMax));
}

void Control::fire_due() {
  while (timers_.any() && timers_.is_due(engine_.steps(), now())) {
    const std::uint64_t deadline = timers_.fire(engine_.steps());
    if (deadline > now()) clock_ += deadline - now();
  }
  while (waiters_.timed() != 0 && waiters_.next_deadline() <= now()) waiters_.fire(mutex_is_free);
}

/// All that rest do so because of their turns; if `unchanged`, in the same state as before.
bool Control::everybody_turns(bool unchanged) {
  bool all = true;
  waiters_.for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.kind != WaitKind::kRest) return;
    all = all && thread(id).turning && (!unchanged || thread(id).unchanged);
  });
  return all;
}

/// The clock jumps to what comes next. False: that makes nobody go on, nor does what comes then.
bool Control::let_time_pass() {
  constexpr int kTimersInVainMax = 64;
  for (int in_vain = 0; in_vain < kTimersInVainMax && is_timed();) {
    const std::uint64_t deadline = waiters_.next_deadline(), timer = timers_.next_deadline();
    if (timer > deadline || timer == sync::kNever) {
      if (deadline > now()) clock_ += deadline - now();
      waiters_.fire(mutex_is_free);
    } else {
      if (timer > now()) clock_ += timer - now();
      timers_.fire(engine_.steps());
      ++in_vain;
    }
    if (!engine_.ready().empty()) return true;
  }
  return false;
}

bool Control::help() {
  // Sleepers and those who rest take turns, so that neither can keep the others from going on.
  if (descriptor_waits().anything_from_outside(/*patiently=*/false)) return true;
  const bool endless = resting_ != 0 && !is_timed() && everybody_turns(true);
  if (resting_ != 0 && !endless && (!is_timed() || !woke_resting_)) {
    rounds_ = !is_timed() && everybody_turns(false) ? rounds_ + 1 : 0;
    woke_resting_ = true;
    wake_resting();
    return true;
  }
  woke_resting_ = false;
  if (is_timed() && let_time_pass()) return true;
  if (!draining_ && descriptor_waits().anything_from_outside(/*patiently=*/true)) return true;
  if (draining_) {
    draining_ = false;
    left_over_ = true;
    waiters_.wake(ThreadId{0});
    return true;
  }
  // The run ends here, on the stack of the thread that came last: it cannot be resumed to unwind
  // it.
  self().stack = CallStack::here();
  return false;
}

}  // namespace reweave::program
