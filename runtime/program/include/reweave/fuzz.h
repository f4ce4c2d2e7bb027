// For users: a fuzz target of their own whose input is data and a schedule at once, so that a
// fuzzing engine looks for the one and the other together.
//
//   #include <reweave/fuzz.h>
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t bytes) {
//     return reweave::fuzz(input, bytes, [](const std::uint8_t* data, std::size_t size) {
//       Cache cache;
//       std::thread a([&] { cache.load(data, size); }), b([&] { cache.clear(); });
//       a.join();
//       b.join();
//       if (!cache.is_sound()) reweave::fail("the cache is broken");
//     });
//   }
//
//   $ REWEAVE_CXX=clang++ reweave-c++ -fsanitize=fuzzer cache_fuzzer.cc -o cache_fuzzer
//   $ ./cache_fuzzer corpus/
//   $ ./cache_fuzzer crash-0123…            # the same finding, under the same schedule
//
// That call is all there is: it splits the input, runs the body once with the data under the
// schedule, and judges it as reweave::check() does (check.h). One input has one verdict, in every
// process: memory is put back after each body, but for blocks of 1 MiB and more from before the
// first one, which are taken for the engine's. A finding is printed, written as a `.weave` (into
// the folder that REWEAVE_OUTPUT names, else beside libFuzzer's artefacts), and ends the process by
// abort() with a line `SUMMARY: reweave: KIND: SIGNATURE`, in a function named after its kind.
//
// The schedule is what stands behind the data: a plan (seed, rates, single decisions) of 6 + 6 n
// bytes, n in one byte, and the byte 0xf5. An input without that is data alone, under the ordinary
// schedule; so is every corpus that was there before. The mutator of this header keeps the two
// apart: it changes the data by the engine's own mutations, and the plan where the program was seen
// to decide something. It is weak: define your own LLVMFuzzerCustomMutator() to have another one.
//
// Settings come from the environment, which every engine passes on to its children:
// REWEAVE_STEPS_MAX, REWEAVE_RACES=on, REWEAVE_SPURIOUS=on. REWEAVE_SCHEDULE, a schedule as a
// report prints it, replaces the one of every input; a `.weave`, its settings and data, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "check.h"  // Beside this file, wherever it is.

extern "C" {

/// The interface to libreweave_program.
struct reweave_fuzz_request {
  const char* name;  // Of the target; null: that of the program's file.
  const std::uint8_t* input;
  std::size_t bytes;
  std::uint8_t* features;  // Counters that the engine reads; may be null.
  std::size_t feature_count;
  /// Calls the body: see reweave_fuzz_call.
  void (*body)(void* call);
  void* function;  // For `body`, in the call.
};
struct reweave_fuzz_call {
  void* function;
  const std::uint8_t* data;
  std::size_t size;
};
void reweave_fuzz(const struct reweave_fuzz_request* request);
/// Says that this program has an engine: to be called before its main.
void reweave_fuzz_target(void);
/// Returns the size of the mutated input, at most `bytes_max`. `mutate_data`: the engine's own
/// mutations, LLVMFuzzerMutate(); null: data do not change.
std::size_t reweave_fuzz_mutate(std::uint8_t* input, std::size_t bytes, std::size_t bytes_max,
                                unsigned seed,
                                std::size_t (*mutate_data)(std::uint8_t*, std::size_t,
                                                           std::size_t));

__attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                   std::size_t size_max);
/// libFuzzer finds them by the name of their section.
__attribute__((weak, used, section("__libfuzzer_extra_counters")))
std::uint8_t reweave_fuzz_features[1024] = {};
__attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* input, std::size_t bytes,
                                                          std::size_t bytes_max, unsigned seed) {
  return reweave_fuzz_mutate(input, bytes, bytes_max, seed, &LLVMFuzzerMutate);
}
}

namespace reweave {
namespace internal {

inline const bool is_fuzz_target = (reweave_fuzz_target(), true);

/// Without inlining it, so that it has a name of its own in reports and schedules. The data are a
/// block of the program's heap, of exactly their size: whoever reads beyond is seen.
template <typename Body>
void call_fuzzed(void* argument) {
  const auto& call = *static_cast<const reweave_fuzz_call*>(argument);
  auto* const data = new std::uint8_t[call.size];
  for (std::size_t i = 0; i < call.size; ++i) data[i] = call.data[i];
  auto& body = *static_cast<Body*>(call.function);
  if constexpr (requires { &Body::operator(); }) {
    const auto volatile function = &Body::operator();
    (body.*function)(data, call.size);
  } else {
    body(data, call.size);
  }
  delete[] data;
}

}  // namespace internal

struct FuzzOptions {
  /// It stands in the report and in the names of repros; null: the name of the program's file.
  const char* name = nullptr;
};

/// Splits the input, and runs `body(data, size)` once under the schedule that is part of it.
/// Returns 0; does not return where something was found, or where it cannot explore (a process with
/// other threads, a wrong setting): then a sentence says why, and the exit code is 2. To be called
/// on the main thread. Under another exploration (`reweave hunt -- PROGRAM`) it just calls the body
/// with the data.
template <typename Body>
int fuzz(const std::uint8_t* input, std::size_t bytes, Body&& body,
         const FuzzOptions& options = {}) {
  using Function = std::remove_reference_t<Body>;
  const reweave_fuzz_request request = {options.name,
                                        input,
                                        bytes,
                                        reweave_fuzz_features,
                                        sizeof reweave_fuzz_features,
                                        &internal::call_fuzzed<Function>,
                                        const_cast<void*>(static_cast<const void*>(&body))};
  reweave_fuzz(&request);
  return 0;
}

}  // namespace reweave
