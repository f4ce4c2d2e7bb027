#include "scheduler/machine/context.h"

#include <cxxabi.h>
#include <sys/auxv.h>

#include <cstring>

#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

extern "C" {
void reweave_switch_plain(reweave::Context* from, reweave::Context* to);
void reweave_switch_registers(reweave::Context* from, reweave::Context* to);
void reweave_switch_borrowed(reweave::Context* from, reweave::Context* to);
#if defined(__x86_64__)
void reweave_switch_borrowed_by_call(reweave::Context* from, reweave::Context* to);
#endif
void reweave_switch_in_handler(reweave::Context* from, reweave::Context* to);
}

namespace reweave {
namespace {

static_assert(offsetof(Context, sp) == 0);
static_assert(offsetof(Context, thread_pointer) == 8);
static_assert(offsetof(Context, exceptions) == 16);

/// What the C++ ABI keeps for each thread about exceptions: the innermost one whose handler is
/// open, and how many are thrown and not yet caught.
struct ExceptionGlobals {
  void* caught;
  std::uint64_t uncaught;  // Of these only the lower half is used; the other is padding.
};

ExceptionGlobals& exception_globals() {
  return *reinterpret_cast<ExceptionGlobals*>(__cxxabiv1::__cxa_get_globals());
}

// Who leaves for a stack that nobody has been on yet: the other side has no other way to know.
thread_local Context* leaving = nullptr;

/// The switch under AddressSanitizer, which has to be told before and after.
REWEAVE_UNINSTRUMENTED void switch_told(Context* from, Context* to) {
  leaving = from;
  sanitizer::start_switch_fiber(&from->fake_stack, to->stack, to->stack_bytes);
  reweave_switch_registers(from, to);
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  sanitizer::finish_switch_fiber(from->fake_stack, &bottom, &bytes);
}

REWEAVE_UNINSTRUMENTED void switch_plain_told(Context* from, Context* to) {
  ExceptionGlobals& globals = exception_globals();
  const ExceptionGlobals mine = globals;
  globals = {nullptr, 0};
  switch_told(from, to);
  globals = mine;
}

/// The first function on a stack under AddressSanitizer.
void begin_told(void* argument) {
  auto& self = *static_cast<Context*>(argument);
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  sanitizer::finish_switch_fiber(nullptr, &bottom, &bytes);
  if (leaving->stack == nullptr) {  // The stack that the system gave us: now we know where it is.
    leaving->stack = static_cast<std::byte*>(const_cast<void*>(bottom));
    leaving->stack_bytes = bytes;
  }
  self.entry(self.argument);
  CHECK_MSG(false, "the entry of a context returned");
}

bool may_write_fs_base() {
#if defined(__x86_64__)
  constexpr unsigned long kFsGsBase = 1u << 1;  // HWCAP2_FSGSBASE.
  return (getauxval(AT_HWCAP2) & kFsGsBase) != 0;
#else
  return true;
#endif
}

}  // namespace

void prepare_told(Context& context, Context::Entry& entry, void*& argument) {
  if (context.sp != nullptr && context.stack != nullptr) {
    // The frames that were abandoned there had redzones; further down there is nothing.
    constexpr std::size_t kBelow = 1024;
    std::byte* low = static_cast<std::byte*>(context.sp) - kBelow;
    if (low < context.stack) low = context.stack;
    sanitizer::unpoison(low, static_cast<std::size_t>(context.stack + context.stack_bytes - low));
  }
  if (context.thread_pointer != nullptr) return;
  context.entry = entry;
  context.argument = argument;
  context.fake_stack = nullptr;
  entry = &begin_told;
  argument = &context;
}

SwitchFunction plain_switch() {
  return sanitizer::kAddress ? &switch_plain_told : &reweave_switch_plain;
}

SwitchFunction borrowed_switch() {
#if defined(__x86_64__)
  static const bool by_instruction = may_write_fs_base();
  if (!by_instruction) return &reweave_switch_borrowed_by_call;
#endif
  return &reweave_switch_borrowed;
}

void become_home(Context& context) {
  context = Context{};
  context.thread_pointer = thread_pointer();
  context.exceptions = reinterpret_cast<const std::uint64_t*>(&exception_globals());
}

}  // namespace reweave

// Called by reweave_switch_plain when an exception is in flight or a handler open: what is known of
// them waits on the stack that is left.
extern "C" REWEAVE_UNINSTRUMENTED void reweave_switch_in_handler(reweave::Context* from,
                                                                 reweave::Context* to) {
  reweave::ExceptionGlobals& globals = reweave::exception_globals();
  const reweave::ExceptionGlobals mine = globals;
  globals = {nullptr, 0};
  reweave_switch_registers(from, to);
  globals = mine;
}
