#include "tests/bench/allocation_count.h"

#include <cerrno>
#include <cstddef>

#include "scheduler/machine/sanitizer.h"

namespace {
std::uint64_t calls = 0;  // This program has one thread.
}

#if defined(REWEAVE_ASAN)

// The sanitizer has put its own allocator in place of malloc; it offers to tell of each call.
#include <sanitizer/allocator_interface.h>

namespace {
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++calls; }, [](const volatile void*) {});
}

#else

// The program's own definitions come before those of the C library, for every library that is
// linked. They hand on to the C library under its other names; free() stays what it is.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  ++calls;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  ++calls;
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  ++calls;
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  ++calls;
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++calls;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  ++calls;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}

#endif

namespace reweave::bench {

std::uint64_t allocation_count() { return calls; }

}  // namespace reweave::bench
