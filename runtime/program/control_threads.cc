// The part of Control that begins and ends threads, and the process.

#include <algorithm>
#include <memory>
#include <string>

#include "runtime/program/control.h"
#include "runtime/program/exits.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/names.h"
#include "runtime/program/program_process.h"
#include "scheduler/base/internal_check.h"

namespace reweave::program {
namespace {

/// What main waits for after it has returned.
const char kOthers = 0;

}  // namespace

Thread* Control::find(std::uintptr_t handle) {
  for (std::size_t i = 0; i < engine_.actor_count(); ++i) {
    if (threads_[i]->handle == handle || threads_[i]->alias == handle) return threads_[i].get();
  }
  return nullptr;
}

Thread& Control::make_thread(void* (*start)(void*), void* argument, bool detached) {
  const std::uint32_t next = engine_.actor_count();
  if (threads_.size() <= next) threads_.resize(next + 1);
  if (threads_[next] == nullptr) threads_[next] = std::make_unique<Thread>();
  Thread& thread = *threads_[next];
  thread = Thread{};
  thread.start = start;
  thread.argument = argument;
  thread.detached = detached;
  thread.signals.blocked = self().signals.blocked;
  thread.processors = self().processors;
  if (history_.on()) note_beginning(thread);
  shared_.see_second_thread();
  const Actor actor = engine_.spawn(engine_.current(), &Control::enter_thread, &thread);
  CHECK(actor == next);
  thread.id = ThreadId{actor};
  if (finds_races_) races_.created(engine_.current(), actor);
  thread.handle = donors_->thread_pointer_of(actor);
  return thread;
}

void Control::spawn(void* (*start)(void*), void* argument, bool detached, const void* caller,
                    pthread_t* handle) {
  before(/*effect=*/true, nullptr, caller);
  Thread& thread = make_thread(start, argument, detached);
  thread.started_at = caller;
  *handle = static_cast<pthread_t>(thread.handle);
  keep({.did = Did::kCreated, .other = static_cast<std::uint32_t>(thread.id), .caller = caller});
  look();
  point(Access::kNone, nullptr, caller);
}

void Control::spawn_before_main(void* (*start)(void*), void* argument, bool detached,
                                pthread_t* handle) {
  const auto place = static_cast<std::uint32_t>(early_threads_.size()) + 1;
  donors_->grow(place + 1);
  early_threads_.push_back({start, argument, detached, donors_->thread_pointer_of(place)});
  *handle = static_cast<pthread_t>(early_threads_.back().handle);
}

bool Control::detach_before_main(std::uintptr_t handle) {
  for (EarlyThread& thread : early_threads_) {
    if (thread.handle != handle) continue;
    thread.detached = true;
    return true;
  }
  return false;
}

void Control::run_exits(Thread& thread) {
  while (!thread.exits.empty()) {
    const ThreadExit last = thread.exits.back();
    thread.exits.pop_back();
    last.call(last.object);
  }
}

void Control::end_thread(void* result) {
  Thread& me = self();
  if (me.id == ThreadId{0}) {  // pthread_exit() in main: the process lives on without it.
    run_exits(me);
    run_key_destructors(me);
    wait_for_others(me.where);
    if (left_over_) {  // The process would stay for ever: no handler runs.
      process().flush_output();
      flush();
      engine_.end();
    }
    end_process(0, /*with_handlers=*/true, me.where);
  }
  run_exits(me);
  run_key_destructors(me);
  globals.called = me.called = nullptr;
  point(Access::kRelease, &me, me.where);
  leave_robust_mutexes();
  keep({.did = Did::kEnded, .caller = me.where});
  if (!me.held.empty()) {
    CallStack stack;
    stack.push(me.held.front().where);
    fail(FindingKind::kAssertion, "ended with a lock held",
         "The thread ended and still holds a lock that it took here; nobody can take it any more",
         stack);
  }
  me.result = result;
  me.ended = true;
  waiters_.wake_all(&me);
  bool all = true;
  for (std::size_t i = 1; i < engine_.actor_count(); ++i) all = all && threads_[i]->ended;
  if (all && draining_) {
    draining_ = false;
    waiters_.wake(ThreadId{0});
  }
  rounds_ = 0;
  changed(nullptr);
  flush();
  engine_.leave();
}

bool Control::others_live() const {
  for (std::size_t i = 1; i < engine_.actor_count(); ++i) {
    if (!threads_[i]->ended) return true;
  }
  return false;
}

void Control::wait_for_others(const void* caller) {
  if (!others_live()) return;
  draining_ = true;
  waiters_.wait(self_id(), {.kind = WaitKind::kJoin, .object = &kOthers});
  wait_here(Access::kAcquire, nullptr, caller);
}

void Control::main_returned(int code, const void* caller) {
  // What runs from here on keeps away from where the frame of main() was: who still uses a variable
  // of it is found, and does not write over frames of ours.
  std::byte gap[LeftByMain::kBytes];
  asm volatile("" ::"r"(gap) : "memory");  // Else it would be left out.
  left_by_main_.end = static_cast<const std::byte*>(__builtin_frame_address(0));
  after_main(code, caller);
}

void Control::after_main(int code, const void* caller) {
  // Rarely at once: that ends the execution for all others. Of the places only calls have names.
  if (code == 0 && others_live() && ask(QuestionKind::kPreempt, 2, self().where) == 0) {
    flush();
    drain_until_ =
        engine_.steps() +
        std::min((budget_.last() - std::min(budget_.last(), engine_.steps())) / 4, kDrainStepsMax);
    wait_for_others(self().where);
    drain_until_ = sync::kNever;
    left_over_ = false;  // Whoever sleeps now may sleep.
  }
  end_process(code, /*with_handlers=*/true, caller);
}

void Control::stop_draining() {
  process().flush_output();
  engine_.end();
}

void Control::end_process(int code, bool with_handlers, const void* caller) {
  if (!ending_) {
    ending_ = true;
    if (with_handlers) {
      run_exits(self());
      run_exit_handlers();
    }
  }
  process().flush_output();
  if (code != 0) {
    CallStack stack;
    stack.push(caller);
    fail(FindingKind::kAssertion, "exit " + std::to_string(code),
         "The program ended with exit code " + std::to_string(code), stack);
  }
  flush();
  engine_.end();
}

}  // namespace reweave::program
