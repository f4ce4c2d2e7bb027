// The entry points of a target whose input is a scenario and a plan: a row of fuzz_targets(), whose
// name is in a file that the build makes.
#include <cstddef>
#include <cstdint>

#include "fuzz/harness.h"

extern const char reweave_target[];
// libFuzzer's own mutations; other engines have no such function.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                      std::size_t size_max);

namespace {

reweave::fuzz::Harness& harness() {
  static reweave::fuzz::Harness instance(reweave_target);
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  harness().read_arguments(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  harness().run(data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  if (!harness().mutates() && LLVMFuzzerMutate != nullptr)
    return LLVMFuzzerMutate(data, size, size_max);
  return harness().mutate(data, size, size_max, seed);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* out,
                                                 std::size_t size_max, unsigned seed) {
  if (!harness().mutates()) return 0;  // Its own mutations have another.
  return harness().cross_over(first, first_size, second, second_size, out, size_max, seed);
}
