// The hooks that objects compiled with -fsanitize=thread call, as clang 14 to 19 and gcc 12 emit
// them, in place of ThreadSanitizer's runtime.
//
// A plain access is a point only where threads meet (sharing.h); an atomic one always. Each point
// comes before its operation. Atomics are executed sequentially consistent, whatever order they
// name: one OS thread runs everything.

#include <atomic>
#include <cstdint>
#include <cstring>

#include "runtime/program/control.h"

namespace reweave::program {
namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using u128 = unsigned __int128;

/// A value, as far as a loop can tell it from others.
template <typename T>
u64 digest(T value) {
  if constexpr (sizeof(T) <= sizeof(u64)) {
    return value;
  } else {
    return static_cast<u64>(value) ^ static_cast<u64>(value >> 64) * 0x9e3779b97f4a7c15u;
  }
}

// libc's own, by names that no compiler takes for those of memcpy and its like.
extern "C" {
void* memcpy_of_libc(void*, const void*, std::size_t, std::size_t) __asm__("__memcpy_chk");
void* memmove_of_libc(void*, const void*, std::size_t, std::size_t) __asm__("__memmove_chk");
void* memset_of_libc(void*, int, std::size_t, std::size_t) __asm__("__memset_chk");
}

/// The value at `address`, as far as a loop can tell it from others.
template <std::size_t kBytes>
u64 value_at(const void* address) {
  u64 value = 0;
  std::memcpy(&value, address, kBytes < 8 ? kBytes : 8);
  return value;
}

/// True: somebody has to look at this access.
[[gnu::always_inline]] inline bool looked_at(const volatile void* address) {
  if (globals.alone >= globals.alone_max) [[unlikely]]
    return true;
  if (is_dead(const_cast<const void*>(address))) [[unlikely]]
    return true;
  ++globals.alone;
  return false;
}

// A call comes here in parts: as a whole it would be put into memory by accesses, too, that nobody
// looks at.
template <std::size_t kBytes>
[[gnu::noinline]] void read_slowly(const void* address, const void* caller, const void* stack) {
  if (is_controlled()) {
    control().plain(Access::kRead, address, kBytes, value_at<kBytes>(address), {caller, stack});
  }
}
template <std::size_t kBytes>
[[gnu::noinline]] void write_slowly(const void* address, const void* caller, const void* stack) {
  if (is_controlled()) control().plain(Access::kWrite, address, kBytes, 0, {caller, stack});
}
template <std::size_t kBytes>
[[gnu::always_inline]] inline void read(const void* address, Call call) {
  if (looked_at(address)) read_slowly<kBytes>(address, call.address, call.stack);
}
template <std::size_t kBytes>
[[gnu::always_inline]] inline void write(const void* address, Call call) {
  if (looked_at(address)) write_slowly<kBytes>(address, call.address, call.stack);
}

/// Any number of bytes, as a whole.
[[gnu::noinline]] void range_slowly(Access access, const void* address, std::size_t bytes,
                                    const void* caller, const void* stack) {
  if (is_controlled()) control().range(access, address, bytes, {caller, stack});
}
[[gnu::always_inline]] inline void range(Access access, const void* address, std::size_t bytes,
                                         Call call) {
  if (bytes != 0 && (looked_at(address) || first_dead(address, bytes) != nullptr))
    range_slowly(access, address, bytes, call.address, call.stack);
}

Order order_of(int order) { return static_cast<Order>(order & 7); }

/// Before an atomic operation that leaves `after` where `before` is.
template <std::size_t kBytes>
[[gnu::noinline]] void atomic_slowly(Access access, const volatile void* at, u64 before, u64 after,
                                     int order, const void* caller, const void* stack,
                                     const char* name) {
  if (!is_controlled()) return;
  const Call call{caller, stack, name};
  const void* const address = const_cast<const void*>(at);
  control().atomic(access, address, kBytes, before, before != after, call);
  control().order(access, address, kBytes, order_of(order), call);
}
template <typename T>
[[gnu::always_inline]] inline void atomic(Access access, const volatile T* address, T after,
                                          int order, Call call) {
  if (!looked_at(address)) return;
  atomic_slowly<sizeof(T)>(access, address, digest(T{*address}), digest(after), order, call.address,
                           call.stack, call.name);
}

template <typename T>
T sum(T a, T b) {
  return static_cast<T>(a + b);
}
template <typename T>
T difference(T a, T b) {
  return static_cast<T>(a - b);
}
template <typename T>
T conjunction(T a, T b) {
  return static_cast<T>(a & b);
}
template <typename T>
T disjunction(T a, T b) {
  return static_cast<T>(a | b);
}
template <typename T>
T exclusion(T a, T b) {
  return static_cast<T>(a ^ b);
}
template <typename T>
T denial(T a, T b) {
  return static_cast<T>(~(a & b));
}

// The operations themselves. Also outside of an execution, where threads are real; of 16 bytes no
// compiler makes one without a library's help but this.
template <typename T>
T exchange_if_equal(volatile T* at, T expected, T value) {
  __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}
#if defined(__x86_64__)
__attribute__((target("cx16")))
#endif
u128 exchange_if_equal(volatile u128* at, u128 expected, u128 value) {
  return __sync_val_compare_and_swap(at, expected, value);
}
template <typename T>
T load_from(const volatile T* at) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}
u128 load_from(const volatile u128* at) {
  if (is_controlled()) return *at;  // It may lie in memory that nobody can write to.
  return exchange_if_equal(const_cast<volatile u128*>(at), u128{0}, u128{0});
}
/// Puts `after(before)` there; returns `before`.
template <typename After>
u128 change(volatile u128* at, const After& after) {
  u128 before = load_from(at);
  while (true) {
    const u128 found = exchange_if_equal(at, before, after(before));
    if (found == before) return before;
    before = found;
  }
}
template <typename T>
void store_to(volatile T* at, T value) {
  __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}
