// What scenarios are about: some operations are drawn more often than the table's weights say.
//
// A fuzz target without one spends its time on everything at once; one with a focus meets what
// needs several operations of one system many times sooner. Nothing is excluded: the rest of the
// language is what the system is used beside.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/language/scenario.h"

namespace reweave::runtime {

struct Focus {
  /// Operations of a topic or of the list are drawn so many times as often as the table says.
  static constexpr std::uint32_t kFactor = 4;

  std::vector<Topic> topics{};       // Known in every scenario; the others seldom are.
  std::vector<OpCode> operations{};  // Of any topic; a scenario that does not know it lacks it.

  bool empty() const { return topics.empty() && operations.empty(); }
  bool has(Topic topic) const { return std::ranges::find(topics, topic) != topics.end(); }
  bool has(OpCode code) const {
    return has(op_info(code).topic) || std::ranges::find(operations, code) != operations.end();
  }
};

}  // namespace reweave::runtime
