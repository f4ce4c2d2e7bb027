// The switch of slices in a build with windows; slice.cc has it in all others.
#include "runtime/stack/window.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "runtime/stack/registers.h"
#include "runtime/stack/slice.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

extern "C" {
void reweave_switch_slices(reweave::runtime::Slice* from, reweave::runtime::Slice* to, void* base,
                           reweave::runtime::SliceStack* stack);
[[noreturn]] void reweave_start_slice(reweave::runtime::SliceStack* stack);
#if defined(__x86_64__)
// Read by the assembly.
extern const unsigned char reweave_switch_has_avx;
const unsigned char reweave_switch_has_avx = __builtin_cpu_supports("avx") ? 1 : 0;
#endif
}

// What only a marked window refers to is no leak.
extern "C" const char* __lsan_default_options();
extern "C" const char* __lsan_default_options() { return "use_poisoned=1"; }

namespace reweave::runtime {

static_assert(sanitizer::kAddress, "windows are for builds with AddressSanitizer");

namespace {

// What libstdc++ keeps for exceptions in flight; the layout is fixed by the Itanium C++ ABI.
struct ExceptionGlobals {
  void* caught;
  unsigned uncaught;
};

// With this base every stack pointer is above the base, and nothing is copied.
constexpr void* kNoBase = nullptr;
// From the frame of switch_slices() down to where the assembly stands.
constexpr std::size_t kMargin = 1024;
constexpr std::size_t kAlignment = 128;

StackWindow* windows = nullptr;     // All that were ever made, the latest first.
SliceStack* arriving_on = nullptr;  // For the first function in a window.

REWEAVE_UNINSTRUMENTED void copy_shadow(std::uint8_t* to, const std::uint8_t* from,
                                        std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    static_cast<volatile std::uint8_t*>(to)[i] = static_cast<const volatile std::uint8_t*>(from)[i];
}

REWEAVE_UNINSTRUMENTED void fill_shadow(const std::byte* low, const std::byte* end,
                                        std::uint8_t value) {
  std::uint8_t* const at = sanitizer::shadow_of(low);
  const auto count = static_cast<std::size_t>(end - low) / 8;
  const std::uint64_t word = 0x0101010101010101u * value;
  std::size_t i = 0;
  for (; i < count && (reinterpret_cast<std::uintptr_t>(at + i) & 7) != 0; ++i)
    static_cast<volatile std::uint8_t*>(at)[i] = value;
  for (; i + 8 <= count; i += 8) *reinterpret_cast<volatile std::uint64_t*>(at + i) = word;
  for (; i < count; ++i) static_cast<volatile std::uint8_t*>(at)[i] = value;
}

StackWindow* make_window() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, StackWindow::kBytes + page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  CHECK_MSG(memory != MAP_FAILED, "no memory for a stack window");
  CHECK(mprotect(memory, page, PROT_NONE) == 0);
  auto* const window = new StackWindow;
  window->low = static_cast<std::byte*>(memory) + page;
  window->top = window->used = window->low + StackWindow::kBytes;
  window->made_before = windows;
  windows = window;
  return window;
}

void reserve_shadow(StackWindow& window, std::size_t bytes) {
  if (window.shadow_bytes >= bytes) return;
  std::free(window.shadow);
  window.shadow_bytes = bytes * 2;
  window.shadow = static_cast<std::uint8_t*>(std::malloc(window.shadow_bytes));
  CHECK_MSG(window.shadow != nullptr, "no memory for the shadow of a stack window");
}

}  // namespace

const StackWindow* find_suspended_window(const void* address) {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const StackWindow* window = windows; window != nullptr; window = window->made_before) {
    if (window->suspended && at >= window->low && at < window->top) return window;
  }
  return nullptr;
}

StackWindow* SliceCache::take_window() {
  StackWindow* window = free_windows_;
  if (window == nullptr) {
    window = make_window();
  } else {
    free_windows_ = window->next_free;
    fill_shadow(window->used, window->top, 0);
    window->used = window->top;
  }
  sanitizer::register_root_region(window->low, StackWindow::kBytes);
  return window;
}

// What stood there stays marked: nobody may use it any more.
void SliceCache::give_back(StackWindow* window) {
  sanitizer::unregister_root_region(window->low, StackWindow::kBytes);
  window->suspended = false;
  window->next_free = free_windows_;
  free_windows_ = window;
}

void SliceCache::free_windows() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  while (StackWindow* const window = free_windows_) {
    free_windows_ = window->next_free;
    StackWindow** link = &windows;
    while (*link != window) link = &(*link)->made_before;
    *link = window->made_before;
    fill_shadow(window->used, window->top, 0);
    munmap(window->low - page, StackWindow::kBytes + page);
    std::free(window->shadow);
    delete window;
  }
}

