#include "fuzz/coverage_sink.h"

#include <bitset>
#include <cstddef>

namespace reweave::fuzz {
namespace {

constexpr std::size_t kCounters = 1024;

// libFuzzer clears it before each input and reads it afterwards.
__attribute__((used, section("__libfuzzer_extra_counters"))) std::uint8_t counters[kCounters];

// Of all inputs so far: what the counters forget.
constexpr std::size_t kKnown = std::size_t{1} << 16;
std::bitset<kKnown> known;

}  // namespace

bool count_feature(std::uint64_t feature) {
  feature *= 0x9e3779b97f4a7c15u;
  counters[feature >> 54] = 1;
  const std::size_t place = feature >> 48;
  const bool is_new = !known[place];
  known[place] = true;
  return is_new;
}

}  // namespace reweave::fuzz
