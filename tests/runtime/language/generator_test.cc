#include "runtime/language/generator.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/language/bytes.h"
#include "runtime/language/draw.h"
#include "runtime/language/edit.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

Scenario generated(std::uint64_t seed, const GeneratorOptions& options = {}) {
  Prng prng(seed);
  Scenario scenario;
  generate_scenario(prng, options, scenario);
  return scenario;
}

TEST(Generator, GivesTheSameScenarioForTheSameSeedAndAnotherForAnother) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const std::string text = write_scenario(generated(seed));
    EXPECT_EQ(text, write_scenario(generated(seed)));
    texts.insert(text);
  }
  EXPECT_GT(texts.size(), 990u);
}

TEST(Generator, DoesNotDependOnWhatWasInTheBuffer) {
  Scenario reused = wild_scenario(3);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Prng prng(seed);
    generate_scenario(prng, {}, reused);
    ASSERT_EQ(reused, generated(seed));
  }
}

// The same under gcc and clang, debug and release. It changes when a weight or the generator does;
// then old seeds give other scenarios, which the change log must say.
TEST(Generator, GivesTheScenariosThatItGaveBefore) {
  EXPECT_EQ(write_scenario(generated(2)), R"(channel c0
slot s0
slot s1
word w0
word w1

function main
  softsw 1
  hcall f3
  spawn f2 -
  spawn f1 s1
  chancbf f4
  runall
end

function f1
  unbind s1
  kill s1
  finally
    hcall f3
  then
  end
end

function f2
  ignnest 1
  chancbf f4
  hcall f3
  chancbf f4
  chancbf f4
end

function f3
  sendtmp
  queue c0
  pref c0 1
end

function f4
  send c0
end
)");
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const char c : write_scenario(generated(seed))) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    }
  }
  EXPECT_EQ(hash, 11632665681319145303u);
}

TEST(Generator, KeepsToItsOptions) {
  const GeneratorOptions options{.functions_min = 1,
                                 .functions_max = 3,
                                 .channels_max = 1,
                                 .slots_max = 2,
                                 .words_max = 1,
                                 .ops_per_function_max = 4,
                                 .shapes_max = 0};
  std::set<std::size_t> functions;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Scenario scenario = generated(seed, options);
    functions.insert(scenario.functions.size());
    EXPECT_EQ(scenario.channels.size(), 1u);
    EXPECT_LE(scenario.slots.size(), 2u);
    for (const Function& function : scenario.functions) {
      std::size_t ops = 0;
      for (const Op& op : function.ops) ops += op.label != 0 ? 1 : 0;
      // Four, and the repairs: a receive, a spawn of each other function, the last `runall`.
      EXPECT_LE(ops, 4u + 1 + 2 + 1);
    }
    const Scenario copy = scenario;
    ASSERT_TRUE(link(scenario).has_value());
    EXPECT_EQ(scenario, copy);
  }
  EXPECT_EQ(functions, (std::set<std::size_t>{1, 2, 3}));
}

// They bring functions and operations of their own, and nothing else.
TEST(Generator, KeepsToItsOptionsWithShapes) {
  const GeneratorOptions options{.functions_min = 1,
                                 .functions_max = 3,
                                 .channels_max = 1,
                                 .slots_max = 2,
                                 .words_max = 1,
                                 .ops_per_function_max = 4};
  std::size_t with_shapes = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Scenario scenario = generated(seed, options);
    with_shapes += scenario.functions.size() > 3 ? 1 : 0;
    EXPECT_EQ(scenario.channels.size(), 1u);
    EXPECT_LE(scenario.slots.size(), 2u);
    EXPECT_LE(scenario.words.size(), 1u);
  }
  EXPECT_GT(with_shapes, 0u);
}

TEST(Generator, UsesEveryOperationThatHasAWeightAndNoOther) {
  for (const bool beyond : {false, true}) {
    std::vector<std::size_t> counts(static_cast<std::size_t>(op_count()));
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
      for (const Function& function : generated(seed, {.beyond = beyond}).functions) {
        for (const Op& op : function.ops) ++counts[static_cast<std::size_t>(op.code)];
      }
    }
    for (int code = 0; code < op_count(); ++code) {
      const OpInfo& info = op_info(static_cast<OpCode>(code));
      if (info.shape == OpShape::kMark) continue;
      const bool wanted = info.weight > 0 && (beyond || info.topic != Topic::kBeyond);
      EXPECT_EQ(counts[static_cast<std::size_t>(code)] > 0, wanted) << info.word << beyond;
    }
  }
}

