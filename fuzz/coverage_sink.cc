#include "fuzz/coverage_sink.h"

#include <bitset>
#include <cstddef>

#ifdef REWEAVE_AFL
extern "C" {
void __sanitizer_cov_trace_pc_guard(std::uint32_t* guard);
void __sanitizer_cov_trace_pc_guard_init(std::uint32_t* begin, std::uint32_t* end);
}
#endif

namespace reweave::fuzz {
namespace {

constexpr std::size_t kCounters = 1024;

#ifdef REWEAVE_AFL
// As many edges, which AFL++'s runtime numbers, each passed at most once for an input.
std::uint32_t guards[kCounters];
std::bitset<kCounters> passed;

[[gnu::constructor]] void number_guards() {
  __sanitizer_cov_trace_pc_guard_init(guards, guards + kCounters);
}
#else
// libFuzzer clears it before each input and reads it afterwards.
__attribute__((used, section("__libfuzzer_extra_counters"))) std::uint8_t counters[kCounters];
#endif

void mark(std::size_t counter) {
#ifdef REWEAVE_AFL
  if (passed[counter]) return;
  passed[counter] = true;
  __sanitizer_cov_trace_pc_guard(&guards[counter]);
#else
  counters[counter] = 1;
#endif
}

// Of all inputs so far: what the counters forget.
constexpr std::size_t kKnown = std::size_t{1} << 16;
std::bitset<kKnown> known;
bool hidden = false;

}  // namespace

void begin_features() {
#ifdef REWEAVE_AFL
  passed.reset();
#endif
}

bool count_feature(std::uint64_t feature) {
  feature *= 0x9e3779b97f4a7c15u;
  if (!hidden) mark(feature >> 54);
  const std::size_t place = feature >> 48;
  const bool is_new = !known[place];
  known[place] = true;
  return is_new;
}

void hide_features() { hidden = true; }

}  // namespace reweave::fuzz
