// The fuzz target "tempval" on one input for ever: the blog's scenario under an empty plan.
// Measures what an execution costs inside libFuzzer, with its book-keeping, feedback and mutation
// calls; see the script fuzz_speed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/harness.h"
#include "tests/bench/execution_load.h"

namespace {

reweave::fuzz::Harness& harness() {
  static reweave::fuzz::Harness instance("tempval");
  return instance;
}

const std::vector<std::uint8_t>& input() {
  static const std::vector<std::uint8_t> bytes = reweave::bench::fuzz_input_of("blog");
  return bytes;
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

// Every mutation is the same input.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t,
                                               std::size_t size_max, unsigned) {
  const std::size_t size = std::min(input().size(), size_max);
  std::copy_n(input().begin(), size, data);
  return size;
}
