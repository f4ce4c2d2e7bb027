// What a hunt has reached: how often each operation was about to begin in each state of what it is
// about. What stays 0 shows where a generator is blind.
//
// An operation is about its first argument: a slot and what it holds, a channel and who waits on
// it, a lock and who has it, a condition and who waits for a notify; one without such an argument,
// about how deep the running tasklet is.
//
// Its second table, of what dies where, is in deaths_reached.h.
//
// Cost: one look at the object for each step, and for each place that the step overwrites a walk
// over at most 64 objects (deaths_reached.h). Changes nothing, so trace hashes are the same with
// it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/interpreter/deaths_reached.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

class Reached final : public Watcher {
 public:
  struct Row {
    OpCode code{};
    const char* state = nullptr;
    std::uint64_t count = 0;
  };

  /// `interpreter` must outlive it, and has it as its watcher.
  explicit Reached(Interpreter& interpreter) : interpreter_(interpreter), deaths_(interpreter) {}

  /// Every operation that a generator may draw, with every state that its object can have, in the
  /// order of the table. `beyond`: as GeneratorOptions says.
  std::vector<Row> rows(bool beyond) const;
  /// What died, and in which places. To be the interpreter's garbage watcher.
  DeathsReached& deaths() { return deaths_; }

  void step(Thread& thread, SiteId site) override;

 private:
  static constexpr std::size_t kStatesMax = 16, kOperationsMax = 160;
  std::size_t state_of(const Thread& thread, const Op& op);
  std::size_t state_of_slot(const Thread& thread, std::int32_t slot) const;
  std::size_t state_of_channel(const Thread& thread, std::int32_t number) const;

  Interpreter& interpreter_;
  DeathsReached deaths_;
  std::array<std::array<std::uint64_t, kStatesMax>, kOperationsMax> counts_{};
};

}  // namespace reweave::runtime
