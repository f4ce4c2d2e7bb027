// Threads: which one runs, how one begins, sleeps, is woken and dies; and what is done to tasklets
// of another thread.
//
// One thread runs until it has nothing runnable, settles or ends. Before every operation the turn
// may pass to another thread, as the answers say.
#include <algorithm>
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// ---- Which thread runs ----

bool Specification::others_awake() {
  for (const ThreadState& each : threads_) {
    const Phase phase = each.phase_;
    if (each.number_ == number_) continue;
    if (phase == Phase::kReady || phase == Phase::kSettling) return true;
    for (const Timer& timer : timers_) {
      if (timer.thread == each.number_) return true;
    }
  }
  return false;
}

// The thread that runs next: one of those that are ready, in turn, as the next answer says; if none
// is, the youngest of those that settle; if there is none either, the one with the earliest timer.
// kNobody: all of them sleep and no timer is set, so that none will ever run.
std::int32_t Specification::choose(bool running_goes_on) {
  while (is_due()) end_waiting(0);
  for (;;) {
    std::array<std::int32_t, kThreadsMax> ready{};
    std::uint32_t count = 0;
    std::int32_t settling = kNobody;
    for (std::int32_t i = 0; i < kThreadsMax; ++i) {
      const std::int32_t number = (number_ + i + (running_goes_on ? 0 : 1)) % kThreadsMax;
      const Phase phase = thread(number).phase_;
      if (phase == Phase::kReady) ready[count++] = number;
      if (phase == Phase::kSettling) settling = std::max(settling, number);
    }
    if (count > 0) return ready[next_answer(QuestionKind::kRun, choices_, count)];
    if (settling != kNobody || timers_.empty()) return settling;
    fire();
  }
}

// Returns when the leaving thread runs again.
Routine<Value> Specification::hand_over(std::int32_t number) {
  thread(number).phase_ = Phase::kReady;
  thread(number).idle_ = false;
  if (number == number_) co_return Value{};
  thread(number).held_ticks_ = 0;
  ThreadState& running = *this;
  ThreadState& leaver = threads_[static_cast<std::size_t>(number_)];
  leaver = std::move(running);
  running = std::move(threads_[static_cast<std::size_t>(number)]);
  co_await Switch{*this, leaver.point_, point_};
  co_return Value{};
}

Routine<Value> Specification::take_turn() {
  if (me().atomic) {
    // It is nobody else's, whatever was answered.
    if (rules_.asks_within_atomic) choose(/*running_goes_on=*/true);
    co_return Value{};
  }
  const bool over = started_ && rules_.gil_ticks != 0 && ++held_ticks_ > rules_.gil_ticks;
  const std::int32_t next = choose(/*running_goes_on=*/!over);
  if (over) held_ticks_ = 1;
  if (next == number_) co_return Value{};
  if (over) log(EventKind::kGilTick, {next});
  co_await hand_over(next);
  held_ticks_ = 1;
  co_return Value{};
}

Routine<Value> Specification::settle() {
  phase_ = Phase::kSettling;
  co_return co_await hand_over(choose(/*running_goes_on=*/false));
}

// Sleeps until a tasklet of this thread is runnable, or no thread is left that could make one so.
Routine<Value> Specification::fall_asleep() {
  phase_ = Phase::kAsleep;
  idle_ = true;
  co_return co_await hand_over(choose(/*running_goes_on=*/false));
}

// The thread of a tasklet that has become runnable.
void Specification::wake(Id tasklet) {
  Phase& phase = thread(at(tasklet).thread).phase_;
  if (phase == Phase::kAsleep) phase = Phase::kReady;
}

// ---- How a thread begins and ends ----

void Specification::start_thread(std::int32_t number, std::int32_t function) {
  ThreadState& started = thread(number);
  if (started.phase_ != Phase::kUnused) return;
  started_ = true;
  started.phase_ = Phase::kReady;
  started.actor_ = new_actor(kThreadMains + number);
  started.point_ = thread_life(function).start(*this);
}

// A main tasklet, which has one reference, begins at once.
void Specification::begin_main(Id main) {
  at(main).main = true;
  at(main).state = Tasklet::State::kRunning;
  ++at(main).references;
  append(main);
  make_head(main);
  main_ = current_ = main;
  nesting_ = 0;
}

