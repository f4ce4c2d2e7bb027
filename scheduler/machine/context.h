// A place to run: a machine stack, and what a switch between two of them has to know.
//
// A switch pushes the registers that the ABI calls callee-saved, changes the stack pointer, pops
// them again and jumps. There are two kinds of places, and an execution uses one of them throughout
// (machine.h):
//
// * plain: a stack of our own. The switch also keeps apart what C++ holds for exceptions in flight,
//   but looks at it only: as long as no handler is open and nothing is being thrown there is
//   nothing to exchange. thread_local, errno and pthread_self are shared by all.
// * borrowed: the stack and the thread control block of a real thread that is parked for ever. The
//   switch changes the thread pointer, too, so that all of the above is each actor's own.
//
// Not switched: MXCSR, the x87 control word, FPCR. A program that changes its rounding mode in one
// actor changes it for all; saving them costs a quarter of a short switch.
//
// A place that is not entered again is abandoned: no destructor on its stack runs. The next
// prepare() takes it over.
//
// Cost: 20 instructions for a plain switch. No allocation, no system call; borrowed on a processor
// or kernel without FSGSBASE: one system call.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/base/reweave_check.h"
#include "scheduler/machine/sanitizer.h"

extern "C" void reweave_context_start();

namespace reweave {

/// Plain data; filled in by a Machine. The assembly knows the first three members by their offsets.
struct Context {
  using Entry = void (*)(void* argument);

  void* sp = nullptr;                         // Where its registers lie while it is suspended.
  void* thread_pointer = nullptr;             // Borrowed: of the thread that lent it.
  const std::uint64_t* exceptions = nullptr;  // Plain: the two words of C++'s exception globals.
  std::byte* top = nullptr;    // Where its first frame begins: a multiple of 16, staggered, so that
                               // the tops of many stacks do not share a few cache sets.
  std::byte* stack = nullptr;  // Lowest address of the stack; null: not known.
  std::size_t stack_bytes = 0;  // From there.
  void* fake_stack = nullptr;   // AddressSanitizer's, while it is suspended.
  Entry entry = nullptr;        // Only where somebody has to be told of the first switch.
  void* argument = nullptr;
};

/// Leaves `from`, which is running, for `to`. Returns when somebody switches back to `from`.
using SwitchFunction = void (*)(Context* from, Context* to);

/// What switch_context_*.S finds on a stack that it comes back to.
struct SavedRegisters {
#if defined(__aarch64__)
  std::uint64_t frame_pointer, link, argument, entry, others[8], vectors[8];
#else
  std::uint64_t r15, r14, entry, argument, rbx, frame_pointer, link;
#endif
};

/// The next switch to `context` calls `entry(argument)`, which must never return and lets no
/// exception out. What was suspended there is abandoned. Not for the running context.
inline void prepare(Context& context, Context::Entry entry, void* argument);

/// The switch between plain places: that of assembly, or one that tells AddressSanitizer.
SwitchFunction plain_switch();
/// The switch between borrowed places: by one instruction where kernel and processor allow it.
SwitchFunction borrowed_switch();

/// The thread pointer of the calling thread.
inline void* thread_pointer() {
  void* pointer = nullptr;
#if defined(__x86_64__)
  asm("mov %%fs:0, %0" : "=r"(pointer));
#else
  asm("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
  return pointer;
}

/// The calling thread as a context: where a run of an engine comes back to. It is filled in for
/// both kinds.
void become_home(Context& context);

// ---- Inside ----

/// The half of prepare() that AddressSanitizer needs: what is then entered first, and with what.
void prepare_told(Context& context, Context::Entry& entry, void*& argument);

inline void prepare(Context& context, Context::Entry entry, void* argument) {
  REWEAVE_DCHECK(reinterpret_cast<std::uintptr_t>(context.top) % 16 == 0);
  if (sanitizer::kAddress) prepare_told(context, entry, argument);
  auto* const frame = reinterpret_cast<SavedRegisters*>(context.top - sizeof(SavedRegisters));
  frame->frame_pointer = 0;
  frame->link = reinterpret_cast<std::uint64_t>(&reweave_context_start);
  frame->entry = reinterpret_cast<std::uint64_t>(entry);
  frame->argument = reinterpret_cast<std::uint64_t>(argument);
  context.sp = frame;
}

}  // namespace reweave
