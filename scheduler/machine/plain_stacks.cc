#include "scheduler/machine/plain_stacks.h"

#include <sys/mman.h>
#include <unistd.h>

#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave {

PlainStacks::PlainStacks(std::size_t stack_bytes)
    : Machine(plain_switch()),
      stack_bytes_(stack_bytes),
      page_bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  CHECK(stack_bytes % page_bytes_ == 0);
  CHECK(stack_bytes >= std::size_t{64} << 10);
}

PlainStacks::~PlainStacks() {
  for (std::uint32_t i = 0; i < places(); ++i) {
    std::byte* const stack = context(i).stack;
    sanitizer::unregister_root_region(stack, stack_bytes_);
    // Another mapping may come to lie there, and the abandoned frames had redzones.
    sanitizer::unpoison(stack, stack_bytes_);
    munmap(stack - page_bytes_, stack_bytes_ + page_bytes_);
  }
}

void PlainStacks::make(Context& context, std::uint32_t number) {
  void* const memory = mmap(nullptr, stack_bytes_ + page_bytes_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  CHECK_MSG(memory != MAP_FAILED, "no memory for the stack of an actor");
  CHECK(mprotect(memory, page_bytes_, PROT_NONE) == 0);
  context.stack = static_cast<std::byte*>(memory) + page_bytes_;
  context.stack_bytes = stack_bytes_;
  context.top = context.stack + stack_bytes_ - stagger_bytes(number);
  context.exceptions = home().exceptions;
  sanitizer::register_root_region(context.stack, stack_bytes_);
}

}  // namespace reweave