// It leaves the run queue, whose reference stays.
void Specification::end_main() {
  at(main_).state = Tasklet::State::kEnded;
  take_out(main_);
}

Routine<Value> Specification::thread_life(std::int32_t function) {
  keep_stack(stub());
  begin_main(make(kThreadMains + number_, actor_));
  log(EventKind::kThreadStart, {number_});
  const bool works = function < 0;
  const Value result = co_await (works ? work() : call(function));
  if (result.is_error()) log_error(EventKind::kDied, result);
  log(EventKind::kThreadEnd, {number_});
  end_main();

  const Id ended = main_;
  dying_ = true;
  begin_main(make(kMakeshift, actor_));
  co_await reap(ended);
  end_main();
  clear_references(main_);
  at(main_).weakrefs = -1;
  co_await release(main_);
  co_await release(main_);
  main_ = current_ = kNobody;
  phase_ = Phase::kEnded;
  drop_stack(stub());
  for (Id id = 0; id < static_cast<Id>(tasklet_count_); ++id) {
    if (at(id).thread == number_) at(id).thread = kNobody;
  }
  std::int32_t next = choose(/*running_goes_on=*/false);
  // All others sleep: the first of them looks again, and finds the deadlock.
  if (next == kNobody && rules_.defects.has(Defect::kNoRecheckAtThreadEnd)) co_await halt();
  for (std::int32_t i = 0; next == kNobody; ++i) {
    const Phase phase = thread(i).phase_;
    if (phase == Phase::kAsleep || phase == Phase::kParked) next = i;
  }
  co_return co_await hand_over(next);
}

// The tasklets of a thread that ends, in the order in which their C stacks were saved: a runnable
// one leaves the queue, one with C state is killed, the others just stop.
Routine<Value> Specification::reap(Id ended) {
  ++nesting_;
  drop_stack(main_);
  co_await release(ended);
  co_await release_as_makeshift(ended);
  for (;;) {
    // Callbacks may have given the makeshift one locals, which are not to die where nobody is.
    while (at(main_).locals != kNobody) co_await clear_dict(at(main_).locals);
    const auto found = std::find_if(stacks_.begin(), stacks_.end(), [this](Id id) {
      // One that dies is another thread's to destroy, which waits in the middle of it.
      return id >= 0 && at(id).thread == number_ && id != main_ && !at(id).dying;
    });
    if (found == stacks_.end()) break;
    const Id next = *found;
    ++at(next).references;
    if (at(next).alive()) {
      const bool hard = nesting_of(next) > 0;
      co_await leave_queue(next);
      if (hard) {
        become_makeshift();
        co_await throw_at(next, Value::error(ExceptionType::kTaskletExit), /*soft=*/false,
                          /*pending=*/false);
        drop_stack(main_);
        // It may have caught the exception.
        if (!rules_.defects.has(Defect::kSurvivorStaysQueued)) co_await leave_queue(next);
      }
    }
    if (at(next).thread == number_) at(next).thread = kNobody;
    co_await release_as_makeshift(next);
  }
  --nesting_;
  co_return Value{};
}

Routine<Value> Specification::leave_queue(Id tasklet) {
  if (!at(tasklet).queued) co_return Value{};
  take_out(tasklet);
  co_return co_await release(tasklet);
}

// For each of these acts the real thing makes a main tasklet, which nobody has given a number.
void Specification::become_makeshift() {
  if (nobody_ == ActorId{}) nobody_ = new_actor(kMakeshift);
  at(main_).actor = nobody_;
  for (const Id owner : {stub(), main_}) {
    drop_stack(owner);
    keep_stack(owner);
  }
}

// Where it is the last reference, the C stack of the tasklet goes after that of the makeshift in
// which its callbacks ran.
Routine<Value> Specification::release_as_makeshift(Id tasklet) {
  if (at(tasklet).references > 1) co_return co_await release(tasklet);
  become_makeshift();
  leaves_ring_last_ = tasklet;
  co_await release(tasklet);
  leaves_ring_last_ = kNobody;
  drop_stack(main_);
  if (at(tasklet).state == Tasklet::State::kDestroyed) drop_stack(tasklet);
  co_return Value{};
}

