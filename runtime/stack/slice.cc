#include "runtime/stack/slice.h"

#include "runtime/stack/window.h"

#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {
namespace {

// What libstdc++ keeps for exceptions in flight; the layout is fixed by the Itanium C++ ABI.
struct ExceptionGlobals {
  void* caught;
  unsigned uncaught;
};

}  // namespace
}  // namespace reweave::runtime

namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

extern "C" {
void reweave_switch_slices(reweave::runtime::Slice* from, reweave::runtime::Slice* to, void* base,
                           reweave::runtime::SliceStack* stack);
[[noreturn]] void reweave_start_slice(reweave::runtime::SliceStack* stack);
#if defined(__x86_64__)
// Read by the assembly. Set before main(), never changed later.
extern const unsigned char reweave_switch_has_avx;
const unsigned char reweave_switch_has_avx = __builtin_cpu_supports("avx") ? 1 : 0;
#endif
}

namespace reweave::runtime {
namespace {

// From the frame of switch_slices() down to where the assembly stands: its own locals and what the
// assembly pushes.
constexpr std::size_t kMargin = 1024;
// Between the host's frame and the base, for what the host's own frame still pushes.
constexpr std::size_t kGap = 1024;

// Copies of shadow bytes, in words where possible and without a call that a sanitizer would
// intercept.
[[maybe_unused]] REWEAVE_UNINSTRUMENTED void copy_shadow(std::uint8_t* to, const std::uint8_t* from,
                                                         std::size_t count) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    *reinterpret_cast<volatile std::uint64_t*>(to + i) =
        *reinterpret_cast<const volatile std::uint64_t*>(from + i);
  }
  for (; i < count; ++i) *static_cast<volatile std::uint8_t*>(to + i) = from[i];
}

[[maybe_unused]] REWEAVE_UNINSTRUMENTED void clear_shadow(std::uint8_t* at, std::size_t count) {
  std::size_t i = 0;
  for (; i < count && (reinterpret_cast<std::uintptr_t>(at + i) & 7) != 0; ++i) {
    *static_cast<volatile std::uint8_t*>(at + i) = 0;
  }
  for (; i + 8 <= count; i += 8) *reinterpret_cast<volatile std::uint64_t*>(at + i) = 0;
  for (; i < count; ++i) *static_cast<volatile std::uint8_t*>(at + i) = 0;
}

// Nothing that the leaver poisoned below the arriver may stay so (runtime/doc/stack_traps.md,
// trap 1).
[[maybe_unused]] REWEAVE_UNINSTRUMENTED void clear_stale_shadow(const SliceStack& stack,
                                                                std::byte* arriver_low) {
  std::byte* const end = arriver_low < stack.base ? arriver_low : stack.base;
  if (stack.leaver_low < end) {
    clear_shadow(sanitizer::shadow_of(stack.leaver_low),
                 static_cast<std::size_t>(end - stack.leaver_low) / 8);
  }
}

// The lowest address that the caller, whose frame is at `frame`, and the assembly below it may use.
std::byte* lowest_use(void* frame) {
  const auto address = reinterpret_cast<std::uintptr_t>(frame) - kMargin;
  return reinterpret_cast<std::byte*>(address / kSliceBlock * kSliceBlock);
}

}  // namespace

// Everything that must be right before instrumented code runs on the arriver's stack happens in
// this one function, on both sides of the call in its middle: what is kept in its locals travels
// with the slice.
REWEAVE_UNINSTRUMENTED void switch_slices(SliceStack& stack, Slice* from, Slice& to) {
  std::byte* const low = lowest_use(__builtin_frame_address(0));
  const std::size_t bytes = low < stack.base ? static_cast<std::size_t>(stack.base - low) : 0;
  const ExceptionGlobals exceptions = *static_cast<ExceptionGlobals*>(stack.exceptions);
  if (from != nullptr && bytes > 0) {
    stack.cache->reserve(*from, bytes);
    if constexpr (sanitizer::kAddress) {
      copy_shadow(from->shadow - bytes / 8, sanitizer::shadow_of(low), bytes / 8);
    }
    stack.bytes_copied += bytes;
  }
  ++stack.switches;
  stack.leaver_low = low;
  reweave_switch_slices(from, &to, stack.base, &stack);
  if constexpr (sanitizer::kAddress) {
    clear_stale_shadow(stack, low);
    if (bytes > 0) copy_shadow(sanitizer::shadow_of(low), from->shadow - bytes / 8, bytes / 8);
  }
  *static_cast<ExceptionGlobals*>(stack.exceptions) = exceptions;
}

const StackWindow* find_suspended_window(const void*) { return nullptr; }

REWEAVE_UNINSTRUMENTED void enter_sliced(SliceStack& stack, Slice& host) {
  CHECK(stack.cache != nullptr);
  CHECK(stack.entry != nullptr);
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kMargin - kGap;
  stack.base = reinterpret_cast<std::byte*>(frame / kSliceBlock * kSliceBlock);
  stack.exceptions = __cxxabiv1::__cxa_get_globals();
  Slice fresh;
  host = Slice{};
  switch_slices(stack, &host, fresh);
}

std::size_t sliced_depth(const SliceStack& stack) {
  const auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
  return here < stack.base ? static_cast<std::size_t>(stack.base - here) : 0;
}

}  // namespace reweave::runtime

// The first function on every fresh slice, called by the assembly: puts the shadow right before
// anybody looks.
extern "C" REWEAVE_UNINSTRUMENTED void reweave_start_slice(reweave::runtime::SliceStack* stack) {
  using namespace reweave::runtime;
  if constexpr (reweave::sanitizer::kAddress) clear_stale_shadow(*stack, stack->base);
  *static_cast<ExceptionGlobals*>(stack->exceptions) = {nullptr, 0};
  stack->entry(stack->argument);
  CHECK_MSG(false, "the entry of a slice returned");
}
