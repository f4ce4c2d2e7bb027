#include "runtime/tasklet/saved_stacks.h"

#include "runtime/tasklet/thread.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

CStack* make_cstack(Thread& thread, std::uint32_t nesting_level) {
  CStack* cstack = thread.shared().free_cstacks;
  if (cstack != nullptr) {
    thread.shared().free_cstacks = cstack->next;
  } else {
    cstack = new CStack;
  }
  cstack->nesting_level = nesting_level;
  cstack->levels = thread.evaluation().level - thread.evaluation().root + 1;
  thread.shared().slice_levels += cstack->levels;
  cstack->next = thread.saved().chain.next;
  cstack->previous = &thread.saved().chain;
  thread.saved().chain.next->previous = cstack;
  thread.saved().chain.next = cstack;
  return cstack;
}

void free_cstack(Thread& thread, CStack* cstack) {
  CHECK(!cstack->stub);
  thread.shared().slice_levels -= cstack->levels;
  thread.shared().slice_cache.release(cstack->slice);
  cstack->next->previous = cstack->previous;
  cstack->previous->next = cstack->next;
  cstack->next = thread.shared().free_cstacks;
  thread.shared().free_cstacks = cstack;
}

void free_cstacks(Thread& thread) {
  while (thread.saved().chain.next != &thread.saved().chain)
    free_cstack(thread, thread.saved().chain.next);
}

}  // namespace reweave::runtime
