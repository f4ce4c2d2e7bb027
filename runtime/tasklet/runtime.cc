#include "runtime/tasklet/runtime.h"

#include "runtime/stack/window.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/base/check.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

namespace {
Runtime* executing = nullptr;  // With windows, and so in one OS thread.
}

void Runtime::sanitizer_found(const void* address) {
  const StackWindow* const window = find_suspended_window(address);
  if (window != nullptr && executing != nullptr)
    executing->running_->report_dangling_stack(*window);
}

Runtime::Runtime() : main_thread_(*this) {
  none_.kind = ObjectKind::kNone;
  memory_error_.kind = ObjectKind::kBomb;
  memory_error_.type = ExceptionType::kMemoryError;
  spill_code_.execute = &Thread::run_spilled;
  jump_code_.execute = &Thread::run_jump;
  spill_code_.label = "spill";
  jump_code_.label = "switch";
  reap_code_.label = "end of thread";
  spill_code_.visit_locals = &Thread::visit_spilled;
  jump_code_.visit_locals = &Thread::visit_jump;
  reap_code_.execute = &Thread::reap;
}

Runtime::~Runtime() {
  main_thread_.free_cstacks();
  threads_.clear();
  while (CStack* cstack = free_cstacks_) {
    free_cstacks_ = cstack->next;
    delete cstack;
  }
}

Thread::Ending Runtime::run(Code& main_code, const Settings& settings, Execution& execution,
                            const LedgerNames& names) {
  CHECK_MSG(!executing_, "Runtime::run() was called from within an execution");
  executing_ = true;
  if constexpr (kStackWindows) {
    executing = this;
    sanitizer::set_error_hook(&Runtime::sanitizer_found);
  }
  settings_ = settings;
  slice_cache_.set_enabled(settings.slice_cache);
  execution_ = &execution;
  names_ = &names;
  main_thread_.begin_execution(execution, names);
  main_thread_.phase_ = Thread::Phase::kReady;
  for (const auto& thread : threads_) thread->forget_execution();
  running_ = &main_thread_;
  threaded_ = abandoning_ = false;
  attends_steps_ = watcher_ != nullptr;
  clock_.reset();
  stacks_ = nullptr;
  tasklet_numbers_.clear();
  freed_.clear();
  name_actor(ActorId{0}, 0);
  frames_.clear();
  spill_code_.zombie = jump_code_.zombie = reap_code_.zombie = FrameRef{};
  heap_.reset();
  ledger_.begin(execution, names);
  none_.refs = memory_error_.refs = 1u << 30;
  memory_failed_ = false;
  memory_errors_ = 0;
  channel_callback_ = schedule_callback_ = {};
  error_handler_ = false;
  tasklet_count_ = 0;
  first_tasklet_ = last_tasklet_ = nullptr;
  last_channel_ = nullptr;
  last_dict_ = nullptr;
  tasklets_made_ = 0;
  step_site_ = SiteId{};
  structure_broken_ = false;
  touched_.begin(looks_at_touched_);
  thing_count_ = 0;
  free_records_.clear();
  given_up_ = 0;
  collector_.forget();

  add_stack(main_thread_.stub_place_ = StackPlace{});
  if (watcher_ != nullptr) watcher_->begin(*this);
  main_thread_.run_main(main_code);
  if (watcher_ != nullptr) watcher_->end();
  running_ = &main_thread_;
  executing_ = false;
  if constexpr (kStackWindows) {
    executing = nullptr;
    sanitizer::set_error_hook(nullptr);
  }
  return main_thread_.ending_;
}

void Runtime::note_lingering_at_end() {
  if (garbage_watcher_ == nullptr) return;
  collector_.note_lingering(main_thread_, /*at_end=*/true, *garbage_watcher_);
}

// As Stackless keeps its chain of C stacks: a new one comes last, before the head; and the head
// moves to the successor of whichever is taken out.
void Runtime::add_stack(StackPlace& place) {
  if (stacks_ == nullptr) {
    stacks_ = place.next = place.previous = &place;
    return;
  }
  place.next = stacks_;
  place.previous = stacks_->previous;
  stacks_->previous->next = &place;
  stacks_->previous = &place;
}

void Runtime::drop_stack(StackPlace& place) {
  if (place.next == nullptr) return;
  stacks_ = place.next == &place ? nullptr : place.next;
  place.next->previous = place.previous;
  place.previous->next = place.next;
  place.next = place.previous = nullptr;
}

void Runtime::name_actor(ActorId actor, std::int32_t tasklet) {
  const auto index = static_cast<std::size_t>(actor);
  if (tasklet_numbers_.size() <= index) tasklet_numbers_.resize(index + 1, -1);
  tasklet_numbers_[index] = tasklet;
}

}  // namespace reweave::runtime
