#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

Runtime::Runtime() : main_thread_(*this) {
  none_.kind = ObjectKind::kNone;
  spill_code_.execute = &Thread::run_spilled;
  jump_code_.execute = &Thread::run_jump;
  spill_code_.visit_locals = &Thread::visit_spilled;
  jump_code_.visit_locals = &Thread::visit_jump;
}

Runtime::~Runtime() {
  main_thread_.free_cstacks();
  while (CStack* cstack = free_cstacks_) {
    free_cstacks_ = cstack->next;
    delete cstack;
  }
}

Thread::Ending Runtime::run(Code& main_code, const Settings& settings, Execution& execution,
                            const LedgerNames& names) {
  CHECK_MSG(!executing_, "Runtime::run() was called from within an execution");
  executing_ = true;
  settings_ = settings;
  slice_cache_.set_enabled(settings.slice_cache);
  main_thread_.begin_execution(execution, names);
  frames_.clear();
  spill_code_.zombie = jump_code_.zombie = FrameRef{};
  heap_.reset();
  ledger_.begin(execution, names);
  none_.refs = 1u << 30;
  channel_callback_ = schedule_callback_ = {};
  error_handler_ = false;
  tasklet_count_ = 0;
  first_tasklet_ = last_tasklet_ = nullptr;
  last_channel_ = nullptr;
  step_site_ = SiteId{};
  given_up_ = 0;

  main_thread_.run_main(main_code);
  executing_ = false;
  return main_thread_.ending_;
}

}  // namespace reweave::runtime
