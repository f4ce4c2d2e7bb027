// Points under AddressSanitizer: clang sends each access to a callback of our prefix
// (-mllvm -asan-memory-access-callback-prefix=reweave_asan_), which asks and then checks as ASan
// does. So memory errors are looked for under every schedule.
//
// The sanitizer's runtime has the heap and lies, linked statically, among the program's variables:
// so what is put back between executions is only what the compiler lists for it, the section
// asan_globals. The heap is not put back: an execution that was abandoned leaks.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "runtime/program/control.h"
#include "runtime/program/sites.h"
#include "runtime/program/snapshot.h"

extern "C" {
#define WEAK __attribute__((weak))
WEAK void __asan_init();
WEAK void __asan_loadN(std::uintptr_t, std::size_t);
WEAK void __asan_storeN(std::uintptr_t, std::size_t);
WEAK void* __asan_memcpy(void*, const void*, std::size_t);
WEAK void* __asan_memmove(void*, const void*, std::size_t);
WEAK void* __asan_memset(void*, int, std::size_t);
#define DECLARE(bytes)                          \
  WEAK void __asan_load##bytes(std::uintptr_t); \
  WEAK void __asan_store##bytes(std::uintptr_t);
DECLARE(1)
DECLARE(2)
DECLARE(4)
DECLARE(8)
DECLARE(16)
#undef DECLARE
}

namespace reweave::program {
namespace {

/// What the compiler says of each global variable; clang's layout.
struct SanitizedGlobal {
  char* begin;
  std::size_t bytes;
  std::size_t bytes_with_redzone;
  const char* name;
  const char* module;
  std::size_t is_dynamic;
  const void* location;
  std::size_t one_definition;
};

[[gnu::always_inline]] inline void look(Access access, std::uintptr_t address, std::size_t bytes,
                                        const void* caller) {
  if (globals.watch == 0 && globals.alone < globals.alone_max) [[likely]] {
    ++globals.alone;
    return;
  }
  if (!is_controlled()) return;
  std::uint64_t value = 0;
  if (access == Access::kRead && bytes <= 8) {
    std::memcpy(&value, reinterpret_cast<const void*>(address), bytes);
  }
  // No bytes that could be in a race: of atomics AddressSanitizer tells nothing.
  control().plain(access, reinterpret_cast<const void*>(address), 0, value, caller);
}

}  // namespace

bool is_address_sanitizer_here() { return __asan_init != nullptr; }

void keep_sanitized_globals(Snapshot& snapshot) {
  const auto [begin, end] = sites().section("asan_globals");
  const auto* const first = static_cast<const SanitizedGlobal*>(begin);
  const auto* const last = static_cast<const SanitizedGlobal*>(end);
  for (const SanitizedGlobal* global = first; global < last; ++global) {
    if (global->begin != nullptr) snapshot.keep_if_writable(global->begin, global->bytes);
  }
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

// The check comes first: an access to freed memory must not be looked at by us.
#define HOOKS(bytes)                                                        \
  REWEAVE_STAND_IN void reweave_asan_load##bytes(std::uintptr_t address) {  \
    __asan_load##bytes(address);                                            \
    look(Access::kRead, address, bytes, REWEAVE_CALLER);                    \
    __asan_load##bytes(address);                                            \
  }                                                                         \
  REWEAVE_STAND_IN void reweave_asan_store##bytes(std::uintptr_t address) { \
    look(Access::kWrite, address, bytes, REWEAVE_CALLER);                   \
    __asan_store##bytes(address);                                           \
  }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
REWEAVE_STAND_IN void reweave_asan_loadN(std::uintptr_t address, std::size_t bytes) {
  look(Access::kRead, address, 0, REWEAVE_CALLER);
  __asan_loadN(address, bytes);
}
REWEAVE_STAND_IN void reweave_asan_storeN(std::uintptr_t address, std::size_t bytes) {
  look(Access::kWrite, address, 0, REWEAVE_CALLER);
  __asan_storeN(address, bytes);
}
REWEAVE_STAND_IN void* reweave_asan_memcpy(void* to, const void* from, std::size_t bytes) {
  look(Access::kRead, reinterpret_cast<std::uintptr_t>(from), 0, REWEAVE_CALLER);
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALLER);
  return __asan_memcpy(to, from, bytes);
}
REWEAVE_STAND_IN void* reweave_asan_memmove(void* to, const void* from, std::size_t bytes) {
  look(Access::kRead, reinterpret_cast<std::uintptr_t>(from), 0, REWEAVE_CALLER);
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALLER);
  return __asan_memmove(to, from, bytes);
}
REWEAVE_STAND_IN void* reweave_asan_memset(void* to, int value, std::size_t bytes) {
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALLER);
  return __asan_memset(to, value, bytes);
}
