#include "runtime/program/control.h"

#include <errno.h>
#include <locale.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "runtime/program/descriptor_waits.h"
#include "runtime/program/exits.h"
#include "runtime/program/modules.h"
#include "runtime/program/names.h"
#include "runtime/program/program_findings.h"
#include "runtime/program/program_process.h"
#include "runtime/program/randomness.h"
#include "runtime/program/real.h"
#include "runtime/program/sanitizer_reports.h"
#include "runtime/program/start.h"
#include "scheduler/search/isolate.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::program {

Control* only_control = nullptr;

Control& make_control() {
  only_control = new Control;
  return *only_control;
}

bool is_controlled_slowly() {
  return reinterpret_cast<std::uintptr_t>(thread_pointer()) == control().self().handle;
}

Control::Control() : donors_(std::make_unique<Donors>()), waiters_(*this) {}

// ---- An execution ----

void Control::run(Execution& execution, void (*body)(void*), void* argument) {
  // AddressSanitizer has the heap, and does not take such a block back.
  if (gave_back_early_block()) real()._exit(kStartAnew);
  body_ = body;
  body_argument_ = argument;
  if (!std::exchange(rehearsed_, true) && Modules::are_loaded_by_program())
    rehearse(execution.limits());
  if (gave_back_early_block()) {
    note_escape(
        "memory that was allocated before main and given back while libraries were loaded, under "
        "AddressSanitizer, which cannot put it back; errors may come of that: allocated",
        reinterpret_cast<const void*>(&run_main));
  }
  execute(execution);
  shared_.add_questions(execution.questions());
}

void Control::rehearse(const Limits& limits) {
  const bool finds_races = std::exchange(finds_races_, false);
  Execution execution(limits);
  Ordinary ordinary;
  bool again = true;
  while (again) {
    execution.begin(ordinary);
    modules().begin_rehearsal();
    execute(execution);
    again = modules().end_rehearsal();
  }
  sharing_.forget();
  finds_races_ = finds_races;
}

void Control::end_rehearsal() {
  flush();
  engine_.end();
}

void Control::execute(Execution& execution) {
  waiters_.begin();
  sharing_.begin();
  if (finds_races_) {
    races_.number_by(&stable_address);
    races_.begin();
  }
  clock_ = kClockStart;
  resting_ = rounds_ = row_ = 0;
  row_of_ = UINT32_MAX;
  alone_since_ = watched_until_ = 0;
  active_ = woke_resting_ = false;
  glance_ns_ = 0;
  draining_ = left_over_ = ending_ = stopping_ = asked_to_spare_ = false;
  left_by_main_ = {};
  destroyed_.clear();
  drain_until_ = sync::kNever;
  explaining_ = nullptr;
  failure_ = {};
  budget_.begin(execution.limits().steps_max);
  execution.set_step_cap(budget_.cap());
  turn_began_ = 0;
  turn_ = 1;
  timers_.begin();
  descriptor_waits().begin();
  signals_.begin();
  engine_.begin(execution, *donors_);
  filtering_ = engine_.fast();
  // A note is kept where somebody wants a trace, and nowhere else.
  execution.note(ActorId{0}, kBeginNote, {}, kNowhere);
  history_.begin(/*on=*/!filtering_, /*everything=*/!execution.notes().empty());
  told_.clear();
  engine_.set_idle(&Control::idle, this);
  threads_.resize(std::max<std::size_t>(threads_.size(), 1));
  if (threads_[0] == nullptr) threads_[0] = std::make_unique<Thread>();
  Thread& root = *threads_[0];
  root = Thread{};
  root.key_values = initial_key_values();
  engine_.start_root(&Control::enter_thread, &root);
  root.handle = donors_->thread_pointer_of(0);
  for (const EarlyThread& early : early_threads_)
    make_thread(early.start, early.argument, early.detached).alias = early.handle;
  begin_randomness();
  globals.alone = 0;
  watch_heap();
  weigh_steps();
  look();
  process().enter();
  const Ended ended = engine_.run();
  process().leave();
  globals.alone = 0;
  tell(execution, ended);
  if (globals.under_address_sanitizer) forget_abandoned_frames();
  unmake_statics();
  process().put_back(engine_.actor_count());
}

