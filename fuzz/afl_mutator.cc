// AFL++'s custom mutator: scenarios and plans are mutated and crossed as libFuzzer's entry points
// do it. One library for all targets of scenarios; which one says REWEAVE_AFL_TARGET:
//
//   AFL_CUSTOM_MUTATOR_LIBRARY=$BUILD/reweave_afl_mutator.so REWEAVE_AFL_TARGET=tempval afl-fuzz …
//
// It lives in afl-fuzz, which has no coverage of its own, so that what the instrumented files of
// the runtime call is nothing here.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "fuzz/harness.h"
#include "scheduler/base/prng.h"

extern "C" {
void __sanitizer_cov_trace_pc_guard(std::uint32_t*) {}
void __sanitizer_cov_trace_pc_guard_init(std::uint32_t*, std::uint32_t*) {}
}

namespace reweave::fuzz {
namespace {

class AflMutator {
 public:
  AflMutator(std::string_view target, unsigned seed) : harness_(target), prng_(seed) {}

  /// A mutation of `input`, or in one of eight a mixture with `other`; at most `size_max` bytes.
  /// Valid until the next one.
  const std::vector<std::uint8_t>& fuzz(const std::uint8_t* input, std::size_t size,
                                        const std::uint8_t* other, std::size_t other_size,
                                        std::size_t size_max) {
    const auto seed = static_cast<unsigned>(prng_.next());
    bytes_.resize(size_max);
    std::size_t made = 0;
    if (other != nullptr && other_size != 0 && prng_.chance({1, 8})) {
      made = harness_.cross_over(input, size, other, other_size, bytes_.data(), size_max, seed);
    } else {
      const std::size_t taken = std::min(size, size_max);
      std::memcpy(bytes_.data(), input, taken);
      made = harness_.mutate(bytes_.data(), taken, size_max, seed);
    }
    bytes_.resize(made);
    return bytes_;
  }

 private:
  Harness harness_;
  Prng prng_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace
}  // namespace reweave::fuzz

using reweave::fuzz::AflMutator;

#define AFL_API extern "C" [[gnu::used, gnu::visibility("default")]]

AFL_API void* afl_custom_init(void*, unsigned seed) {
  const char* const target = std::getenv("REWEAVE_AFL_TARGET");
  if (target == nullptr || *target == '\0') {
    std::fputs("reweave_afl_mutator: REWEAVE_AFL_TARGET names no target, for example tempval\n",
               stderr);
    std::exit(2);
  }
  return new AflMutator(target, seed);
}

AFL_API std::size_t afl_custom_fuzz(void* mutator, std::uint8_t* input, std::size_t size,
                                    std::uint8_t** out, std::uint8_t* other, std::size_t other_size,
                                    std::size_t size_max) {
  const std::vector<std::uint8_t>& made =
      static_cast<AflMutator*>(mutator)->fuzz(input, size, other, other_size, size_max);
  *out = const_cast<std::uint8_t*>(made.data());
  return made.size();
}

AFL_API void afl_custom_deinit(void* mutator) { delete static_cast<AflMutator*>(mutator); }