// ---- The C stacks that exist, suspended or not: a ring, whose head moves on when it is taken out

void Specification::keep_stack(Id owner) {
  if (threaded_) stacks_.push_back(owner);
}

void Specification::drop_stack(Id owner) {
  if (!threaded_) return;
  const auto place = std::find(stacks_.begin(), stacks_.end(), owner);
  if (place == stacks_.end()) return;
  std::rotate(stacks_.begin(), place + 1, stacks_.end());
  stacks_.pop_back();
}

// It gets a function: it begins on a fresh C stack, which is the last one.
void Specification::give_new_stack(Id tasklet) {
  if (!threaded_ || !has_stack(tasklet)) return;
  drop_stack(tasklet);
  if (at(tasklet).thread != 0) keep_stack(tasklet);
}

bool Specification::has_stack(Id owner) const {
  return std::find(stacks_.begin(), stacks_.end(), owner) != stacks_.end();
}

// ---- Tasklets of other threads ----

// Of another thread the first one in its run queue passes for its current one.
bool Specification::is_current_at_home(Id id) const {
  const Tasklet& tasklet = at(id);
  if (tasklet.thread == kNobody) return false;
  if (!elsewhere(id)) return id == current_;
  const ThreadState& home = thread(tasklet.thread);
  return !home.queue_.empty() && home.queue_.front() == id;
}

bool Specification::is_current(Id id) const {
  const Tasklet& tasklet = at(id);
  if (is_current_at_home(id)) return true;
  // A thread may sleep at the very end of a tasklet, and resumes there.
  return elsewhere(id) && tasklet.thread != kNobody && tasklet.state == Tasklet::State::kEnded &&
         thread(tasklet.thread).current_ == id;
}

// That of the last suspension, but for who is current.
std::int32_t Specification::nesting_of(Id id) const {
  return is_current_at_home(id) ? thread(at(id).thread).nesting_ : at(id).nesting;
}

Value Specification::insert(Id id) {
  Tasklet& tasklet = at(id);
  if (tasklet.blocked != 0) return Value::error(ErrorCode::kRunBlocked);
  if (tasklet.queued) return {};
  if (tasklet.thread == kNobody) return Value::error(ErrorCode::kThreadDead);
  if (!tasklet.alive()) return Value::error(ErrorCode::kRunDead);
  make_runnable(id);
  wake(id);
  return {};
}

// run(): it becomes runnable there, as the next one to run.
Value Specification::run_elsewhere(Id id) {
  if (at(id).thread == kNobody) return Value::error(ErrorCode::kNoThread);
  ThreadState& home = thread(at(id).thread);
  const bool inserted = !at(id).queued;
  const Value result = insert(id);
  if (result.is_error()) return result;
  std::vector<Id>& queue = home.queue_;
  if (home.idle_) {
    std::rotate(queue.begin(), std::find(queue.begin(), queue.end(), id), queue.end());
  } else if (inserted && queue.size() > 1) {
    std::rotate(queue.begin() + 1, queue.end() - 1, queue.end());
  }
  wake(id);  // Also where it was queued already: not everybody who queues one wakes its thread.
  return {};
}

Value Specification::bind_thread(Id id) {
  Tasklet& tasklet = at(id);
  if (!elsewhere(id)) return {};
  // A schedule callback may have taken the tasklet out of its run queue that is about to run.
  const bool about_to_run = tasklet.thread != kNobody && thread(tasklet.thread).switching_to_ == id;
  if (tasklet.queued || about_to_run) return Value::error(ErrorCode::kBindThreadRunnable);
  if (nesting_of(id) > 0) return Value::error(ErrorCode::kBindCState);
  // Its old thread may sleep in one of its switches, and would resume there.
  if (tasklet.thread != kNobody && thread(tasklet.thread).current_ == id &&
      !rules_.defects.has(Defect::kBindThreadInContext))
    return Value::error(ErrorCode::kBindCState);
  // A thread without its main tasklet has nobody to return to.
  if (tasklet.main && tasklet.alive() && !rules_.defects.has(Defect::kBindThreadTakesMain))
    return Value::error(ErrorCode::kUnbindMain);
  tasklet.thread = number_;
  tasklet.nesting = 0;
  drop_stack(id);
  return {};
}

}  // namespace reweave::runtime::specification
