#include "runtime/stack/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "runtime/stack/registers.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

extern "C" void reweave_switch_slices(reweave::runtime::Slice* from, reweave::runtime::Slice* to,
                                      void* base, reweave::runtime::SliceStack* stack);

namespace reweave::runtime {

namespace {

// With this base every stack pointer is above the base, and nothing is copied.
constexpr void* kNoBase = nullptr;

struct ExceptionGlobals {
  void* caught;
  unsigned uncaught;
};
ExceptionGlobals& exception_globals() {
  return *reinterpret_cast<ExceptionGlobals*>(__cxxabiv1::__cxa_get_globals());
}

// Who leaves and who arrives: the other side of a switch has no other way to know.
thread_local Fiber* leaving = nullptr;
thread_local Fiber* arriving = nullptr;

}  // namespace

Fiber::~Fiber() {
  if (stack_ == nullptr) return;
  sanitizer::unregister_root_region(stack_, kStackBytes);
  // Another stack may come to lie there, and the abandoned frames had redzones.
  sanitizer::unpoison(stack_, kStackBytes);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  munmap(stack_ - page, kStackBytes + page);
}

// The first function on a new stack.
void begin_fiber() {
  Fiber& self = *arriving;
  sanitizer::finish_switch_fiber(nullptr, &leaving->bottom_, &leaving->bytes_);
  exception_globals() = {nullptr, 0};
  self.entry_(self.argument_);
  CHECK_MSG(false, "the entry of a fiber returned");
}

void Fiber::start(Entry entry, void* argument) {
  if (stack_ == nullptr) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const memory = mmap(nullptr, kStackBytes + page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    CHECK_MSG(memory != MAP_FAILED, "no memory for the stack of a virtual thread");
    CHECK(mprotect(memory, page, PROT_NONE) == 0);
    stack_ = static_cast<std::byte*>(memory) + page;
    sanitizer::register_root_region(stack_, kStackBytes);
  } else {
    sanitizer::unpoison(stack_, kStackBytes);  // The abandoned frames had redzones.
  }
  // Where it was when it was left the last time may have been a window of it.
  bottom_ = stack_;
  bytes_ = kStackBytes;
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  context_ = Slice{};
  context_.sp = lay_out_stack(stack_ + kStackBytes, &begin_fiber);
}

REWEAVE_UNINSTRUMENTED void switch_fibers(Fiber& from, Fiber& to) {
  const ExceptionGlobals exceptions = exception_globals();
  leaving = &from;
  arriving = &to;
  sanitizer::start_switch_fiber(&from.fake_stack_, to.bottom_, to.bytes_);
  reweave_switch_slices(&from.context_, &to.context_, kNoBase, nullptr);
  // Somebody came back.
  sanitizer::finish_switch_fiber(from.fake_stack_, &leaving->bottom_, &leaving->bytes_);
  exception_globals() = exceptions;
}

}  // namespace reweave::runtime
