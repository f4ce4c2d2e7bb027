// Properties that hold for every scenario, for every text and for all bytes.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/language/bytes.h"
#include "runtime/language/generator.h"
#include "runtime/language/mutator.h"
#include "runtime/language/reductions.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint64_t any_seed() { return *rc::gen::arbitrary<std::uint64_t>(); }

/// Wild, generated, mutated or crossed.
Scenario any_scenario() {
  Prng prng(any_seed());
  Scenario scenario = wild_scenario(any_seed());
  if (prng.chance({1, 2})) generate_scenario(prng, {}, scenario);
  const Scenario other = wild_scenario(any_seed());
  for (std::uint32_t left = prng.below(20); left > 0; --left) {
    if (prng.chance({1, 4})) {
      cross_scenarios(prng, {}, other, scenario);
    } else {
      mutate_scenario(prng, {}, scenario);
    }
  }
  return scenario;
}

bool is_linked(const Scenario& scenario) {
  Scenario linked = scenario;
  return link(linked).has_value() && linked == scenario;
}

RC_GTEST_PROP(ScenarioProperty, IsReadAsItWasWritten, ()) {
  const Scenario scenario = any_scenario();
  const std::string text = write_scenario(scenario);
  const Expected<Scenario> read = parse_scenario(text, "f");
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == scenario);
  RC_ASSERT(write_scenario(*read) == text);
}

RC_GTEST_PROP(ScenarioProperty, IsDecodedAsItWasEncodedButForNames, ()) {
  Scenario scenario = any_scenario();
  Bytes bytes{9, 9, 9};
  encode_scenario(scenario, bytes);
  bytes.erase(bytes.begin(), bytes.begin() + 3);
  const std::size_t own = bytes.size();
  const Bytes tail = *rc::gen::arbitrary<Bytes>();
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  Scenario decoded = wild_scenario(any_seed());
  RC_ASSERT(ScenarioDecoder({.canaries = true}).decode(bytes, decoded) == own);
  set_implied_names(scenario);
  RC_ASSERT(decoded == scenario);
}

RC_GTEST_PROP(ScenarioProperty, AllBytesDecodeToALinkedScenario, ()) {
  const Bytes bytes = *rc::gen::arbitrary<Bytes>();
  Scenario decoded;
  const std::size_t own = ScenarioDecoder({.canaries = true}).decode(bytes, decoded);
  RC_ASSERT(own <= bytes.size());
  RC_ASSERT(is_linked(decoded));
  // Decoding is idempotent: what was decoded is encoded to bytes that mean the same.
  Bytes canonical;
  encode_scenario(decoded, canonical);
  Scenario again;
  RC_ASSERT(ScenarioDecoder({.canaries = true}).decode(canonical, again) == canonical.size());
  RC_ASSERT(again == decoded);
}

RC_GTEST_PROP(ScenarioProperty, DamagedBytesDecodeToALinkedScenario, ()) {
  Bytes bytes;
  encode_scenario(any_scenario(), bytes);
  Prng prng(any_seed());
  for (std::uint32_t left = 1 + prng.below(8); left > 0 && !bytes.empty(); --left) {
    const auto at = bytes.begin() + prng.below(static_cast<std::uint32_t>(bytes.size()));
    const auto byte = static_cast<std::uint8_t>(prng.below(256));
    switch (prng.below(4)) {
      case 0:
        *at = byte;
        break;
      case 1:
        bytes.erase(at);
        break;
      case 2:
        bytes.insert(at, byte);
        break;
      default:
        bytes.erase(at, bytes.end());
        break;
    }
  }
  Scenario decoded;
  decode_scenario(bytes, decoded);
  RC_ASSERT(is_linked(decoded));
}

RC_GTEST_PROP(ScenarioProperty, IsLinkedAfterEveryMutation, ()) {
  Scenario scenario = any_scenario();
  Prng prng(any_seed());
  const Scenario other = any_scenario();
  for (int i = 0; i < 50; ++i) {
    const Scenario before = scenario;
    mutate_scenario(prng, {}, scenario);
    RC_ASSERT(is_linked(scenario));
    RC_ASSERT(scenario != before);
    cross_scenarios(prng, {}, other, scenario);
    RC_ASSERT(is_linked(scenario));
  }
}

RC_GTEST_PROP(ScenarioProperty, ShrinksToNothingWhenNothingMatters, ()) {
  Scenario scenario = any_scenario();
  Scenario smaller;
  std::size_t steps = 0;
  // Another one each time: some make a number smaller by one only.
  while (reduce(scenario, reduction_count(scenario) * (steps % 4) / 4, smaller)) {
    RC_ASSERT(scenario_size(smaller) < scenario_size(scenario));
    scenario = smaller;
    RC_ASSERT(++steps < 5000u);
  }
  RC_ASSERT(scenario.functions.size() == 1u);
  RC_ASSERT(scenario.functions[0].ops.empty());
}

RC_GTEST_PROP(ScenarioProperty, DamagedTextIsReadOrRefusedWithItsLine, ()) {
  std::string text = write_scenario(any_scenario());
  Prng prng(any_seed());
  for (std::uint32_t left = 1 + prng.below(4); left > 0 && !text.empty(); --left) {
    const auto at = text.begin() + prng.below(static_cast<std::uint32_t>(text.size()));
    switch (prng.below(3)) {
      case 0:
        *at = static_cast<char>(prng.below(256));
        break;
      case 1:
        text.erase(at, std::min(at + prng.below(20), text.end()));
        break;
      default:
        text.insert(at, " :#\n-9"[prng.below(6)]);
        break;
    }
  }
  const Expected<Scenario> read = parse_scenario(text, "f");
  if (read) {
    RC_ASSERT(is_linked(*read));
  } else {
    RC_ASSERT(read.error().message.rfind("f:", 0) == 0u);
  }
}

}  // namespace
}  // namespace reweave::runtime
