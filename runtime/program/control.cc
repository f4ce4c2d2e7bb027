#include "runtime/program/control.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "runtime/program/exits.h"
#include "runtime/program/program_findings.h"
#include "runtime/program/program_process.h"
#include "runtime/program/randomness.h"
#include "scheduler/base/check.h"
#include "scheduler/sync/mutex.h"

namespace reweave::program {
namespace {

/// What threads that rest wait for.
const char kEffect = 0;
constexpr std::size_t kOutputBytesMax = 2000;

bool mutex_is_free(const void* mutex) { return static_cast<const sync::Mutex*>(mutex)->free(); }

}  // namespace

Control& control() {
  static Control* const only = new Control;
  return *only;
}

bool is_controlled_slowly() {
  return reinterpret_cast<std::uintptr_t>(thread_pointer()) == control().self().handle;
}

/// What a process that explores for this one has to tell.
struct Control::Shared {
  static constexpr std::uint32_t kEscapesMax = 64;
  struct Escape {
    std::atomic<const char*> name;  // Null: not written yet.
    std::uint32_t site;
  };
  std::atomic<std::uint64_t> questions;
  std::atomic<std::uint32_t> escape_count;  // May be more than there is room for.
  std::array<Escape, kEscapesMax> escapes;
};

Control::Control() : donors_(std::make_unique<Donors>()), waiters_(*this) {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK_MSG(memory != MAP_FAILED, "the system gives no shared memory");
  shared_ = new (memory) Shared{};
}

// ---- An execution ----

void Control::run(Execution& execution, void (*body)(void*), void* argument) {
  ++executions_;
  body_ = body;
  body_argument_ = argument;
  waiters_.begin();
  sharing_.begin();
  races_.begin();
  clock_ = kClockStart;
  deadline_ = sync::kNever;
  resting_ = rounds_ = 0;
  alone_since_ = 0;
  active_ = woke_resting_ = false;
  glance_ns_ = 0;
  draining_ = left_over_ = ending_ = false;
  drain_until_ = sync::kNever;
  explaining_ = nullptr;
  failure_ = {};
  engine_.begin(execution, *donors_);
  filtering_ = engine_.fast();
  engine_.set_idle(&Control::idle, this);
  threads_.resize(std::max<std::size_t>(threads_.size(), 1));
  if (threads_[0] == nullptr) threads_[0] = std::make_unique<Thread>();
  Thread& root = *threads_[0];
  root = Thread{};
  root.key_values = initial_key_values();
  engine_.start_root(&Control::enter_thread, &root);
  root.handle = donors_->thread_pointer_of(0);
  begin_randomness();
  globals.alone = 0;
  // A little less than the engine has, so that whoever runs then is named.
  steps_max_ = execution.limits().steps_max -
               std::min<std::uint64_t>(execution.limits().steps_max - 1, kStepsKept);
  look();
  process().enter();
  const Ended ended = engine_.run();
  process().leave();
  globals.alone = 0;
  shared_->questions.fetch_add(execution.questions(), std::memory_order_relaxed);
  tell(execution, ended);
  process().put_back(engine_.actor_count());
}

void Control::tell(Execution& execution, Ended ended) {
  if (execution.outcome() == Outcome::kDiverged) return;
  Finding finding;
  if (failure_.happened && failure_.kind == FindingKind::kRace) {
    const Race& race = failure_.race;
    finding = race_finding(*this, {path(failure_.thread), race.write, race.atomic, race.caller},
                           {path(ThreadId{race.other.thread}), race.other.write, race.other.atomic,
                            sites().address_of(race.other.site)},
                           failure_.stack);
  } else if (failure_.happened) {
    finding =
        failure_finding(*this, failure_.kind, failure_.what, failure_.message, failure_.stack,
                        execution.actor_path(ActorId{static_cast<std::uint32_t>(failure_.thread)}));
  } else if (ended == Ended::kStuck) {
    unwind_waiting(donors_->home());
    finding = stuck_finding(*this, waiting_threads(execution), /*at_end=*/false);
  } else if (ended == Ended::kEnded && left_over_) {
    unwind_waiting(donors_->home());
    const std::vector<WaitingThread> waiting = waiting_threads(execution);
    if (waiting.empty()) return;
    finding = stuck_finding(*this, waiting, /*at_end=*/true);
  } else {
    return;
  }
  finding.step = execution.steps();
  const std::string output = process().output(kOutputBytesMax);
  if (!output.empty()) finding.message += "\nThe program wrote:\n" + output;
  execution.report(std::move(finding), /*stops=*/true);
}

std::vector<WaitingThread> Control::waiting_threads(const Execution& execution) {
  std::vector<WaitingThread> waiting;
  waiters_.for_each([&](ThreadId id, const sync::Wait& wait) {
    // After the end nobody waits for a detached thread, and main only waits for the others.
    if (left_over_ && (thread(id).detached || id == ThreadId{0})) return;
    waiting.push_back(
        {execution.actor_path(ActorId{static_cast<std::uint32_t>(id)}), &thread(id), wait});
  });
  return waiting;
}

/// Lets every waiting thread run just so far that it unwinds its own stack and comes back.
void Control::unwind_waiting(Context& from) {
  explaining_ = &from;
  waiters_.for_each([&](ThreadId id, const sync::Wait&) {
    if (!thread(id).stack.empty()) return;
    donors_->switch_function()(&from, &donors_->place(static_cast<std::uint32_t>(id)));
  });
  explaining_ = nullptr;
}

void Control::fail(FindingKind kind, std::string what, std::string message,
                   const CallStack& stack) {
  flush();
  failure_ = {true, kind, std::move(what), std::move(message), stack, self_id()};
  engine_.end();
}

void Control::enter_thread(void* argument) {
  auto* const thread = static_cast<Thread*>(argument);
  Control& self = control();
  globals.thread_pointer = thread->handle;
  if (thread->id == ThreadId{0}) {
    self.body_(self.body_argument_);
    self.main_returned(0, self.self().where);
  }
  self.end_thread(thread->start(thread->argument));
}

// ---- Points ----

void Control::look() {
  flush();
  const bool before = active_;
  active_ = engine_.ready().size() > 1 || waiters_.timed() != 0 || resting_ != 0;
  if (before && !active_) alone_since_ = engine_.steps();
  if (!before && active_) races_.meet();
  globals.watch = active_ || !filtering_ || is_watched_alone() ? 1 : 0;
  const std::uint64_t unwatched =
      kLonePeriod - kLoneLook - (engine_.steps() - alone_since_) % kLonePeriod;
  const std::uint64_t left = std::min(steps_max_, drain_until_);
  globals.alone_max = std::min(unwatched, left - std::min(left, engine_.steps()));
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

void Control::before(bool effect, const void* address, const void* caller) {
  flush();
  stop_draining_in_time();
  stop_at_limit();
  Thread& me = self();
  me.where = caller;
  if (!effect) return;
  // What a thread keeps on its stack is part of its state, which a loop is compared by, …
  if (address == nullptr || !is_on_own_stack(address)) {
    me.loop.effect();
    me.rest_due = false;
    me.patience = 0;
    me.patience_next = Thread::kPatience;
    glance_ns_ = 0;
    rounds_ = 0;
  }
  changed(address);  // … unless others look at it.
}

void Control::point(Access access, const void* object, const void* caller) {
  before(access != Access::kRead && access != Access::kNone, object, caller);
  if (waiters_.timed() != 0) fire_due();
  engine_.point(pending(access, object, caller));
  if (!active_) look();
}

void Control::lock_point(Access access, const void* lock, const void* caller) {
  before(/*effect=*/false, lock, caller);
  glance_ns_ = 0;
  if (waiters_.timed() != 0) fire_due();
  engine_.point(pending(access, lock, caller));
  if (!active_) look();
}

// What follows must do the same whether a strategy filters or a replay looks at everything: the
// filter decides nothing but whether a point is asked. While nothing can be decided the hooks only
// count, so nothing else may happen here either.

/// True: nothing can be decided, and nobody looks: the step was counted.
void Control::never_ends() {
  fail(FindingKind::kLivelock, "never ends",
       "The program did not end within " + std::to_string(steps_max_) + " steps (steps-max)",
       CallStack::here());
}

bool Control::pass_alone(Pending step) {
  if (active_) return false;
  flush();
  stop_draining_in_time();
  stop_at_limit();
  if (is_watched_alone()) {
    globals.watch = 1;
    return false;
  }
  engine_.point(step);
  look();
  return true;
}

bool Control::should_rest(const void* address, std::uint64_t value, const void* caller) {
  Thread& me = self();
  if (!me.loop.turns(site_of(caller), address, value)) return false;
  // Not with a lock that others need in order to do something.
  me.rest_due = !me.held.empty() && me.rests_put_off++ < kRestsPutOffMax;
  return !me.rest_due && stands_back(caller);
}

/// A thread that gives way to others need not: it may as well go on turning, and come to what it
/// does when it has turned in vain. When it did so once it is not asked for a while.
bool Control::stands_back(const void* caller) {
  Thread& me = self();
  if (me.patience != 0) {
    --me.patience;
    return false;
  }
  if (engine_.ready().size() < 2 && waiters_.timed() == 0) return true;
  if (ask(QuestionKind::kFire, 2, caller) == 0) return true;
  me.patience = me.patience_next;
  if (me.patience_next < Thread::kPatienceMax) me.patience_next *= 2;
  return false;
}

void Control::plain(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
                    const void* caller) {
  const Pending step = pending(access, address, caller);
  if (pass_alone(step)) return;
  if (access == Access::kRead && should_rest(address, value, caller)) {
    rest(access, address, caller);
    return look_for_race(access, address, bytes, /*is_atomic=*/false, caller);
  }
  before(access != Access::kRead, address, caller);
  if (!active_) {
    engine_.point(step);
    return look();
  }
  if (filtering_ && sharing_.is_private(address, engine_.current())) {
    engine_.pass(step);
  } else {
    engine_.point(step);
  }
  look_for_race(access, address, bytes, /*is_atomic=*/false, caller);
}

void Control::atomic(Access access, const void* address, std::uint64_t value, bool changes,
                     const void* caller) {
  const Pending step = pending(access, address, caller);
  if (pass_alone(step)) return;
  if (!changes && should_rest(address, value, caller)) return rest(access, address, caller);
  before(changes, address, caller);
  if (waiters_.timed() != 0) fire_due();
  engine_.point(step);
  if (!active_) look();
}

void Control::order(Access access, const void* address, std::uint32_t bytes, Order order,
                    const void* caller) {
  if (!active_) return;
  look_for_race(access, address, bytes, /*is_atomic=*/true, caller);
  const std::uint32_t me = engine_.current();
  if (access == Access::kRead) return races_.load(me, address, order);
  if (access == Access::kWrite) return races_.store(me, address, order);
  races_.exchange(me, address, order);
}

void Control::look_for_race(Access access, const void* address, std::uint32_t bytes, bool is_atomic,
                            const void* caller) {
  // What lies in a library that does not tell of its accesses has locks that it does not tell of.
  if (!active_ || !finds_races_ || ending_ || !process().is_programs_own(address)) return;
  const Races::Access mine{address, bytes, site_of(caller), access != Access::kRead, is_atomic};
  RacingAccess other;
  if (races_.access(engine_.current(), mine, &other)) [[unlikely]]
    fail_for_race(access, is_atomic, other, caller);
}

void Control::fail_for_race(Access access, bool is_atomic, const RacingAccess& other,
                            const void* caller) {
  flush();
  failure_ = {true, FindingKind::kRace, "", "", CallStack::here(), self_id()};
  failure_.race = {is_atomic, access != Access::kRead, caller, other};
  engine_.end();
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
  const bool resting = waiters_.of(me.id).kind == WaitKind::kRest;
  if (!resting) me.loop.clear();
  waiters_.stay(me.id);
  look();
  engine_.block(pending(access, object, caller));
  while (explaining_ != nullptr) [[unlikely]] {
      me.stack = CallStack::here();
      donors_->switch_function()(&donors_->place(static_cast<std::uint32_t>(me.id)), explaining_);
    }
  globals.thread_pointer = me.handle;
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
  const bool alone = engine_.ready().size() < 2 && waiters_.timed() == 0 && resting_ == 0;
  if ((alone && !is_watched_alone()) || !stands_back(caller))
    return point(Access::kNone, nullptr, caller);
  self().where = caller;
  rest(Access::kNone, nullptr, caller);
}

std::uint32_t Control::ask(QuestionKind kind, std::uint32_t answers, const void* caller) {
  flush();
  return engine_.pick(kind, site_of(caller), answers);
}

bool Control::time_is_up(std::uint64_t deadline, const void* caller) {
  if (ask(QuestionKind::kFire, 2, caller) == 0) return false;
  constexpr std::uint64_t kLongNs = 300'000'000'000'000'000;  // Ten years: "never".
  if (deadline > now() && deadline - now() < kLongNs) clock_ += deadline - now();
  return true;
}

// ---- Waiting ----

void Control::make_ready(ThreadId thread) {
  engine_.make_ready(static_cast<Actor>(thread));
  look();
}

void Control::unready(ThreadId thread) {
  engine_.unready(static_cast<Actor>(thread));
  look();
}

std::uint32_t Control::pick_waiter(std::uint32_t waiters) {
  return engine_.pick(QuestionKind::kPick, site_of(self().where), waiters);
}

void Control::fire_due() {
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

bool Control::help() {
  // Sleepers and those who rest take turns, so that neither can keep the others from going on.
  const bool endless = resting_ != 0 && waiters_.timed() == 0 && everybody_turns(true);
  if (resting_ != 0 && !endless && (waiters_.timed() == 0 || !woke_resting_)) {
    rounds_ = waiters_.timed() == 0 && everybody_turns(false) ? rounds_ + 1 : 0;
    woke_resting_ = true;
    wake_resting();
    return true;
  }
  woke_resting_ = false;
  if (waiters_.timed() != 0) {
    const std::uint64_t deadline = waiters_.next_deadline();
    if (deadline > now()) clock_ += deadline - now();
    waiters_.fire(mutex_is_free);
    return true;
  }
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

// ---- What a report needs ----

void Control::note_escape(const char* name, const void* caller) {
  const std::uint32_t site = site_of(caller);
  const std::uint32_t known =
      std::min(shared_->escape_count.load(std::memory_order_acquire), Shared::kEscapesMax);
  for (std::uint32_t i = 0; i < known; ++i) {
    const Shared::Escape& escape = shared_->escapes[i];
    if (escape.name.load(std::memory_order_acquire) == name && escape.site == site) return;
  }
  const std::uint32_t mine = shared_->escape_count.fetch_add(1, std::memory_order_acq_rel);
  if (mine >= Shared::kEscapesMax) return;
  shared_->escapes[mine].site = site;
  shared_->escapes[mine].name.store(name, std::memory_order_release);
}

std::vector<std::string> Control::escapes() const {
  std::vector<std::string> all;
  const std::uint32_t count =
      std::min(shared_->escape_count.load(std::memory_order_acquire), Shared::kEscapesMax);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Shared::Escape& escape = shared_->escapes[i];
    const char* const name = escape.name.load(std::memory_order_acquire);
    if (name == nullptr) continue;
    std::string words = name + (" at " + place_words(sites().address_of(escape.site)));
    if (std::find(all.begin(), all.end(), words) == all.end()) all.push_back(std::move(words));
  }
  return all;
}

std::uint64_t Control::questions_asked() const {
  return shared_->questions.load(std::memory_order_relaxed);
}

// Readers are in no order among themselves: what they leave for the next writer has a place of its
// own.

void Control::took(const void* lock, const void* caller, bool shared) {
  self().held.push_back({lock, caller, shared});
  take_over(lock);
  if (!shared) take_over(static_cast<const char*>(lock) + 1);
}

void Control::gave_back(const void* lock) {
  auto& held = self().held;
  for (std::size_t i = held.size(); i-- > 0;) {
    if (held[i].lock != lock) continue;
    give(static_cast<const char*>(lock) + (held[i].shared ? 1 : 0));
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

}  // namespace reweave::program