void store_to(volatile u128* at, u128 value) {
  change(at, [value](u128) { return value; });
}
template <typename T>
T exchange_at(volatile T* at, T value) {
  return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}
u128 exchange_at(volatile u128* at, u128 value) {
  return change(at, [value](u128) { return value; });
}
#define FETCH_AT(name, result)                                           \
  template <typename T>                                                  \
  T fetch_##name##_at(volatile T* at, T by) {                            \
    return __atomic_fetch_##name(at, by, __ATOMIC_SEQ_CST);              \
  }                                                                      \
  u128 fetch_##name##_at(volatile u128* at, u128 by) {                   \
    return change(at, [by](u128 before) { return result(before, by); }); \
  }
FETCH_AT(add, sum)
FETCH_AT(sub, difference)
FETCH_AT(and, conjunction)
FETCH_AT(or, disjunction)
FETCH_AT(xor, exclusion)
FETCH_AT(nand, denial)
#undef FETCH_AT

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

#define READ(name, bytes) \
  REWEAVE_STAND_IN void __tsan_##name(void* address) { read<bytes>(address, REWEAVE_CALL); }
#define WRITE(name, bytes) \
  REWEAVE_STAND_IN void __tsan_##name(void* address) { write<bytes>(address, REWEAVE_CALL); }
