#include "runtime/tasklet/thread.h"

#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

const EventInfo& event_info(EventKind kind) {
  static constexpr EventInfo kEvents[] = {
#define EVENT(identifier, word, arguments) {word, arguments},
#include "runtime/vocabulary/events.def"
#undef EVENT
  };
  return kEvents[static_cast<std::size_t>(kind)];
}

const char* error_code_name(ErrorCode code) {
  static constexpr const char* kNames[] = {
      "",
      "deadlock",
      "main_recv_deadlock",
      "main_send_deadlock",
      "block_trap",
      "switch_trap",
      "run_blocked",
      "run_dead",
      "remove_blocked",
      "remove_current",
      "throw_dead",
      "recursive_channel_cb",
      "closed",
      "nesting",
      "recursive_schedule_cb",
      "bind_current",
      "bind_scheduled",
      "bind_cstate",
      "unbind_main",
      "setup_alive",
      "not_bound",
      "no_thread",
      "thread_dead",
      "switch_thread",
      "bindt_runnable",
      "pool_stopped",
      "no_worker",
      "not_locked",
      "lock_deadlock",
      "throw_running",
  };
  return kNames[static_cast<std::size_t>(code)];
}

Thread::Thread(Shared& shared, std::uint32_t number) : shared_(shared), number_(number) {
  saved_.stub.stub = true;
  saved_.chain.next = saved_.chain.previous = &saved_.chain;
  saved_.machine.cache = &shared_.slice_cache;
  saved_.machine.entry = &stub_entry;
  saved_.machine.argument = this;
}

Thread::~Thread() { free_cstacks(*this); }

// Before the shared state is cleared: saved stacks go back to the cache of slices.
void Thread::begin_execution(Execution& execution) {
  execution_ = &execution;
  free_cstacks(*this);
  current_ = main_ = nullptr;
  error_ = nullptr;
  queue_ = {};
  watchdog_.begin();
  guard_ = {};
  evaluation_ = {};
  saved_.spills = 0;
  turn_.begin();
  life_.ending = {};
  life_.ended_main = life_.leaves_ring_last = nullptr;
  life_.actor = life_.nobody = ActorId{};
}

void Thread::forget_execution() {
  free_cstacks(*this);
  turn_.phase = ThreadPhase::kUnused;
}

void Thread::log(EventKind kind, std::initializer_list<std::int32_t> args) {
  const ActorId actor = current_ == nullptr ? ActorId{0} : current_->actor;
  execution_->event(actor, static_cast<std::uint16_t>(kind), {args.begin(), args.size()},
                    evaluation_.here());
}

void Thread::note(EventKind kind, std::initializer_list<std::int32_t> args) {
  const ActorId actor = current_ == nullptr ? ActorId{0} : current_->actor;
  execution_->note(actor, static_cast<std::uint16_t>(kind), {args.begin(), args.size()},
                   evaluation_.here());
}

void Thread::abandon() {
  if (number_ != 0) {
    // The host waits on the first thread's stack.
    Thread& first = *shared_.lock.threads.front();
    shared_.lock.abandoning = true;
    shared_.lock.running = &first;
    switch_fibers(life_.fiber, first.life_.fiber);
  }
  switch_slices(saved_.machine, nullptr, saved_.host);
  CHECK_MSG(false, "an abandoned stack was switched to");
  __builtin_unreachable();
}

}  // namespace reweave::runtime
