#include "runtime/language/shapes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/language/bytes.h"
#include "runtime/language/generator.h"

namespace reweave::runtime {
namespace {

std::vector<ShapeScript> written(std::uint64_t seed, std::size_t name, const Scenario& scenario,
                                 std::size_t* functions = nullptr) {
  Prng prng(seed);
  Uses uses;
  std::vector<ShapeScript> scripts;
  ShapeWriter writer(prng, uses, scenario);
  EXPECT_TRUE(writer.write(name, /*host=*/0, scripts));
  if (functions != nullptr) *functions = writer.functions();
  return scripts;
}

Scenario empty_scenario() {
  Scenario scenario;
  scenario.channels.resize(2);
  scenario.slots.resize(6);
  scenario.words.resize(2);
  return scenario;
}

std::string words_of(const std::vector<Op>& ops) {
  std::string words;
  for (const Op& op : ops) words += std::string(words.empty() ? "" : " ") + op_info(op.code).word;
  return words;
}

TEST(Shapes, HaveAWellFormedTable) { EXPECT_EQ(shape_table_error(), ""); }

TEST(Shapes, AreAllDrawn) {
  Prng prng(1);
  std::set<std::size_t> drawn;
  for (int i = 0; i < 2000; ++i) drawn.insert(draw_shape(prng));
  EXPECT_EQ(drawn.size(), shape_names().size());
}

/// Blocks are closed, arguments are in range or drawn later, functions are those of the shape.
TEST(Shapes, ComeToOperationsThatCanStandInAScenario) {
  const Scenario scenario = empty_scenario();
  for (std::size_t name = 0; name < shape_names().size(); ++name) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      std::size_t functions = 0;
      const std::vector<ShapeScript> scripts = written(seed, name, scenario, &functions);
      Scenario whole = scenario;
      set_implied_names(whole);
      whole.functions.resize(functions + 1);
      set_implied_names(whole);
      for (const ShapeScript& script : scripts) {
        ASSERT_LE(script.function, functions);
        std::vector<Op>& ops = whole.functions[script.function].ops;
        for (Op op : script.ops) {
          for (std::int32_t& argument : op.args) argument = argument == kDrawnLater ? 0 : argument;
          const char* const letters = op_info(op.code).arguments;
          if (letters[0] == 'h' && op.args[0] == 0) op.args[0] = 1;
          ops.push_back(op);
        }
      }
      for (Function& function : whole.functions) number_labels(function);
      const Status status = link(whole);
      ASSERT_TRUE(status.has_value())
          << shape_names()[name] << " " << seed << ": " << status.error().message;
    }
  }
}

TEST(Shapes, AreManyOfEachKind) {
  const Scenario scenario = empty_scenario();
  for (std::size_t name = 0; name < shape_names().size(); ++name) {
    std::set<std::string> kinds;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
      kinds.insert(words_of(written(seed, name, scenario).back().ops));
    EXPECT_GE(kinds.size(), 3u) << shape_names()[name];
  }
}

TEST(Shapes, GiveTheSlotsOfARowDifferentOnesWhereThereAreEnough) {
  const Scenario scenario = empty_scenario();
  const auto cycle = std::find(shape_names().begin(), shape_names().end(), "cycle");
  ASSERT_NE(cycle, shape_names().end());
  const auto name = static_cast<std::size_t>(cycle - shape_names().begin());
  // A cycle of two boxes: A and B are what `setcell A B` and `setcell B A` are about.
  std::size_t pairs = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const ShapeScript& script : written(seed, name, scenario)) {
      for (std::size_t i = 0; i + 1 < script.ops.size(); ++i) {
        const Op &one = script.ops[i], &other = script.ops[i + 1];
        if (one.code != OpCode::kSetcell || other.code != OpCode::kSetcell) continue;
        if (one.args[0] != other.args[1] || one.args[1] != other.args[0]) continue;
        EXPECT_NE(one.args[0], one.args[1]) << seed;
        ++pairs;
      }
    }
  }
  EXPECT_GT(pairs, 0u);
}

TEST(Shapes, NumberThreadsThatWereNotStarted) {
  const Scenario scenario = empty_scenario();
  std::size_t several = 0;
  for (std::size_t name = 0; name < shape_names().size(); ++name) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      std::multiset<std::int32_t> threads;
      for (const ShapeScript& script : written(seed, name, scenario)) {
        for (const Op& op : script.ops) {
          if (op.code == OpCode::kTstart) threads.insert(op.args[0]);
        }
      }
      several += threads.size() > 1 ? 1 : 0;
      for (const std::int32_t thread : threads) EXPECT_EQ(threads.count(thread), 1u);
    }
  }
  EXPECT_GT(several, 50u);
}

/// The order of a shape is kept, whatever comes in between.
TEST(Generator, MixesShapesIntoScenarios) {
  std::size_t cycles = 0, waits = 0, replaced = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, {}, scenario);
    std::size_t starts = 0;
    bool mutual = false, collects = false, callback = false, dropped = false, empties = false;
    for (const Function& function : scenario.functions) {
      for (const Op& op : function.ops) {
        starts += op.code == OpCode::kTstart ? 1 : 0;
        mutual |= op.code == OpCode::kSetcell && op.args[1] >= 0;
        collects |= mutual && op.code == OpCode::kGc;
        callback |= op.code == OpCode::kWeakref;
        dropped |= callback && op.code == OpCode::kDrop;
        empties |= dropped && op.code == OpCode::kSetcell;
      }
    }
    cycles += collects ? 1 : 0;
    waits += starts > 1 ? 1 : 0;
    replaced += empties ? 1 : 0;
  }
  EXPECT_GT(cycles, 60u);
  EXPECT_GT(waits, 40u);
  EXPECT_GT(replaced, 40u);
}

TEST(Generator, HasNoShapesWhereNoneAreWanted) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, {.functions_max = 3, .shapes_max = 0}, scenario);
    EXPECT_LE(scenario.functions.size(), 3u);
  }
}

}  // namespace
}  // namespace reweave::runtime