/// AddressSanitizer has marked what lies around the variables of functions that never returned.
void Control::forget_abandoned_frames() {
  constexpr std::size_t kBelow = 4096;  // What a function that was just called has there.
  for (std::uint32_t i = 0; i < engine_.actor_count(); ++i) {
    if (threads_[i]->ended) continue;
    const Context& place = donors_->place(i);
    const auto* const end = place.stack + place.stack_bytes;
    const auto* begin = static_cast<const std::byte*>(place.sp);
    if (begin < place.stack || begin > end) continue;
    begin -= std::min<std::size_t>(kBelow, static_cast<std::size_t>(begin - place.stack));
    forget_frames(begin, end);
  }
}

void Control::enter_thread(void* argument) {
  auto* const thread = static_cast<Thread*>(argument);
  Control& self = control();
  globals.thread_pointer = thread->handle;
  errno = 0;  // As a new thread and a new process begin; the place had others before.
  if (thread->id == ThreadId{0}) {
    if (globals.under_address_sanitizer) {
      const Context& place = self.donors_->place(0);
      enter_stack(place.stack, place.stack_bytes);
    }
    self.body_(self.body_argument_);
    self.main_returned(0, self.self().where);
  }
  uselocale(LC_GLOBAL_LOCALE);  // As a new thread begins; the place had others before.
  self.end_thread(thread->start(thread->argument));
}

// ---- Points ----

void Control::look() {
  flush();
  const bool before = active_;
  const bool now = engine_.ready().size() > 1 || is_timed() || resting_ != 0 || signals_.any();
  if (before != now) {
    weigh_steps();
    active_ = now;
    weigh_steps();
  }
  if (before && !active_) alone_since_ = engine_.steps();
  if (!before && active_ && finds_races_) races_.meet();
  if (active_ || !filtering_ || is_watched_alone()) {
    globals.alone_max = 0;
    return;
  }
  const std::uint64_t unwatched =
      kLonePeriod - kLoneLook - (engine_.steps() - alone_since_) % kLonePeriod;
  const std::uint64_t left = std::min(budget_.near_end(), drain_until_);
  globals.alone_max = std::min(unwatched, left - std::min(left, engine_.steps()));
}

