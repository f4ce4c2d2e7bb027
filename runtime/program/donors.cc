#include "runtime/program/donors.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "runtime/program/real.h"
#include "runtime/program/refusal.h"
#include "runtime/program/system_calls.h"
#include "scheduler/base/internal_check.h"

extern "C" [[noreturn]] void reweave_park(const int* never);

namespace reweave::program {
namespace {

constexpr std::size_t kPageBytes = 4096;
/// Nothing lies below a stack for so far: a frame may be larger than a page.
constexpr std::size_t kGapBytes = Donors::kStackStride - Donors::kStackBytes;
const int kNever = 0;

/// What a thread tells of itself before it parks.
struct Birth {
  Context* context;
  std::atomic<bool> noted{false};
};

void* lend(void* birth_of_it) {
  auto* const birth = static_cast<Birth*>(birth_of_it);
  birth->context->thread_pointer = thread_pointer();
  birth->context->top = static_cast<std::byte*>(__builtin_frame_address(0));
  birth->noted.store(true, std::memory_order_release);
  reweave_park(&kNever);
}

std::byte* map_stack(std::uint32_t number) {
  void* const wanted = reinterpret_cast<void*>(Donors::kStacksAt + number * Donors::kStackStride);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  constexpr std::size_t kBytes = Donors::kStackBytes;
  void* at = mmap(wanted, kBytes, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
  if (at != wanted) {
    if (at != MAP_FAILED) munmap(at, kBytes);
    at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  }
  if (at == MAP_FAILED)
    refused("the system gives no memory for a stack: raise the limit (ulimit -v unlimited)");
  mprotect(at, kPageBytes, PROT_NONE);  // A stack that is too deep is a crash, not a riddle.
  return static_cast<std::byte*>(at);
}

/// As wide as a load of each x86-64 and AArch64 machine.
using Line [[gnu::vector_size(16), gnu::may_alias]] = std::uint64_t;
constexpr std::size_t kBlockBytes = 512;

/// Writes zeros to a block of a stack; true if there was anything else. Not by memset(), which
/// under AddressSanitizer minds what is poisoned.
bool clear_block(std::byte* begin) {
  auto* const lines = reinterpret_cast<Line*>(begin);
  constexpr std::size_t kLines = kBlockBytes / sizeof(Line);
  Line even{}, odd{};  // Two chains, for a machine loads twice in a cycle.
  for (std::size_t i = 0; i < kLines; i += 2) even |= lines[i], odd |= lines[i + 1];
  even |= odd;
  if ((even[0] | even[1]) == 0) return false;
  for (std::size_t i = 0; i < kLines; i += 4) {
    lines[i] = lines[i + 1] = lines[i + 2] = lines[i + 3] = Line{};
    asm volatile("" ::: "memory");  // Else the compiler makes a call of memset() of it.
  }
  return true;
}

std::byte* aligned(std::byte* top) { return top - reinterpret_cast<std::uintptr_t>(top) % 64; }

}  // namespace

Donors::Donors() : Machine(borrowed_switch()) {}

void Donors::make(Context& context, std::uint32_t number) {
  const Undispatched scope;
  std::byte* const stack = map_stack(number);
  context.stack = stack + kPageBytes;
  context.stack_bytes = kStackBytes - kPageBytes;
  if (number == 0) {
    context.top = aligned(stack + kStackBytes - 1024);
    context.thread_pointer = thread_pointer();
    return;
  }
  sigset_t all, before;
  sigfillset(&all);
  CHECK(real().pthread_sigmask(SIG_SETMASK, &all, &before) == 0);  // The new thread inherits it.
  pthread_attr_t attributes;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstack(&attributes, context.stack, context.stack_bytes) == 0);
  Birth birth{&context};
  pthread_t thread;
  if (real().pthread_create(&thread, &attributes, lend, &birth) != 0)
    refused("the system gives no thread to borrow: raise the limit (ulimit -u)");
  while (!birth.noted.load(std::memory_order_acquire)) real().sched_yield();
  CHECK(pthread_attr_destroy(&attributes) == 0);
  CHECK(real().pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  // Below whatever the parked thread still has on its stack.
  constexpr std::size_t kOwnBytes = 1024;
  context.top = aligned(context.top - kOwnBytes - stagger_bytes(number));
}

std::uintptr_t Donors::thread_pointer_of(std::uint32_t place_number) {
  return reinterpret_cast<std::uintptr_t>(place(place_number).thread_pointer);
}

void Donors::clear_stack(std::uint32_t number) {
  constexpr std::size_t kGapSeenAlways = 1024;
  constexpr std::size_t kGapSeenAtTimes = std::size_t{256} << 10;
  const Context& stack = place(number);
  Use& use = uses_[number];
  ++use.cleared;
  const bool looks_far = (use.cleared & (use.cleared - 1)) == 0;  // The 1st, 2nd, 4th, 8th … time.
  const std::size_t gap_max = looks_far ? kGapSeenAtTimes : kGapSeenAlways;
  const auto bytes = static_cast<std::size_t>(stack.top - stack.stack);
  std::size_t gap = 0;
  bool beyond_a_gap = false;
  for (std::size_t at = kBlockBytes; at <= bytes; at += kBlockBytes) {
    if (clear_block(stack.top - at)) {
      beyond_a_gap = beyond_a_gap || gap >= kGapSeenAlways;
      if (beyond_a_gap) use.beyond_a_gap = std::max(use.beyond_a_gap, at);
      gap = 0;
      continue;
    }
    gap += kBlockBytes;
    if (gap >= gap_max && at >= use.beyond_a_gap) return;
  }
}

bool Donors::is_guard(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (std::uint32_t i = 0; i < places(); ++i) {
    const auto low = reinterpret_cast<std::uintptr_t>(context(i).stack);
    if (at >= low - kGapBytes && at < low + kPageBytes) return true;
  }
  return false;
}

}  // namespace reweave::program
