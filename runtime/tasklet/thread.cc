#include "runtime/tasklet/thread.h"

#include <utility>

#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/base/check.h"

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
  };
  return kNames[static_cast<std::size_t>(code)];
}

Thread::Thread(Runtime& runtime)
    : runtime_(runtime),
      settings_(runtime.settings_),
      ledger_(runtime.ledger_),
      heap_(runtime.heap_),
      touched_(runtime.touched_),
      none_(runtime.none_),
      memory_error_(runtime.memory_error_),
      frames_(runtime.frames_),
      slice_cache_(runtime.slice_cache_),
      clock_(runtime.clock_),
      spill_code_(runtime.spill_code_),
      jump_code_(runtime.jump_code_),
      channel_callback_(runtime.channel_callback_),
      schedule_callback_(runtime.schedule_callback_),
      error_handler_(runtime.error_handler_) {
  stub_cstack_.stub = true;
  chain_.next = chain_.previous = &chain_;
  stack_.cache = &slice_cache_;
  stack_.entry = &Thread::stub_entry;
  stack_.argument = this;
}

Thread::~Thread() { free_cstacks(); }

void Thread::free_cstacks() {
  while (chain_.next != &chain_) free_cstack(chain_.next);
}

// Before the shared state is cleared: saved stacks go back to the cache of slices.
void Thread::begin_execution(Execution& execution, const LedgerNames& names) {
  execution_ = &execution;
  names_ = &names;
  free_cstacks();
  current_ = head_ = main_ = nullptr;
  run_count_ = 0;
  error_ = nullptr;
  running_ = transfer_frame_ = FrameRef{};
  transfer_value_ = nullptr;
  del_post_switch_ = nullptr;
  nesting_level_ = level_ = root_ = recursion_depth_ = 0;
  switch_trap_ = 0;
  callback_running_ = in_schedule_callback_ = false;
  switching_to_ = nullptr;
  switch_reserved_ = false;
  watchdog_count_ = 0;
  timeout_ = {};
  interrupted_ = interrupted_stack_ = nullptr;
  transfers_ = 0;
  doing_ = nullptr;
  ending_ = {};
  spills_ = 0;
  idle_ = lost_turn_atomic_ = false;
  parking_ = {};
  ended_main_ = nullptr;
  actor_ = nobody_ = ActorId{};
  held_ticks_ = 0;
}

void Thread::forget_execution() {
  free_cstacks();
  phase_ = Phase::kUnused;
}

// Runs `main_code` in a fresh main tasklet, on this machine stack, until it has ended or the
// execution is stopped.
void Thread::run_main(Code& main_code) {
  main_ = nullptr;
  ending_ = {};
  main_ = make_tasklet();
  main_->is_main = true;
  main_->actor = actor_;
  main_->frame = make_root_frame(main_code);
  main_->started = true;
  queue_append(retain(main_));
  head_ = current_ = main_;
  transfer_frame_ = entry_frame_ = main_->frame;
  main_->frame = FrameRef{};
  enter_sliced(stack_, host_);
}

void Thread::stub_entry(void* thread) {
  auto* const self = static_cast<Thread*>(thread);
  self->stub();
  // The program has ended. As abandon(), but by a call that the compiler takes for one that
  // returns: before any other AddressSanitizer would unpoison the whole stack, and ask the system
  // where it ends.
  switch_slices(self->stack_, nullptr, self->host_);
}

// The top of every fresh stack. Whoever arrives here wants `transfer_frame_` to run in `current_`.
// Returns when main has ended.
void Thread::stub() {
  nesting_level_ = level_ = root_ = 0;
  // Taken first: what dies now may run code that switches, through this very door.
  FrameRef frame = transfer_frame_;
  transfer_frame_ = FrameRef{};
  if (settings_.defects.has(Defect::kStubRunsFirstFrame)) frame = entry_frame_;
  require(frame.frame != nullptr, "no-frame-to-go-on-with");
  running_ = frame;
  release_post_switch();
  Object* value = explode(claim(current_));
  for (;;) {
    value = dispatch(frame, value, /*whole_tasklet=*/true);
    value = tasklet_end(value);
    if (ending_.ended) return;
    require(value == kUnwind, "tasklet-did-not-end");
    frame = finish_unwinding(value);
  }
}

FrameRef Thread::take_transfer(Object*& value) {
  const FrameRef frame = transfer_frame_;
  require(frame.frame != nullptr, "no-frame-to-go-on-with");
  value = transfer_value_;
  check_result(value);
  transfer_frame_ = FrameRef{};
  transfer_value_ = nullptr;
  return frame;
}

// Where the C stack has unwound to. The switch was soft: the value is safe in a local while
// whatever died with the switch is released.
FrameRef Thread::finish_unwinding(Object*& value) {
  const FrameRef frame = take_transfer(value);
  if (del_post_switch_ == nullptr) {
    --transfers_;
    return frame;
  }
  Object* const dying = del_post_switch_;
  del_post_switch_ = nullptr;
  running_ = frame;
  // The historical defect: the value stays in the one place for values that are on their way.
  const bool shared = settings_.defects.has(Defect::kUnwindingValueShared);
  if (shared) transfer_value_ = std::exchange(value, nullptr);
  release(dying);
  if (shared) {
    value = std::exchange(transfer_value_, nullptr);
    if (value == nullptr && error_ == nullptr) {
      ledger_.null_tempval(*current_, frame.frame->site, "unwinding");
      abandon();
    }
  }
  --transfers_;
  return frame;
}

