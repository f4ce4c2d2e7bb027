// malloc and its family: the program's heap or the explorer's own, by who runs.
//
// operator new of the program comes here through malloc. This library's own operator new, which is
// not visible outside, goes to its own heap whoever runs: what the explorer remembers of an
// execution must outlive it. Under AddressSanitizer the program's malloc is the sanitizer's, and
// only the latter are used.
//
// The dynamic linker's allocations are the explorer's, too: what it knows of loaded modules is not
// put back, so what it keeps that in may not be either.
//
// Outside of an execution real threads may allocate, so that a lock is held.

#include <elf.h>
#include <errno.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/program/control.h"
#include "runtime/program/globals.h"
#include "runtime/program/program_process.h"

extern "C" {
// Where this library lies, from the linker.
extern const char __ehdr_start __attribute__((visibility("hidden")));
extern const char etext __attribute__((visibility("hidden")));
}

namespace reweave::program {

bool is_own_code(const void* address) {
  const auto own = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  return reinterpret_cast<std::uintptr_t>(address) - own <
         reinterpret_cast<std::uintptr_t>(&etext) - own;
}

namespace {

constinit std::atomic<bool> locked{false};
std::uintptr_t linker_begin = 0, linker_bytes = 0;

void find_linker() {
  const auto base = static_cast<std::uintptr_t>(getauxval(AT_BASE));
  if (base == 0) return;
  const auto* const header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* const segment = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
  linker_begin = base;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type != PT_LOAD) continue;
    const std::uintptr_t end = segment[i].p_vaddr + segment[i].p_memsz;
    if (end > linker_bytes) linker_bytes = end;
  }
}

/// The program is a fuzz target (reweave/fuzz.h): an engine is linked into it, whose tables are
/// much larger than all that a body needs to find as it was.
constinit bool has_engine = false;
constexpr std::size_t kEnginesBytes = std::size_t{1} << 20;

/// Who allocates: `caller` is the return address of malloc or of one of its family.
bool is_own(const void* caller, std::size_t bytes) {
  if (!globals.program_allocates) return true;
  if (has_engine && bytes >= kEnginesBytes && globals.running == 0) return true;
  if (is_in_linker(caller)) return true;
  return is_own_code(caller);
}

/// What libstdc++ puts aside for exceptions when memory is full, at its start: nobody touches it,
/// and to put it back would cost more than all the rest.
constexpr std::size_t kEmergencyPoolBytes = 72'704;

/// Held while somebody is in a heap, unless an execution runs, which is one OS thread.
class HeapLock {
 public:
  HeapLock() {
    if (globals.running != 0 && !globals.foreign_threads) return;
    while (locked.exchange(true, std::memory_order_acquire)) {
    }
    held_ = true;
    if (program_heap().is_open()) return;
    open_heaps();
    find_linker();
  }
  ~HeapLock() {
    if (held_) locked.store(false, std::memory_order_release);
  }
  HeapLock(const HeapLock&) = delete;
  HeapLock& operator=(const HeapLock&) = delete;

 private:
  bool held_ = false;
};

/// A double free and its like, of the program.
void complain_of_free(const CallStack& stack) {
  if (is_controlled()) {
    control().fail(FindingKind::kCrash, "double free",
                   "free() was given memory that was freed before, or was never allocated", stack);
  }
}

/// It is a variable, of the program or of a function.
bool was_never_allocated(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) - globals.data_begin < globals.data_bytes ||
         Donors::is_on_stack(block);
}

/// What is kept from being used again is little: with more the next execution would have more to
/// clear.
constexpr std::size_t kSparedBytes = std::size_t{256} << 10;

/// Whether freed memory is used again at once is a question.
void ask_whether_to_reuse(std::size_t bytes, bool own, Call call) {
  if (own || !is_controlled() || !program_heap().would_reuse(bytes)) return;
  if (control().spares_freed(call)) program_heap().spare_freed(kSparedBytes);
}

void* allocate(std::size_t alignment, std::size_t bytes, bool own, Call call = {}) {
  const std::size_t more = Arena::bytes_for_alignment(alignment);
  if (bytes <= SIZE_MAX - more) ask_whether_to_reuse(bytes + more, own, call);
  const HeapLock lock;
  Arena& heap = own ? own_heap() : program_heap();
  return heap.allocate_aligned(alignment, bytes);
}

void release(void* block, Call call = {}) {
  if (block == nullptr) return;
  bool released = true;
  if (is_controlled() && program_heap().owns(block)) {
    const std::size_t bytes = Arena::usable_bytes(block);
    control().note_free(block, bytes, call);
    control().forget_memory(block, bytes);
  }
  {
    const HeapLock lock;
    if (program_heap().owns(block)) {
      released = program_heap().release(block, is_controlled() ? control().moment() : 0);
    } else if (own_heap().owns(block)) {
      released = own_heap().release(block);
    } else if (is_controlled()) {
      released = !was_never_allocated(block);
    }  // Else it came from the dynamic linker, before this library was there: it stays.
  }
  if (!released) complain_of_free(CallStack::here());
}

