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
  atomic_slowly<sizeof(T)>(access, address, static_cast<u64>(*address), static_cast<u64>(after),
                           order, call.address, call.stack, call.name);
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
  if (bytes != 0) read<1>(address, REWEAVE_CALL);
}
REWEAVE_STAND_IN void __tsan_write_range(void* address, unsigned long bytes) {
  if (bytes != 0) write<1>(address, REWEAVE_CALL);
}
REWEAVE_STAND_IN void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  if (bytes != 0) {
    read<1>(from, REWEAVE_CALL);
    write<1>(to, REWEAVE_CALL);
  }
  return std::memcpy(to, from, bytes);
}
REWEAVE_STAND_IN void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  if (bytes != 0) {
    read<1>(from, REWEAVE_CALL);
    write<1>(to, REWEAVE_CALL);
  }
  return std::memmove(to, from, bytes);
}
REWEAVE_STAND_IN void* __tsan_memset(void* to, int value, std::size_t bytes) {
  if (bytes != 0) write<1>(to, REWEAVE_CALL);
  return std::memset(to, value, bytes);
}

#define FETCH(bits, name, operation, result)                                                    \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_fetch_##name(volatile u##bits* at, u##bits by, \
                                                              int order) {                      \
    atomic(Access::kReadModifyWrite, at, result(u##bits{*at}, by), order, REWEAVE_NAMED_CALL);  \
    return operation(at, by, __ATOMIC_SEQ_CST);                                                 \
  }
#define ATOMICS(bits)                                                                          \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_load(const volatile u##bits* at, int order) { \
    atomic(Access::kRead, at, u##bits{*at}, order, REWEAVE_NAMED_CALL);                        \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
  }                                                                                            \
  REWEAVE_STAND_IN void __tsan_atomic##bits##_store(volatile u##bits* at, u##bits value,       \
                                                    int order) {                               \
    atomic(Access::kWrite, at, value, order, REWEAVE_NAMED_CALL);                              \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                             \
  }                                                                                            \
  REWEAVE_STAND_IN u##bits __tsan_atomic##bits##_exchange(volatile u##bits* at, u##bits value, \
                                                          int order) {                         \
    atomic(Access::kReadModifyWrite, at, value, order, REWEAVE_NAMED_CALL);                    \
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                   \
  }                                                                                            \
  FETCH(bits, add, __atomic_fetch_add, sum)                                                    \
  FETCH(bits, sub, __atomic_fetch_sub, difference)                                             \
  FETCH(bits, and, __atomic_fetch_and, conjunction)                                            \
  FETCH(bits, or, __atomic_fetch_or, disjunction)                                              \
  FETCH(bits, xor, __atomic_fetch_xor, exclusion)                                              \
  FETCH(bits, nand, __atomic_fetch_nand, denial)                                               \
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
                   u64{now}, !would_fail && value != now, call);
  const bool fails = *at != *expected;
  control().order(fails ? Access::kRead : Access::kReadModifyWrite, address, sizeof(T),
                  order_of(fails ? failure : success), call);
}
template <typename T>
int exchange_if(volatile T* at, T* expected, T value, int success, int failure, Call call) {
  if (looked_at(at)) exchange_slowly(at, expected, value, success, failure, call);
  return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
             ? 1
             : 0;
}
}  // namespace

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

REWEAVE_STAND_IN void __tsan_atomic_thread_fence(int order) {
  if (!looked_at(nullptr) || !is_controlled()) return;
  control().atomic(Access::kNone, nullptr, 0, 0, false, REWEAVE_NAMED_CALL);
  control().order_fence(order_of(order));
}
REWEAVE_STAND_IN void __tsan_atomic_signal_fence(int) {}
