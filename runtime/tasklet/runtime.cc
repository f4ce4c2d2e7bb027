#include "runtime/tasklet/runtime.h"

#include "runtime/stack/window.h"
#include "runtime/tasklet/spill.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

namespace {
Runtime* executing = nullptr;  // With windows, and so in one OS thread.
}

void Runtime::sanitizer_found(const void* address) {
  const StackWindow* const window = find_suspended_window(address);
  if (window != nullptr && executing != nullptr)
    report_dangling_stack(executing->running(), *window);
}

Runtime::Runtime() {
  shared_.none.kind = ObjectKind::kNone;
  shared_.memory_error.kind = ObjectKind::kBomb;
  shared_.memory_error.type = ExceptionType::kMemoryError;
  shared_.spill_code.execute = &run_spilled;
  shared_.jump_code.execute = &run_jump;
  shared_.spill_code.label = "spill";
  shared_.jump_code.label = "switch";
  shared_.reap_code.label = "end of thread";
  shared_.spill_code.visit_locals = &visit_spilled;
  shared_.jump_code.visit_locals = &visit_jump;
  shared_.reap_code.execute = &reap;
  shared_.lock.threads.push_back(&main_thread_);
  shared_.lock.running = &main_thread_;
}

Runtime::~Runtime() {
  free_cstacks(main_thread_);
  threads_.clear();
  while (CStack* cstack = shared_.free_cstacks) {
    shared_.free_cstacks = cstack->next;
    delete cstack;
  }
}

Ending Runtime::run(Code& main_code, const Settings& settings, Execution& execution,
                    const LedgerNames& names) {
  CHECK_MSG(!executing_, "Runtime::run() was called from within an execution");
  executing_ = true;
  if constexpr (kStackWindows) {
    executing = this;
    sanitizer::set_error_hook(&Runtime::sanitizer_found);
  }
  shared_.settings = settings;
  main_thread_.begin_execution(execution);
  main_thread_.turn().phase = ThreadPhase::kReady;
  // Each step looks at the threads of this execution alone, not at those that are kept.
  std::vector<Thread*>& started = shared_.lock.threads;
  for (std::size_t number = 1; number < started.size(); ++number)
    started[number]->forget_execution();
  started.resize(1);
  shared_.begin(execution, names);

  shared_.stacks.add(main_thread_.life().stub_place = StackPlace{});
  Watcher* const watcher = shared_.lock.watcher;
  if (watcher != nullptr) watcher->begin(*this);
  run_main(main_thread_, main_code);
  if (watcher != nullptr) watcher->end();
  shared_.lock.running = &main_thread_;
  executing_ = false;
  if constexpr (kStackWindows) {
    executing = nullptr;
    sanitizer::set_error_hook(nullptr);
  }
  return main_thread_.life().ending;
}

Thread* Runtime::start_thread(std::uint32_t number, Code& main_code) {
  CHECK_MSG(executing_, "Runtime::start_thread() was called outside of an execution");
  CHECK_MSG(number > 0 && number < kThreadsMax,
            "Runtime::start_thread() takes a number from 1 to kThreadsMax - 1");
  while (threads_.size() < number) {
    threads_.push_back(
        std::make_unique<Thread>(shared_, static_cast<std::uint32_t>(threads_.size() + 1)));
  }
  for (std::vector<Thread*>& started = shared_.lock.threads; started.size() <= number;)
    started.push_back(threads_[started.size() - 1].get());
  Thread& thread = *threads_[number - 1];
  if (thread.turn().phase != ThreadPhase::kUnused) return nullptr;
  thread.begin_execution(*shared_.execution);
  ThreadLife& life = thread.life();
  life.actor = shared_.execution->spawn(running().current()->actor);
  shared_.name_actor(life.actor, static_cast<std::int32_t>(kThreadMains + number));
  life.main_code = &main_code;
  life.stub_place = StackPlace{};
  thread.turn().phase = ThreadPhase::kReady;
  thread.turn().idle = false;
  life.fiber.start(&fiber_entry, &thread);
  shared_.lock.threaded = shared_.lock.attends_steps = true;
  return &thread;
}

void Runtime::note_lingering_at_end() {
  if (shared_.garbage_watcher == nullptr) return;
  shared_.collector.note_lingering(main_thread_, /*at_end=*/true, *shared_.garbage_watcher);
}

}  // namespace reweave::runtime
