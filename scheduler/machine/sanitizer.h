// The only file that knows the sanitizers' interfaces; everybody else calls these few functions.
//
// In a build without sanitizers each of them is empty. `REWEAVE_UNINSTRUMENTED` marks a function in
// which no load or store is checked: what moves stacks and their shadow must be such a function,
// because the memory it touches belongs to a tasklet that is not running, and because an
// intercepted memcpy over a stack reports a false overflow.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REWEAVE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define REWEAVE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define REWEAVE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define REWEAVE_TSAN 1
#endif

#if defined(__clang__)
#define REWEAVE_UNINSTRUMENTED                                            \
  __attribute__((no_sanitize("address", "thread", "undefined"), noinline, \
                 disable_sanitizer_instrumentation))
#else
#define REWEAVE_UNINSTRUMENTED \
  __attribute__((no_sanitize("address", "thread", "undefined"), noinline))
#endif

namespace reweave::sanitizer {

#if defined(REWEAVE_ASAN)
inline constexpr bool kAddress = true;
#else
inline constexpr bool kAddress = false;
#endif

/// The memory may not be touched until it is unpoisoned; `at` is 8-aligned. No-op without ASan.
#if defined(REWEAVE_ASAN)
void poison(const void* at, std::size_t bytes);
#else
inline void poison(const void*, std::size_t) {}
#endif
/// The memory may be touched again. No-op without ASan.
#if defined(REWEAVE_ASAN)
void unpoison(const void* at, std::size_t bytes);
#else
inline void unpoison(const void*, std::size_t) {}
#endif

/// The shadow byte of `at`: one for every 8 bytes of memory. Only meaningful where kAddress.
inline std::uint8_t* shadow_of(const void* at) {
#if defined(__aarch64__)
  constexpr std::uintptr_t kOffset = std::uintptr_t{1} << 36;
#else
  constexpr std::uintptr_t kOffset = 0x7fff8000u;
#endif
  return reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uintptr_t>(at) >> 3) + kOffset);
}

/// What a shadow byte says of a stack that was left for good.
inline constexpr std::uint8_t kStackAfterReturn = 0xf5;

/// `hook` is called with the address that was used, once AddressSanitizer has found an error and
/// before it reports it, which ends the process. Null removes it. No-op without ASan.
using ErrorHook = void (*)(const void* address);
void set_error_hook(ErrorHook hook);

/// True when shadow_of() agrees with the sanitizer's own mapping; checked once by a test.
bool shadow_mapping_is_known();

/// Nothing that is only reachable from [at, at+bytes) counts as leaked. No-op without LSan.
void register_root_region(const void* at, std::size_t bytes);
void unregister_root_region(const void* at, std::size_t bytes);

/// Around every switch between machine stacks: before it, on the stack that is left, whose state is
/// kept in `*fake_stack`; `bottom` and `bytes` are those of the stack that is entered. No-op
/// without ASan.
void start_switch_fiber(void** fake_stack, const void* bottom, std::size_t bytes);
/// After it, on the stack that was entered, with what start_switch_fiber() kept when that one was
/// left (null: it is new). Tells where the stack that was left lies.
void finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* bytes);

/// "address", "thread" or "": what this build was instrumented with, for version and doctor.
const char* build_name();

}  // namespace reweave::sanitizer
