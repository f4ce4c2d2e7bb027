// Counts every allocation of this test program, to show that decoding makes none once buffers have
// grown.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "runtime/language/bytes.h"
#include "runtime/language/generator.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes > 0 ? bytes : 1);
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace reweave::runtime {
namespace {

TEST(Allocation, NoneForDecodingAfterWarmUp) {
  std::vector<std::vector<std::uint8_t>> inputs(500);
  Scenario scenario;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Prng prng(i);
    generate_scenario(prng, {}, scenario);
    encode_scenario(scenario, inputs[i]);
  }
  ScenarioDecoder decoder;
  Scenario decoded;
  const auto decode_all = [&] {
    const std::uint64_t before = allocations;
    for (const auto& input : inputs) decoder.decode(input, decoded);
    return allocations - before;
  };
  EXPECT_GT(decode_all(), 0u);
  // A buffer goes from function to function: it takes a few rounds until each has met the longest.
  for (int round = 0; round < 50; ++round) decode_all();
  EXPECT_EQ(decode_all(), 0u);
}

}  // namespace
}  // namespace reweave::runtime