bool is_power_of_two(std::size_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

bool is_in_linker(const void* caller) {
  return reinterpret_cast<std::uintptr_t>(caller) - linker_begin < linker_bytes;
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

namespace {

void* allocate_for(Call call, std::size_t bytes) {
  const bool pool = bytes == kEmergencyPoolBytes && globals.running == 0;
  void* const block = allocate(Arena::kAlignment, bytes, pool || is_own(call.address, bytes), call);
  if (block == nullptr) errno = ENOMEM;
  return block;
}

void* reallocate_for(Call call, void* block, std::size_t bytes) {
  if (block == nullptr) return allocate_for(call, bytes);
  const bool known = program_heap().owns(block) || own_heap().owns(block);
  const std::size_t usable = known ? Arena::usable_bytes(block) : 0;
  if (known && bytes != 0 && bytes <= usable && bytes >= usable / 2) return block;
  void* const moved = allocate_for(call, bytes);
  if (moved == nullptr) return nullptr;
  // A block of the dynamic linker's own small heap has no size that we know.
  std::memcpy(moved, block, known && usable < bytes ? usable : bytes);
  release(block, call);
  return moved;
}

}  // namespace

REWEAVE_STAND_IN void reweave_fuzz_target() { has_engine = true; }

REWEAVE_STAND_IN void* malloc(std::size_t bytes) { return allocate_for(REWEAVE_CALL, bytes); }
REWEAVE_STAND_IN void free(void* block) { release(block, REWEAVE_CALL); }
REWEAVE_STAND_IN void* calloc(std::size_t count, std::size_t each) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, each, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  const bool own = is_own(REWEAVE_RAW_CALLER, bytes);
  ask_whether_to_reuse(bytes, own, REWEAVE_CALL);
  const HeapLock lock;
  Arena& heap = own ? own_heap() : program_heap();
  void* const block = heap.allocate_cleared(bytes);
  if (block == nullptr) errno = ENOMEM;
  return block;
}
REWEAVE_STAND_IN void* realloc(void* block, std::size_t bytes) {
  return reallocate_for(REWEAVE_CALL, block, bytes);
}
REWEAVE_STAND_IN void* reallocarray(void* block, std::size_t count, std::size_t each) {
  std::size_t bytes = 0;
  if (!__builtin_mul_overflow(count, each, &bytes))
    return reallocate_for(REWEAVE_CALL, block, bytes);
  errno = ENOMEM;
  return nullptr;
}
REWEAVE_STAND_IN int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  *block = allocate(alignment, bytes, is_own(REWEAVE_RAW_CALLER, bytes), REWEAVE_CALL);
  return *block == nullptr ? ENOMEM : 0;
}
namespace {
void* allocate_aligned_for(Call call, std::size_t alignment, std::size_t bytes) {
  void* block = nullptr;
  if (is_power_of_two(alignment))
    block = allocate(alignment, bytes, is_own(call.address, bytes), call);
  if (block == nullptr) errno = ENOMEM;
  return block;
}
}  // namespace
REWEAVE_STAND_IN void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return allocate_aligned_for(REWEAVE_CALL, alignment, bytes);
}
REWEAVE_STAND_IN void* memalign(std::size_t alignment, std::size_t bytes) {
  return allocate_aligned_for(REWEAVE_CALL, alignment, bytes);
}
REWEAVE_STAND_IN void* valloc(std::size_t bytes) {
  return allocate_aligned_for(REWEAVE_CALL, 4096, bytes);
}
REWEAVE_STAND_IN void* pvalloc(std::size_t bytes) {
  return allocate_aligned_for(REWEAVE_CALL, 4096, (bytes + 4095) & ~std::size_t{4095});
}
REWEAVE_STAND_IN std::size_t malloc_usable_size(void* block) {
  return block == nullptr ? 0 : Arena::usable_bytes(block);
}
REWEAVE_STAND_IN int malloc_trim(std::size_t) { return 0; }

// This library's own.
namespace {
void* own_new(std::size_t bytes, std::size_t alignment = Arena::kAlignment) {
  void* const block = allocate(alignment, bytes, true);
  if (block == nullptr) std::abort();
  return block;
}
}  // namespace
void* operator new(std::size_t bytes) { return own_new(bytes); }
void* operator new[](std::size_t bytes) { return own_new(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return own_new(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return own_new(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return own_new(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return own_new(bytes); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