#define ACCESSES(bytes)                         \
  READ(read##bytes, bytes)                      \
  READ(unaligned_read##bytes, bytes)            \
  READ(volatile_read##bytes, bytes)             \
  READ(unaligned_volatile_read##bytes, bytes)   \
  WRITE(write##bytes, bytes)                    \
  WRITE(unaligned_write##bytes, bytes)          \
  WRITE(volatile_write##bytes, bytes)           \
  WRITE(unaligned_volatile_write##bytes, bytes) \
  WRITE(read_write##bytes, bytes)               \
  WRITE(unaligned_read_write##bytes, bytes)
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

/// Called by each object that was compiled with the hooks, before main.
REWEAVE_STAND_IN void __tsan_init() { globals.instrumented = true; }
REWEAVE_STAND_IN void __tsan_func_entry(void*) {}
REWEAVE_STAND_IN void __tsan_func_exit() {}
// The pointer to a virtual table is no place of its own for a race: what destroys an object races
// with what uses it elsewhere, too.
REWEAVE_STAND_IN void __tsan_vptr_read(void** address) { read<0>(address, REWEAVE_CALL); }
REWEAVE_STAND_IN void __tsan_vptr_update(void** address, void* value) {
  if (*address == value) return;  // A constructor of a base that sets what is there already.
  write<0>(address, REWEAVE_CALL);
}
REWEAVE_STAND_IN void __tsan_read_range(void* address, unsigned long bytes) {
  range(Access::kRead, address, bytes, REWEAVE_CALL);
}
REWEAVE_STAND_IN void __tsan_write_range(void* address, unsigned long bytes) {
  range(Access::kWrite, address, bytes, REWEAVE_CALL);
}
REWEAVE_STAND_IN void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  range(Access::kRead, from, bytes, REWEAVE_CALL);
  range(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memcpy_of_libc(to, from, bytes, bytes);
}
REWEAVE_STAND_IN void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  range(Access::kRead, from, bytes, REWEAVE_CALL);
  range(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memmove_of_libc(to, from, bytes, bytes);
}
REWEAVE_STAND_IN void* __tsan_memset(void* to, int value, std::size_t bytes) {
  range(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memset_of_libc(to, value, bytes, bytes);
}

// Compilers leave these calls as they are. What calls them may be a library that tells of no other
// access: then it is only seen whether the memory may be used.
namespace {
[[gnu::noinline]] void block_slowly(Access access, const void* address, std::size_t bytes,
                                    const void* caller, const void* stack) {
  if (!is_controlled() || is_own_code(caller)) return;
  const bool tells =
      reinterpret_cast<std::uintptr_t>(caller) - globals.code_begin < globals.code_bytes;
  if (tells) return control().range(access, address, bytes, {caller, stack});
  control().check_memory(access, address, bytes, {caller, stack});
}
[[gnu::always_inline]] inline void block(Access access, const void* address, std::size_t bytes,
                                         Call call) {
  // AddressSanitizer has stand-ins of its own for these; what comes here then is its own call.
  if (globals.running == 0 || !globals.instrumented || globals.under_address_sanitizer) return;
  if (bytes == 0) return;
  const bool tells =
      reinterpret_cast<std::uintptr_t>(call.address) - globals.code_begin < globals.code_bytes;
  if ((tells && looked_at(address)) || first_dead(address, bytes) != nullptr)
    block_slowly(access, address, bytes, call.address, call.stack);
}
}  // namespace

REWEAVE_STAND_IN void* memcpy(void* to, const void* from, std::size_t bytes) noexcept {
  block(Access::kRead, from, bytes, REWEAVE_CALL);
  block(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memcpy_of_libc(to, from, bytes, bytes);
}
REWEAVE_STAND_IN void* memmove(void* to, const void* from, std::size_t bytes) noexcept {
  block(Access::kRead, from, bytes, REWEAVE_CALL);
  block(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memmove_of_libc(to, from, bytes, bytes);
}
REWEAVE_STAND_IN void* memset(void* to, int value, std::size_t bytes) noexcept {
  block(Access::kWrite, to, bytes, REWEAVE_CALL);
  return memset_of_libc(to, value, bytes, bytes);
}

#define FETCH(bits, name, result)                                                               \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_fetch_##name(volatile u##bits* at, u##bits by, \
                                                              int order) {                      \
    atomic(Access::kReadModifyWrite, at, result(u##bits{*at}, by), order, REWEAVE_NAMED_CALL);  \
    return fetch_##name##_at(at, by);                                                           \
  }
#define ATOMICS(bits)                                                                          \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_load(const volatile u##bits* at, int order) { \
    atomic(Access::kRead, at, u##bits{*at}, order, REWEAVE_NAMED_CALL);                        \
    return load_from(at);                                                                      \
  }                                                                                            \
  REWEAVE_STAND_IN void __tsan_atomic##bits##_store(volatile u##bits* at, u##bits value,       \
                                                    int order) {                               \
    atomic(Access::kWrite, at, value, order, REWEAVE_NAMED_CALL);                              \
    store_to(at, value);                                                                       \
  }                                                                                            \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_exchange(volatile u##bits* at, u##bits value, \
                                                          int order) {                         \
    atomic(Access::kReadModifyWrite, at, value, order, REWEAVE_NAMED_CALL);                    \
    return exchange_at(at, value);                                                             \
  }                                                                                            \
  FETCH(bits, add, sum)                                                                        \
  FETCH(bits, sub, difference)                                                                 \
  FETCH(bits, and, conjunction)                                                                \
  FETCH(bits, or, disjunction)                                                                 \
  FETCH(bits, xor, exclusion)                                                                  \
  FETCH(bits, nand, denial)                                                                    \
  REWEAVE_STAND_IN int __tsan_atomic##bits##_compare_exchange_strong(                          \
      volatile u##bits* at, u##bits* expected, u##bits value, int success, int failure) {      \
    return exchange_if(at, expected, value, success, failure, REWEAVE_NAMED_CALL);             \
  }                                                                                            \
  REWEAVE_STAND_IN int __tsan_atomic##bits##_compare_exchange_weak(                            \
      volatile u##bits* at, u##bits* expected, u##bits value, int success, int failure) {      \
    return exchange_if(at, expected, value, success, failure, REWEAVE_NAMED_CALL);             \
  }                                                                                            \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_compare_exchange_val(                         \
      volatile u##bits* at, u##bits expected, u##bits value, int success, int failure) {       \
    exchange_if(at, &expected, value, success, failure, REWEAVE_NAMED_CALL);                   \
    return expected;                                                                           \
  }

namespace {
/// A compare-and-exchange that fails is a read, and one that would fail now may be a turn of a
/// loop.
template <typename T>
[[gnu::noinline]] void exchange_slowly(volatile T* at, const T* expected, T value, int success,
                                       int failure, Call call) {
  if (!is_controlled()) return;
  const void* const address = const_cast<const T*>(at);
  const T now = *at;
  const bool would_fail = now != *expected;
  control().atomic(would_fail ? Access::kRead : Access::kReadModifyWrite, address, sizeof(T),
                   digest(now), !would_fail && value != now, call);
  const bool fails = *at != *expected;
  control().order(fails ? Access::kRead : Access::kReadModifyWrite, address, sizeof(T),
                  order_of(fails ? failure : success), call);
}
template <typename T>
int exchange_if(volatile T* at, T* expected, T value, int success, int failure, Call call) {
  if (looked_at(at)) exchange_slowly(at, expected, value, success, failure, call);
  const T wanted = *expected;
  const T found = exchange_if_equal(at, wanted, value);
  if (found == wanted) return 1;
  *expected = found;  // Only then: it may lie in what others got by the exchange.
  return 0;
}
}  // namespace

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)
ATOMICS(128)

REWEAVE_STAND_IN void __tsan_atomic_thread_fence(int order) {
  if (!looked_at(nullptr) || !is_controlled()) return;
  control().atomic(Access::kNone, nullptr, 0, 0, false, REWEAVE_NAMED_CALL);
  control().order_fence(order_of(order));
}
REWEAVE_STAND_IN void __tsan_atomic_signal_fence(int) {}
