#include "runtime/language/reductions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "runtime/language/generator.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

/// The texts of all reductions, in order.
std::vector<std::string> all_reductions(std::string_view text) {
  const Scenario scenario = scenario_of(text);
  const Reductions reductions(scenario);
  std::vector<std::string> texts;
  for (std::size_t n = 0; n < reductions.count(); ++n) {
    Scenario smaller;
    reductions.apply(n, smaller);
    texts.push_back(write_scenario(smaller));
  }
  return texts;
}

/// Takes the first reduction for which `holds` as often as there is one: a small shrinker.
Scenario shrunk(Scenario scenario, const std::function<bool(const Scenario&)>& holds) {
  for (std::size_t n = 0;;) {
    Scenario smaller;
    if (!reduce(scenario, n, smaller)) return scenario;
    if (holds(smaller)) {
      scenario = std::move(smaller);
      n = 0;
    } else {
      ++n;
    }
  }
}

TEST(Reductions, OfAnEmptyMainAreNone) {
  EXPECT_THAT(all_reductions("function main\nend\n"), IsEmpty());
  Scenario out = wild_scenario(1);
  const Scenario before = out;
  EXPECT_FALSE(reduce(scenario_of("function main\nend\n"), 0, out));
  EXPECT_EQ(out, before);
}

TEST(Reductions, DeleteHalvesThenQuartersThenSingleOperations) {
  const std::vector<std::string> texts =
      all_reductions("function main\n emit a\n 5: emit a\n emit a\n emit a\nend\n");
  const std::vector<std::string> expected{
      "word a\n\nfunction main\nend\n",
      "function main\n  6: emit a\n  emit a\nend\n",
      "function main\n  emit a\n  5: emit a\nend\n",
  };
  ASSERT_GE(texts.size(), 8u);
  // The word with all that emit it, then everything, then the halves.
  EXPECT_EQ(texts[0], "function main\nend\n");
  EXPECT_EQ(std::vector<std::string>(texts.begin() + 1, texts.begin() + 4), expected);
  EXPECT_EQ(texts[4], "function main\n  5: emit a\n  emit a\n  emit a\nend\n");
  EXPECT_EQ(texts[7], "function main\n  emit a\n  5: emit a\n  emit a\nend\n");
}

TEST(Reductions, DeleteASendTogetherWithAReceive) {
  EXPECT_THAT(all_reductions("channel c\nfunction main\n recv c\n emit a\n send c\nend\n"),
              Contains("channel c\n\nfunction main\n  2: emit a\nend\n"));
  EXPECT_THAT(all_reductions("channel c\nchannel d\nfunction main\n spawn f -\n recv c\nend\n"
                             "function f\n send d\n sendx c E1\nend\n"),
              Contains("channel c\nchannel d\n\nfunction main\n  spawn f -\nend\n\n"
                       "function f\n  send d\nend\n"));
}

TEST(Reductions, DeleteABlockWithItsBodyOrUnwrapIt) {
  const std::vector<std::string> texts =
      all_reductions("function main\n finally\n sched\n then\n schedrm\n end\nend\n");
  EXPECT_THAT(texts, Contains("function main\nend\n"));
  EXPECT_THAT(texts, Contains("function main\n  2: sched\n  schedrm\nend\n"));
  EXPECT_THAT(texts, Contains("function main\n  finally\n  then\n    3: schedrm\n  end\nend\n"));
}

TEST(Reductions, RemoveWhatIsNeverUsedAtOnce) {
  const std::vector<std::string> texts = all_reductions(R"(
    channel a
    channel b
    slot s
    function main
      send b
      sched
      sched
      sched
    end
    function lost
      recv a
      call lost
    end)");
  EXPECT_THAT(texts, Contains("channel b\n\nfunction main\n  send b\n  sched\n  sched\n"
                              "  sched\nend\n"));
}

TEST(Reductions, RemoveAFunctionWithAllThatNeedsIt) {
  const std::vector<std::string> texts = all_reductions(R"(
    slot s
    function main
      spawn worker s
      weakref s callback
      rec 3 worker
    end
    function worker
      call callback
    end
    function callback
      sched
    end)");
  EXPECT_THAT(texts, Contains("slot s\n\nfunction main\n  2: weakref s callback\n  rec 3 -\nend\n\n"
                              "function callback\n  sched\nend\n"));
  // Worker does nothing but call the callback.
  EXPECT_THAT(texts, Contains("slot s\n\nfunction main\n  spawn callback s\n"
                              "  weakref s callback\n  rec 3 callback\nend\n\n"
                              "function callback\n  sched\nend\n"));
}

