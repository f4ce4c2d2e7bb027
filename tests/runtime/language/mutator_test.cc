#include "runtime/language/mutator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/language/generator.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

Scenario mutated(const Scenario& scenario, std::uint64_t seed) {
  Prng prng(seed);
  Scenario result = scenario;
  mutate_scenario(prng, {}, result);
  return result;
}

std::size_t ops_in(const Scenario& scenario) {
  std::size_t count = 0;
  for (const Function& function : scenario.functions) count += function.ops.size();
  return count;
}

const char* const kSmall = R"(
  channel data
  slot one
  function main
    spawn worker one
    try
      send data
      emit hello
    end
    runall
  end
  function worker
    hcall take
  end
  function take
    rec 30 -
    recv data
  end)";

TEST(Mutator, ChangesSomethingEveryTimeAndTheSameForTheSameSeed) {
  const Scenario scenario = scenario_of(kSmall);
  std::set<std::string> results;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Scenario result = mutated(scenario, seed);
    EXPECT_NE(result, scenario) << seed;
    EXPECT_EQ(result, mutated(scenario, seed));
    results.insert(write_scenario(result));
  }
  EXPECT_GT(results.size(), 250u);
}

TEST(Mutator, MakesEveryChangeItPromises) {
  const Scenario scenario = scenario_of(kSmall);
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const Scenario result = mutated(scenario, seed);
    const auto functions = static_cast<int>(result.functions.size());
    const auto ops = static_cast<int>(ops_in(result)) - static_cast<int>(ops_in(scenario));
    if (functions > 3 && ops == 1) ++seen["wrapped in a function"];
    if (functions > 3 && ops > 1) ++seen["a function added"];
    if (functions < 3) ++seen["a function removed"];
    if (result.channels.size() == 2) ++seen["a channel added"];
    if (result.slots.size() == 2) ++seen["a slot added"];
    if (functions != 3) continue;
    if (ops == 1) ++seen["an operation more"];
    if (ops == -1) ++seen["an operation less"];
    if (ops == 2 || ops == 3) ++seen["a block more, or items twice"];
    if (ops == -2 && result.functions[0].ops.size() == 4 &&
        result.functions[0].ops[1].code == OpCode::kSend) {
      ++seen["unwrapped"];
    }
    if (ops == 0) ++seen["changed in place or moved"];
    const Op& rec = result.functions[2].ops.empty() ? Op() : result.functions[2].ops[0];
    if (rec.code == OpCode::kRec && rec.args[0] < 25) ++seen["a depth below the boundary"];
    if (result.functions[1].ops.size() == 2 && result.functions[1].ops[0].code == OpCode::kRec &&
        result.functions[1].ops[1].code == OpCode::kRecv) {
      ++seen["a call replaced by the body"];
    }
  }
  for (const char* change :
       {"wrapped in a function", "a function added", "a function removed", "a channel added",
        "a slot added", "an operation more", "an operation less", "a block more, or items twice",
        "unwrapped", "changed in place or moved", "a depth below the boundary",
        "a call replaced by the body"}) {
    EXPECT_GT(seen[change], 0) << change;
  }
}

TEST(Mutator, KeepsTheLabelsOfWhatStays) {
  const Scenario scenario = scenario_of("function main\n 40: sched\n 7: emit a\n 9: emit b\nend\n");
  std::size_t kept = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Scenario result = mutated(scenario, seed);
    for (const Op& op : result.functions[0].ops) {
      if (op.code != OpCode::kEmit || op.label > 40) continue;  // Above 40: a new one.
      EXPECT_TRUE(op.label == 7 || op.label == 9 || op.label == 40) << write_scenario(result);
      ++kept;
    }
  }
  EXPECT_GT(kept, 700u);
}

TEST(Mutator, StaysWithinItsLimitsForEver) {
  const MutatorLimits limits{.ops_max = 60, .functions_max = 5, .channels_max = 2, .slots_max = 3};
  Prng prng(1);
  Scenario scenario = scenario_of(kSmall);
  std::size_t largest = 0, smallest = 1000;
  for (int i = 0; i < 20'000; ++i) {
    mutate_scenario(prng, limits, scenario);
    ASSERT_LE(ops_in(scenario), limits.ops_max);
    ASSERT_LE(scenario.functions.size(), limits.functions_max);
    ASSERT_LE(scenario.channels.size(), limits.channels_max);
    ASSERT_LE(scenario.slots.size(), limits.slots_max);
    largest = std::max(largest, ops_in(scenario));
    smallest = std::min(smallest, ops_in(scenario));
  }
  EXPECT_GT(largest, 50u);
  EXPECT_LT(smallest, 40u);
}

TEST(Mutator, NeverEnlargesWhatExceedsItsLimits) {
  const MutatorLimits limits{.ops_max = 10, .functions_max = 2, .channels_max = 1, .slots_max = 1};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, {.functions_min = 4, .ops_per_function_max = 12}, scenario);
    for (int i = 0; i < 30; ++i) {
      const Scenario before = scenario;
      mutate_scenario(prng, limits, scenario);
      EXPECT_LE(ops_in(scenario), std::max(ops_in(before), limits.ops_max));
      EXPECT_LE(scenario.functions.size(), std::max(before.functions.size(), limits.functions_max));
      EXPECT_LE(scenario.channels.size(), before.channels.size());
    }
  }
}

TEST(Crossing, TakesFunctionsBodiesAndItemsOver) {
  const Scenario small = scenario_of(kSmall);
  const Scenario other = scenario_of(R"(
    channel a
    channel b
    function main
      trapped
        send b
      end
      emit strange
    end)");
  std::size_t functions = 0, bodies = 0, items = 0, words = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Prng prng(seed);
    Scenario result = small;
    cross_scenarios(prng, {}, other, result);
    bool has_trapped = false;
    for (const Function& function : result.functions) {
      for (const Op& op : function.ops) has_trapped |= op.code == OpCode::kTrapped;
    }
    functions += result.functions.size() > 3 ? 1 : 0;
    const bool same_count = result.functions.size() == 3;
    bodies += same_count && has_trapped && ops_in(result) < ops_in(small) + 3 ? 1 : 0;
    items += same_count && has_trapped && ops_in(result) >= ops_in(small) + 3 ? 1 : 0;
    words += result.words.size() > 1 ? 1 : 0;
    EXPECT_EQ(result.channels, small.channels);
  }
  EXPECT_GT(functions, 50u);
  EXPECT_GT(bodies, 20u);
  EXPECT_GT(items, 20u);
  EXPECT_GT(words, 50u);
}

TEST(Crossing, LeavesOutWhatNeedsWhatThereIsNot) {
  const Scenario other = scenario_of(kSmall);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Prng prng(seed);
    Scenario result = scenario_of("function main\nend\n");
    cross_scenarios(prng, {}, other, result);
    for (const Function& function : result.functions) {
      for (const Op& op : function.ops) EXPECT_NE(op.code, OpCode::kRecv);
    }
  }
}

}  // namespace
}  // namespace reweave::runtime