namespace {

// Somebody has arrived, and the stack is right: what was left is marked.
REWEAVE_UNINSTRUMENTED void leave_behind(SliceStack& stack) {
  StackWindow* const left = stack.left;
  if (left == nullptr) return;
  left->used = std::min(left->used, stack.leaver_low);
  fill_shadow(stack.leaver_low, left->top, sanitizer::kStackAfterReturn);
  left->suspended = true;
  if (stack.left_for_good) stack.cache->give_back(left);
}

// Tells AddressSanitizer which stack this is, and learns where the host's lies.
REWEAVE_UNINSTRUMENTED void finish_switch(SliceStack& stack, void* fake_stack) {
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  sanitizer::finish_switch_fiber(fake_stack, &bottom, &bytes);
  if (stack.left == nullptr) {
    stack.host_bottom = bottom;
    stack.host_bytes = bytes;
  }
}

// The first function in every window.
REWEAVE_UNINSTRUMENTED void begin_window() {
  SliceStack& stack = *arriving_on;
  finish_switch(stack, nullptr);
  leave_behind(stack);
  *static_cast<ExceptionGlobals*>(stack.exceptions) = {nullptr, 0};
  stack.entry(stack.argument);
  CHECK_MSG(false, "the entry of a slice returned");
}

}  // namespace

REWEAVE_UNINSTRUMENTED void switch_slices(SliceStack& stack, Slice* from, Slice& to) {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kMargin;
  std::byte* const low = reinterpret_cast<std::byte*>(frame / kAlignment * kAlignment);
  const ExceptionGlobals exceptions = *static_cast<ExceptionGlobals*>(stack.exceptions);
  StackWindow* const mine = stack.window;
  const std::size_t bytes = mine == nullptr ? 0 : static_cast<std::size_t>(mine->top - low) / 8;
  if (from != nullptr) {
    from->window = mine;
    if (mine != nullptr) {
      reserve_shadow(*mine, bytes);
      copy_shadow(mine->shadow, sanitizer::shadow_of(low), bytes);
    }
  }
  Slice fresh;
  Slice* target = &to;
  if (to.sp == nullptr) {
    target = &fresh;
    fresh.window = stack.cache->take_window();
    fresh.sp = lay_out_stack(fresh.window->top, &begin_window);
  }
  StackWindow* const theirs = target->window;
  target->window = nullptr;
  if (theirs != nullptr) theirs->suspended = false;
  stack.window = theirs;
  stack.left = mine;
  stack.left_for_good = from == nullptr;
  stack.leaver_low = low;
  ++stack.switches;
  arriving_on = &stack;
  void* fake_stack = nullptr;
  sanitizer::start_switch_fiber(from == nullptr ? nullptr : &fake_stack,
                                theirs == nullptr ? stack.host_bottom : theirs->low,
                                theirs == nullptr ? stack.host_bytes : StackWindow::kBytes);
  reweave_switch_slices(from, target, kNoBase, &stack);
  // Somebody came back.
  if (mine != nullptr) copy_shadow(sanitizer::shadow_of(low), mine->shadow, bytes);
  finish_switch(stack, fake_stack);
  leave_behind(stack);
  *static_cast<ExceptionGlobals*>(stack.exceptions) = exceptions;
}

REWEAVE_UNINSTRUMENTED void enter_sliced(SliceStack& stack, Slice& host) {
  CHECK(stack.cache != nullptr);
  CHECK(stack.entry != nullptr);
  // It was running on a stack that was abandoned as a whole: nobody knows how deep it was.
  if (stack.window != nullptr) {
    stack.window->used = stack.window->low;
    stack.cache->give_back(stack.window);
    stack.window = nullptr;
  }
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  stack.base = reinterpret_cast<std::byte*>(frame / kAlignment * kAlignment);
  stack.exceptions = __cxxabiv1::__cxa_get_globals();
  Slice fresh;
  host = Slice{};
  switch_slices(stack, &host, fresh);
}

std::size_t sliced_depth(const SliceStack& stack) {
  const auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
  return stack.window == nullptr ? 0 : static_cast<std::size_t>(stack.window->top - here);
}

}  // namespace reweave::runtime

// The assembly starts a slice where the base is, which is nowhere here.
extern "C" void reweave_start_slice(reweave::runtime::SliceStack*) {
  CHECK_MSG(false, "a slice was started without a window");
  std::abort();
}
