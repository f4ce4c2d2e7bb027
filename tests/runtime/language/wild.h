// Scenarios for tests: any linked scenario at all, not only those that the generator would write.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/arguments.h"
#include "runtime/language/edit.h"
#include "runtime/language/scenario.h"
#include "runtime/language/text.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/base/prng.h"

namespace reweave::runtime {

/// A scenario from its text; aborts with the error if it is none.
inline Scenario scenario_of(std::string_view text) {
  Expected<Scenario> scenario = parse_scenario(text, "test");
  CHECK_MSG(scenario.has_value(), scenario ? "" : scenario.error().message.c_str());
  return *std::move(scenario);
}

/// Everything about it is random: names, labels in any order, words in any order and unused ones,
/// calls of main, canaries, empty functions, no channels.
class Wild {
 public:
  explicit Wild(std::uint64_t seed) : prng_(seed) {}

  Scenario scenario() {
    Scenario scenario;
    scenario.channels = names(prng_.below(5));
    scenario.slots = names(prng_.below(5));
    scenario.words = names(prng_.below(5));
    for (std::string& name : names(1 + prng_.below(5))) {
      scenario.functions.push_back({std::move(name), {}});
    }
    if (prng_.chance({1, 2})) scenario.functions[0].name = "main";
    for (Function& function : scenario.functions) {
      body(scenario, function, prng_.below(12), 0);
      labels(function);
    }
    relink(scenario);
    return scenario;
  }

 private:
  std::vector<std::string> names(std::size_t count) {
    static constexpr std::string_view kLetters = "abcXYZ019_";
    std::vector<std::string> result;
    while (result.size() < count) {
      std::string name;
      for (std::uint32_t left = 1 + prng_.below(6); left > 0; --left) {
        name += kLetters[prng_.below(static_cast<std::uint32_t>(kLetters.size()))];
      }
      if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(name);
    }
    return result;
  }

  void body(const Scenario& scenario, Function& function, std::uint32_t ops, std::size_t depth) {
    while (ops-- > 0) {
      Op op;
      op.code = static_cast<OpCode>(prng_.below(static_cast<std::uint32_t>(op_count())));
      const OpInfo& info = op_info(op.code);
      if (info.shape == OpShape::kMark) continue;
      bool fits = info.shape == OpShape::kPlain || depth < Scenario::kNesting;
      for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
        const ArgumentRange range = argument_range(scenario, info.arguments[i]);
        fits &= !range.empty();
        if (range.empty()) continue;
        op.args[i] = range.low + static_cast<std::int32_t>(prng_.below(
                                     static_cast<std::uint32_t>(range.high - range.low + 1)));
      }
      if (!fits) continue;
      function.ops.push_back(op);
      if (info.shape == OpShape::kPlain) continue;
      body(scenario, function, prng_.below(4), depth + 1);
      if (info.shape == OpShape::kBlockThen) {
        function.ops.push_back({.code = OpCode::kThen});
        body(scenario, function, prng_.below(4), depth + 1);
      }
      function.ops.push_back({.code = OpCode::kEnd});
    }
  }

  void labels(Function& function) {
    const bool in_order = prng_.chance({1, 2});
    std::vector<std::uint16_t> used;
    std::uint16_t next = 1;
    for (Op& op : function.ops) {
      if (op_info(op.code).shape == OpShape::kMark) continue;
      do {
        op.label = in_order ? next++ : static_cast<std::uint16_t>(1 + prng_.below(UINT16_MAX));
      } while (std::find(used.begin(), used.end(), op.label) != used.end());
      used.push_back(op.label);
      if (in_order && prng_.chance({1, 8})) next = static_cast<std::uint16_t>(next + 3);
    }
  }

  Prng prng_;
};

inline Scenario wild_scenario(std::uint64_t seed) { return Wild(seed).scenario(); }

}  // namespace reweave::runtime