TEST(Reductions, MergeChannelsAndFunctionsWithTheSameBody) {
  const std::vector<std::string> texts = all_reductions(R"(
    channel a
    channel b
    function main
      send a
      recv b
      call one
      call two
    end
    function one
      sched
    end
    function two
      sched
    end)");
  EXPECT_THAT(texts, Contains("channel a\n\nfunction main\n  send a\n  recv a\n  call one\n"
                              "  call two\nend\n\nfunction one\n  sched\nend\n\n"
                              "function two\n  sched\nend\n"));
  EXPECT_THAT(texts, Contains("channel a\nchannel b\n\nfunction main\n  send a\n  recv b\n"
                              "  call one\n  call one\nend\n\nfunction one\n  sched\nend\n"));
}

TEST(Reductions, MakeOperationsAndArgumentsSimpler) {
  const std::string rest = "end\n\nfunction f\nend\n";
  const auto of = [&](const std::string& op) {
    return all_reductions("function main\n " + op + "\n" + rest);
  };
  const auto to = [&](const std::string& op) {
    return Contains("function main\n  " + op + "\n" + rest);
  };
  EXPECT_THAT(of("rec 30 f"), to("call f"));
  EXPECT_THAT(of("rec 30 f"), to("hcall f"));
  EXPECT_THAT(of("rec 30 f"), to("rec 30 -"));
  for (const char* count : {"0", "1", "15", "29"}) {
    EXPECT_THAT(of("rec 30 f"), to("rec " + std::string(count) + " f"));
  }
  EXPECT_THAT(of("hcall f"), to("call f"));
  EXPECT_THAT(of("call f"), Not(to("hcall f")));
  EXPECT_THAT(of("raise SystemExit"), to("raise E1"));
  EXPECT_THAT(of("btrap 1"), to("btrap 0"));
}

TEST(Reductions, AllMakeTheScenarioSmallerAndKeepItLinked) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario scenario = wild_scenario(seed);
    const Reductions reductions(scenario);
    EXPECT_EQ(reduction_count(scenario), reductions.count());
    for (std::size_t n = 0; n < reductions.count(); ++n) {
      Scenario smaller;
      reductions.apply(n, smaller);
      ASSERT_LT(scenario_size(smaller), scenario_size(scenario))
          << write_scenario(scenario) << "\nbecame\n"
          << write_scenario(smaller);
      Scenario linked = smaller;
      ASSERT_TRUE(link(linked).has_value());
      ASSERT_EQ(linked, smaller);
    }
  }
}

TEST(Reductions, KeepLabelsAndNames) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Scenario scenario = wild_scenario(seed);
    const Reductions reductions(scenario);
    for (std::size_t n = 0; n < reductions.count(); ++n) {
      Scenario smaller;
      reductions.apply(n, smaller);
      for (std::size_t f = 0; f < smaller.functions.size(); ++f) {
        for (const Op& op : smaller.functions[f].ops) {
          if (op.label == 0) continue;
          ASSERT_TRUE(find_site(scenario, site_name(smaller, site_of(f, op.label))).has_value());
        }
      }
    }
  }
}

TEST(Reductions, LeadToWhatMattersAndNothingElse) {
  // What matters: some function sends on a channel inside of a `try`, and main loops twice or more.
  const auto holds = [](const Scenario& scenario) {
    bool sends = false, loops = false;
    for (const Function& function : scenario.functions) {
      for (std::size_t i = 0; i < function.ops.size(); ++i) {
        const Op& op = function.ops[i];
        if (op.code != OpCode::kTry) continue;
        for (std::size_t j = i; j < op.match; ++j) sends |= function.ops[j].code == OpCode::kSend;
      }
    }
    for (const Op& op : scenario.functions[0].ops) {
      loops |= op.code == OpCode::kLoop && op.args[0] >= 2;
    }
    return sends && loops;
  };
  int found = 0;
  const GeneratorOptions large{.functions_min = 4, .ops_per_function_max = 40};
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, large, scenario);
    if (!holds(scenario)) continue;
    ++found;
    const Scenario small = shrunk(scenario, holds);
    std::size_t ops = 0;
    for (const Function& function : small.functions) ops += function.ops.size();
    EXPECT_EQ(ops, 5u) << write_scenario(small);  // try send end, loop end
    EXPECT_LE(small.functions.size(), 2u);
    EXPECT_EQ(small.channels.size(), 1u);
    EXPECT_TRUE(small.slots.empty());
    EXPECT_TRUE(small.words.empty());
  }
  EXPECT_GT(found, 10);
}

}  // namespace
}  // namespace reweave::runtime
