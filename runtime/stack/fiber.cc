#include "runtime/stack/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "scheduler/check.h"
#include "scheduler/sanitizer.h"

extern "C" void reweave_switch_slices(reweave::runtime::Slice* from, reweave::runtime::Slice* to,
                                      void* base, reweave::runtime::SliceStack* stack);

namespace reweave::runtime {

namespace {

// With this base every stack pointer is above the base, and nothing is copied.
constexpr void* kNoBase = nullptr;

// What switch_*.S expects on a stack that it comes back to: saved registers, control words, the
// address to go on at.
struct Registers {
#if defined(__aarch64__)
  std::uint64_t frame_pointer, link, others[18], fpcr, padding;
  static constexpr std::size_t kBytes = 176;
  void set(void (*entry)()) { link = reinterpret_cast<std::uint64_t>(entry); }
#else
  std::uint32_t mxcsr;
  std::uint16_t x87, padding;
  std::uint64_t registers[6], entry;
  static constexpr std::size_t kBytes = 64;
  void set(void (*function)()) {
    mxcsr = 0x1f80;  // The ABI's defaults at process start.
    x87 = 0x037f;
    entry = reinterpret_cast<std::uint64_t>(function);
  }
#endif
};
static_assert(sizeof(Registers) == Registers::kBytes);

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
    bottom_ = stack_;
    bytes_ = kStackBytes;
  } else {
    sanitizer::unpoison(stack_, kStackBytes);  // The abandoned frames had redzones.
  }
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  // Aligned as a call leaves it: the entry finds its return address' place at the top.
  std::byte* const sp = stack_ + kStackBytes - 64 - 8 - sizeof(Registers);
  auto* const registers =
      reinterpret_cast<Registers*>(reinterpret_cast<std::uintptr_t>(sp) / 16 * 16
#if !defined(__aarch64__)
                                   + 8
#endif
      );
  std::memset(static_cast<void*>(registers), 0, sizeof *registers);
  registers->set(&begin_fiber);
  context_ = Slice{};
  context_.sp = registers;
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
