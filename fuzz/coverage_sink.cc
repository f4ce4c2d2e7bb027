#include "fuzz/coverage_sink.h"

#include <cstddef>

namespace reweave::fuzz {
namespace {

constexpr std::size_t kCounters = 1024;

// libFuzzer clears it before each input and reads it afterwards.
__attribute__((used, section("__libfuzzer_extra_counters"))) std::uint8_t counters[kCounters];

}  // namespace

void count_feature(std::uint64_t feature) {
  feature *= 0x9e3779b97f4a7c15u;
  counters[feature >> 54] = 1;
}

}  // namespace reweave::fuzz