// Runs frames until `frame` itself has returned or, for a whole tasklet, until a frame has no
// caller. Soft switches happen only in the latter, so `frame` may then come to belong to another
// tasklet.
Object* Thread::dispatch(FrameRef frame, Object* value, bool whole_tasklet) {
  const FrameRef entry = frame;
  for (;;) {
    running_ = frame;
    check_frame(frame, "resumed");
    const std::int64_t transfers = transfers_;
    value = frame.frame->code->execute(*this, frame, value);
    if (value == kUnwind) {
      // The live defect: on the bottom level of a spilled stack the counts are compared. If they
      // are equal, the frame has handed over to nobody, and what is there is its own.
      if (transfers == transfers_ && level_ == root_ && root_ != 0 &&
          settings_.defects.has(Defect::kFrameCountsCancel)) {
        release_frame(transfer_frame_);
      }
      running_ = FrameRef{};
      release_frame(frame);
      frame = finish_unwinding(value);
      continue;
    }
    check_frame(frame, "returned");
    check_result(value);
    const FrameRef back = frame.frame->back;
    if (!whole_tasklet && frame.frame == entry.frame) {
      --recursion_depth_;
      // The caller's own dispatcher holds the caller's frame.
      running_ = back;
      release_frame(frame);
      return value;
    }
    if (back) {
      --recursion_depth_;
      retain_frame(back);
    }
    running_ = back;
    release_frame(frame);
    if (!back) return value;
    frame = back;
  }
}

Object* Thread::call_softly(FrameRef callee, Object* value) {
  if (!callee) {
    release(value);
    return nullptr;
  }
  ++recursion_depth_;
  ++transfers_;
  transfer_frame_ = callee;
  transfer_value_ = value;
  return kUnwind;
}

Object* Thread::evaluate(FrameRef frame, Object* value) {
  if (!frame) {
    release(value);
    return nullptr;
  }
  if (nesting_level_ >= kNestingMax) {
    release(value);
    release_frame(frame);
    return raise_runtime_error(ErrorCode::kNesting);
  }
  // As in the real thing nothing spills while an exception is pending; the point is passed all the
  // same.
  const bool possible = error_ == nullptr;
  const bool opposite = execution_->ask(QuestionKind::kSpill, current_->actor, frame.frame->site,
                                        possible ? 2 : 1) != 0;
  const bool deep = level_ + 1 - root_ >= settings_.spill_levels;
  // Where there is no memory to spill, nothing is spilled.
  if (possible && deep != opposite && !out_of_memory() && !out_of_memory()) {
    value = evaluate_spilled(frame, value);
  } else {
    ++nesting_level_;
    ++level_;
    ++recursion_depth_;
    value = dispatch(frame, value, /*whole_tasklet=*/false);
    --nesting_level_;
    --level_;
  }
  // A nested level was the reason why it could not be interrupted: the next tick does it.
  if (current_->pending_irq && pending_irq_is_due()) [[unlikely]]
    timeout_.watermark = timeout_.ticks;
  return value;
}

Object* Thread::raise(Bomb* bomb) {
  require(error_ == nullptr, "exception-over-exception");
  error_ = bomb;
  return nullptr;
}

Bomb* Thread::take_error() {
  Bomb* const bomb = error_;
  error_ = nullptr;
  return bomb;
}

void Thread::log(EventKind kind, std::initializer_list<std::int32_t> args) {
  const ActorId actor = current_ == nullptr ? ActorId{0} : current_->actor;
  execution_->event(actor, static_cast<std::uint16_t>(kind), {args.begin(), args.size()}, here());
}

void Thread::note(EventKind kind, std::initializer_list<std::int32_t> args) {
  const ActorId actor = current_ == nullptr ? ActorId{0} : current_->actor;
  execution_->note(actor, static_cast<std::uint16_t>(kind), {args.begin(), args.size()}, here());
}

void Thread::tell_of_deadlock() {
  note(EventKind::kDeadlocked);
  if (runtime_.deadlock_watcher_ != nullptr) runtime_.deadlock_watcher_->deadlocked(*this);
}

void Thread::abandon() {
  if (number_ != 0) {
    // The host waits on the first thread's stack.
    runtime_.abandoning_ = true;
    runtime_.running_ = &runtime_.main_thread();
    switch_fibers(fiber_, runtime_.main_thread().fiber_);
  }
  switch_slices(stack_, nullptr, host_);
  CHECK_MSG(false, "an abandoned stack was switched to");
  __builtin_unreachable();
}

bool Thread::ask_preempt(SiteId site, bool slice_over) {
  const bool possible = timeout_running() ? !slice_over && current_ != interrupt_target()
                                          : run_count_ > 1 && switch_trap_ == 0 &&
                                                !current_->atomic && !callback_running_;
  if (possible && execution_->wants_steps()) [[unlikely]]
    return ask_preempt_with_steps(site);
  return execution_->ask(QuestionKind::kPreempt, current_->actor, site, possible ? 2 : 1) != 0;
}

}  // namespace reweave::runtime
