// Points under AddressSanitizer: clang sends each access to a callback of our prefix
// (-mllvm -asan-memory-access-callback-prefix=reweave_asan_), which asks and then checks as ASan
// does. So memory errors are looked for under every schedule.
//
// The sanitizer's runtime has the heap and lies, linked statically, among the program's variables:
// so what is put back between executions is only what it knows as the program's variables, and what
// lies in blocks that were allocated before the first execution. The heap is not put back: an
// execution that was abandoned leaks, and one that gives such a block back makes its process
// useless for others, so that the next execution begins in a new one (kStartAnew).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "runtime/program/control.h"
#include "runtime/program/sites.h"
#include "runtime/program/snapshot.h"

extern "C" {
#define WEAK __attribute__((weak))
WEAK void __asan_init();
WEAK const char* __asan_locate_address(void*, char*, std::size_t, void**, std::size_t*);
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

[[gnu::always_inline]] inline void look(Access access, std::uintptr_t address, std::size_t bytes,
                                        Call call) {
  if (globals.alone < globals.alone_max) [[likely]] {
    ++globals.alone;
    return;
  }
  if (!is_controlled()) return;
  if (!globals.instrumented) {
    globals.instrumented = true;
    control().note_accesses();
  }
  std::uint64_t value = 0;
  if (access == Access::kRead && bytes <= 8) {
    std::memcpy(&value, reinterpret_cast<const void*>(address), bytes);
  }
  control().plain(access, reinterpret_cast<const void*>(address), static_cast<std::uint32_t>(bytes),
                  value, call);
}

}  // namespace

bool is_address_sanitizer_here() { return __asan_init != nullptr; }

void Control::check_by_sanitizer(const void* object) {
  if (object != nullptr && __asan_load1 != nullptr)
    __asan_load1(reinterpret_cast<std::uintptr_t>(object));
}

void keep_sanitized_globals(Snapshot& snapshot) {
  if (__asan_locate_address == nullptr) return;
  for (const std::span<char> variable : sites().variables()) {
    void* begin = nullptr;
    std::size_t bytes = 0;
    char name[2];
    const char* const kind =
        __asan_locate_address(variable.data(), name, sizeof name, &begin, &bytes);
    if (kind != nullptr && std::strcmp(kind, "global") == 0 && begin == variable.data())
      snapshot.keep_if_writable(begin, bytes);
  }
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

// gcc calls ASan by its own names, which the linker changes (--wrap) to those that begin with
// __wrap. The check comes first: an access to freed memory must not be looked at by us.
#define WRAPPED(name, parameters)                       \
  REWEAVE_STAND_IN void __wrap___asan_##name parameters \
      __attribute__((alias("reweave_asan_" #name)));
#define HOOKS(bytes)                                                        \
  REWEAVE_STAND_IN void reweave_asan_load##bytes(std::uintptr_t address) {  \
    __asan_load##bytes(address);                                            \
    look(Access::kRead, address, bytes, REWEAVE_CALL);                      \
    __asan_load##bytes(address);                                            \
  }                                                                         \
  REWEAVE_STAND_IN void reweave_asan_store##bytes(std::uintptr_t address) { \
    look(Access::kWrite, address, bytes, REWEAVE_CALL);                     \
    __asan_store##bytes(address);                                           \
  }                                                                         \
  WRAPPED(load##bytes, (std::uintptr_t))                                    \
  WRAPPED(store##bytes, (std::uintptr_t))
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
REWEAVE_STAND_IN void reweave_asan_loadN(std::uintptr_t address, std::size_t bytes) {
  look(Access::kRead, address, 0, REWEAVE_CALL);
  __asan_loadN(address, bytes);
}
REWEAVE_STAND_IN void reweave_asan_storeN(std::uintptr_t address, std::size_t bytes) {
  look(Access::kWrite, address, 0, REWEAVE_CALL);
  __asan_storeN(address, bytes);
}
WRAPPED(loadN, (std::uintptr_t, std::size_t))
WRAPPED(storeN, (std::uintptr_t, std::size_t))
REWEAVE_STAND_IN void* reweave_asan_memcpy(void* to, const void* from, std::size_t bytes) {
  look(Access::kRead, reinterpret_cast<std::uintptr_t>(from), 0, REWEAVE_CALL);
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALL);
  return __asan_memcpy(to, from, bytes);
}
REWEAVE_STAND_IN void* reweave_asan_memmove(void* to, const void* from, std::size_t bytes) {
  look(Access::kRead, reinterpret_cast<std::uintptr_t>(from), 0, REWEAVE_CALL);
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALL);
  return __asan_memmove(to, from, bytes);
}
REWEAVE_STAND_IN void* reweave_asan_memset(void* to, int value, std::size_t bytes) {
  look(Access::kWrite, reinterpret_cast<std::uintptr_t>(to), 0, REWEAVE_CALL);
  return __asan_memset(to, value, bytes);
}