void Control::before(bool effect, const void* address, const void* caller) {
  flush();
  stop_draining_in_time();
  stop_at_limit(address);
  if (engine_.asked_all()) [[unlikely]]
    take_turns(caller);
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

std::optional<std::uint32_t> Control::thread_that_holds(const void* object) const {
  const auto lies_in = [object](const std::unique_ptr<Thread>& thread) {
    const std::less<const void*> before;
    return thread && !before(object, thread.get()) && before(object, thread.get() + 1);
  };
  const auto thread = std::find_if(threads_.begin(), threads_.end(), lies_in);
  if (thread == threads_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(thread - threads_.begin());
}

/// Passes a point, and keeps what is done there.
void Control::pass_point(Pending pending, Did did, const void* object, std::uint32_t bytes,
                         Call call) {
  if (!history_.on()) return engine_.point(pending);
  if (globals.under_address_sanitizer && self().sanitizer_number < 0)
    self().sanitizer_number = sanitizer_number();
  Step step{.did = did,
            .access = pending.access(),
            .bytes = bytes,
            .object = object,
            .caller = call.address};
  if (did == Did::kCalled) step.called = call.name != nullptr ? call.name : called();
  if (object != nullptr && bytes == 0) step.other = number_of(object);
  // A stack is looked at before others may run on it.
  if (bytes != 0 && call.stack != nullptr && (finds_races_ || history_.keeps_everything()))
    step.depth = static_cast<std::uint32_t>(users_calls(call, step.calls));
  if (step.depth != 0) step.caller = users_call(call);
  engine_.point(pending);
  keep(step);
}

void Control::point(Access access, const void* object, const void* caller) {
  wake_point(access, object, caller);
  check_alive(object, access, caller);
}

void Control::wake_point(Access access, const void* object, const void* caller) {
  count_in_row(caller);
  before(access != Access::kRead && access != Access::kNone, object, caller);
  if (is_timed()) fire_due();
  pass_point(pending(access, object, caller), Did::kCalled, object, 0, {caller});
  if (!active_) look();
  passed_point(caller);
}

void Control::lock_point(Access access, const void* lock, const void* caller) {
  count_in_row(caller);
  before(/*effect=*/false, lock, caller);
  glance_ns_ = 0;
  if (is_timed()) fire_due();
  pass_point(pending(access, lock, caller), Did::kCalled, lock, 0, {caller});
  if (!active_) look();
  passed_point(caller);
  check_alive(lock, access, caller);
}

// What follows must do the same whether a strategy filters or a replay looks at everything: the
// filter decides nothing but whether a point is asked. While nothing can be decided the hooks only
// count, so nothing else may happen here either.

/// Near the limit each step comes here, and at the limit the execution ends.
void Control::come_to_limit(const void* address) {
  budget_.touch(Sharing::number(address));
  if (engine_.steps() < budget_.last()) return;
  if (budget_.is_loop()) {
    fail(FindingKind::kLivelock, "never ends",
         "The program did not end within " + std::to_string(budget_.given()) +
             " steps (steps-max), and did the same over and over",
         CallStack::here());
  }
  flush();
  if (!std::exchange(stopping_, true)) {  // Else what writes the output came here, too.
    note_stop();
    process().flush_output();
  }
  engine_.execution().stop_at_step_limit();
  engine_.end();
}

/// True: nothing can be decided, and nobody looks: the step was counted.
bool Control::pass_alone(Pending step, const void* address) {
  if (active_) return false;
  flush();
  stop_draining_in_time();
  stop_at_limit(address);
  if (is_watched_alone()) {
    globals.alone_max = 0;
    return false;
  }
  engine_.point(step);
  look();
  return true;
}

void Control::plain(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
                    Call call) {
  const void* const caller = users_call(call);
  const Pending step = pending(access, address, caller);
  const Use use{address, access, bytes, caller};
  if (pass_alone(step, address)) return check_alive(use);
  // Turns of loops are told apart by the very instruction.
  if (access == Access::kRead && should_rest(address, value, call.address)) {
    rest(access, address, caller);
    check_alive(use);
    return look_for_race(access, address, bytes, /*is_atomic=*/false, call);
  }
  before(access != Access::kRead, address, caller);
  if (!active_) {
    engine_.point(step);
    look();
    return check_alive(use);
  }
  // Also where nothing is filtered: the next execution may go by what this one shows.
  const bool is_private = sharing_.is_private(address, bytes, engine_.current());
  if (filtering_ && is_private) {
    engine_.pass(step);
  } else {
    pass_point(step, Did::kAccessed, address, bytes, call);
  }
  passed_point(caller);
  check_alive(use);
  look_for_race(access, address, bytes, /*is_atomic=*/false, call);
}

namespace {
/// What memory holds, as far as a loop can tell it: of much of it the beginning.
std::uint64_t digest_of(const void* address, std::size_t bytes) {
  constexpr std::size_t kBytesMax = 256;
  const auto* at = static_cast<const unsigned char*>(address);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < std::min(bytes, kBytesMax); ++i)
    digest = (digest ^ at[i]) * 0x100000001b3u;
  return digest;
}
}  // namespace

// As plain(). A loop that reads so and rests is woken by a change at the beginning, or when nobody
// else can go on.
void Control::range(Access access, const void* address, std::size_t bytes, Call call) {
  constexpr std::uint32_t kRaceBytesMax = 1 << 16;
  const void* const caller = users_call(call);
  const Pending step = pending(access, address, caller);
  const auto told = static_cast<std::uint32_t>(std::min(bytes, std::size_t{UINT32_MAX}));
  const Use use{address, access, told, caller};
  if (pass_alone(step, address)) return check_range_alive(use);
  count_in_row(caller);
  if (access == Access::kRead && should_rest(address, digest_of(address, bytes), call.address)) {
    rest(access, address, caller);
    check_range_alive(use);
    return look_for_race(access, address, std::min(told, kRaceBytesMax), /*is_atomic=*/false, call);
  }
  before(access != Access::kRead, is_on_own_stack(address) ? address : nullptr, caller);
  if (!active_) {
    engine_.point(step);
    look();
    return check_range_alive(use);
  }
  const bool is_private = sharing_.is_private(address, bytes, engine_.current());
  if (filtering_ && is_private) {
    engine_.pass(step);
  } else {
    pass_point(step, Did::kAccessed, address, told, call);
  }
  passed_point(caller);
  check_range_alive(use);
  look_for_race(access, address, std::min(told, kRaceBytesMax), /*is_atomic=*/false, call);
}

void Control::check_range_alive(const Use& use) {
  if (const void* const dead = first_dead(use.address, use.bytes); dead != nullptr) [[unlikely]]
    fail_for_dead({dead, use.access, use.bytes, use.caller});
  check_alive(use);
}

void Control::check_memory(Access access, const void* address, std::size_t bytes, Call call) {
  if (ending_) return;
  const auto told = static_cast<std::uint32_t>(std::min(bytes, std::size_t{UINT32_MAX}));
  const void* const dead = first_dead(address, told);
  if (dead != nullptr) fail_for_dead({dead, access, told, users_call(call)});
}

void Control::atomic(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
                     bool changes, Call call) {
  const void* const caller = users_call(call);
  const Pending step = pending(access, address, caller);
  const Use use{address, access, bytes, caller};
  if (pass_alone(step, address)) return check_alive(use);
  if (!changes && should_rest(address, value, call.address)) {
    rest(access, address, caller);
    return check_alive(use);
  }
  count_in_row(caller);
  before(changes, address, caller);
  if (is_timed()) fire_due();
  pass_point(step, Did::kCalled, address, bytes, call);
  if (!active_) look();
  passed_point(caller);
  check_alive(use);
}

void Control::watch_heap() {
  globals.heap_begin = reinterpret_cast<std::uintptr_t>(program_heap().begin());
  globals.alive_bits = program_heap().alive_bits();
  globals.heap_bytes = program_heap().told_bytes();
}

// ---- What a report needs ----

void Control::note_stop() {
  std::vector<std::uint32_t> places;
  const auto add = [&](const void* where) {
    if (where != nullptr && where != kNoUsersCall) places.push_back(site_of(where));
  };
  const CallStack here = CallStack::here();
  add(here.users(self().where));
  for (std::size_t i = 0; i < engine_.actor_count(); ++i) {
    if (threads_[i].get() != &self() && !threads_[i]->ended) add(threads_[i]->where);
  }
  shared_.note_stop(places);
}

std::vector<std::string> Control::places_of_stop() const {
  std::vector<std::string> all;
  for (const std::uint32_t site : shared_.stop_sites())
    all.push_back(place_words(sites().address_of(site)));
  return all;
}

void Control::note_escape(const char* name, const void* caller) {
  shared_.add_escape(name, site_of(caller));
}

std::vector<std::string> Control::escapes() const {
  std::vector<std::string> all;
  for (const auto& [name, site] : shared_.escapes()) {
    std::string words = name + (" at " + place_words(sites().address_of(site)));
    if (std::find(all.begin(), all.end(), words) == all.end()) all.push_back(std::move(words));
  }
  return all;
}

}  // namespace reweave::program