TEST(Generator, WritesScenariosThatAreAlive) {
  std::size_t reachable = 0, functions = 0, two_sided = 0, used_channels = 0, ends_with_runall = 0,
              deep = 0, shallow = 0, callbacks = 0, dropped = 0;
  constexpr std::uint64_t kScenarios = 2000;
  for (std::uint64_t seed = 0; seed < kScenarios; ++seed) {
    const Scenario scenario = generated(seed);
    for (const bool used : used_names(scenario, NameKind::kFunction)) reachable += used ? 1 : 0;
    functions += scenario.functions.size();
    Uses uses;
    uses.scan(scenario, 0, 0);
    for (std::size_t c = 0; c < scenario.channels.size(); ++c) {
      if (uses.senders(c) + uses.receivers(c) == 0) continue;
      ++used_channels;
      two_sided += uses.senders(c) > 0 && uses.receivers(c) > 0 ? 1 : 0;
    }
    const std::vector<Op>& main = scenario.functions[0].ops;
    ends_with_runall += !main.empty() && main.back().code == OpCode::kRunall ? 1 : 0;
    for (std::size_t i = 0; i < main.size(); ++i) {
      if (main[i].code != OpCode::kWeakref) continue;
      ++callbacks;
      for (std::size_t j = i + 1; j < main.size(); ++j) {
        if (main[j].code == OpCode::kDrop && main[j].args[0] == main[i].args[0]) {
          ++dropped;
          break;
        }
      }
    }
    for (const Function& function : scenario.functions) {
      for (const Op& op : function.ops) {
        if (op.code != OpCode::kRec) continue;
        deep += op.args[0] > 25 ? 1 : 0;
        shallow += op.args[0] < 25 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(reachable * 100, functions * 85);
  EXPECT_GT(two_sided * 100, used_channels * 80);
  EXPECT_GT(ends_with_runall * 100, kScenarios * 80);
  EXPECT_GT(callbacks * 100, kScenarios * 8);
  EXPECT_GT(dropped * 100, callbacks * 10);
  EXPECT_GT(deep, 200u);
  EXPECT_GT(shallow, 200u);
}

/// Swarm testing: scenarios differ in which operations they have at all.
TEST(Generator, LeavesOperationsOutSoThatOthersAreFrequent) {
  std::size_t without_send = 0, many_sends = 0;
  const GeneratorOptions large{.functions_min = 6, .functions_max = 6, .ops_per_function_max = 30};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::size_t sends = 0;
    for (const Function& function : generated(seed, large).functions) {
      for (const Op& op : function.ops) sends += op.code == OpCode::kSend ? 1 : 0;
    }
    without_send += sends <= 1 ? 1 : 0;  // A repair may put one in.
    many_sends += sends >= 12 ? 1 : 0;
  }
  EXPECT_GT(without_send, 120u);
  EXPECT_GT(many_sends, 20u);
}

TEST(OpWeights, DrawOnlyWhatIsOn) {
  Prng prng(1);
  OpWeights weights;
  weights.switch_off(prng, {1, 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(weights.draw(prng), OpCode::kSpawn);
  EXPECT_TRUE(weights.users_of_a_slot().empty());
  const OpWeights users = OpWeights().users_of_a_slot();
  for (int i = 0; i < 100; ++i) {
    const char first = op_info(users.draw(prng)).arguments[0];
    EXPECT_TRUE(first == 's' || first == 'o') << first;
  }
}

TEST(OpWeights, KnowATopicWholeOrNotAtAll) {
  const OpWeights all;
  ASSERT_TRUE(all.has(Topic::kThreads));
  int with_threads = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Prng prng(seed);
    OpWeights weights;
    weights.draw_topics(prng);
    EXPECT_TRUE(weights.has(Topic::kCore));
    std::set<OpCode> drawn;
    for (int i = 0; i < 2000; ++i) {
      const OpCode code = weights.draw(prng);
      if (op_info(code).topic == Topic::kThreads) drawn.insert(code);
    }
    if (weights.has(Topic::kThreads)) {
      ++with_threads;
      EXPECT_EQ(drawn.count(OpCode::kSettle), 1u) << seed;
      EXPECT_EQ(drawn.count(OpCode::kBindt), 1u) << seed;
    } else {
      EXPECT_TRUE(drawn.empty()) << seed;
    }
  }
  EXPECT_GT(with_threads, 40);
  EXPECT_LT(with_threads, 360);
}

TEST(DrawDepth, GoesFromFewLevelsToMoreThanTheDefaultOfSpillLevels) {
  Prng prng(1);
  std::set<std::int32_t> depths;
  for (int i = 0; i < 1000; ++i) depths.insert(draw_depth(prng));
  EXPECT_EQ(*depths.begin(), 1);
  EXPECT_GT(*depths.rbegin(), 50);
  for (const std::int32_t depth : {24, 25, 26}) EXPECT_EQ(depths.count(depth), 1u) << depth;
}

}  // namespace
}  // namespace reweave::runtime
