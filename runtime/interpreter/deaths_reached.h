// What a hunt has reached, the second table: what operations put something else in the place of, or
// take out of it, and what the collector finds; and what the death of that would do.
//
// A place is a slot, a cell or record, a local, or an entry of the program's dict. Where the last
// reference goes, the death is part of the operation, and runs callbacks and finalizers in the
// middle of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/interpreter/interpreter.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

class DeathsReached final : public GarbageWatcher {
 public:
  struct Row {
    const char* what = nullptr;  // The place, or the kind of garbage.
    const char* state = nullptr;
    std::uint64_t count = 0;
  };

  /// `interpreter` must outlive it, and has it as its garbage watcher.
  explicit DeathsReached(const Interpreter& interpreter) : interpreter_(interpreter) {}

  /// All that there can be, in a fixed order.
  std::vector<Row> rows() const;

  /// `op` is about to begin in the tasklet that runs.
  void step(const Thread& thread, const Op& op);
  void note(std::uint64_t step, bool at_end, std::span<Object* const> objects) override;

 private:
  static constexpr std::size_t kPlaces = 5, kContents = 5, kGarbage = 9;
  void look_at_slots(const Op& op);
  void look_at_locals(const Thread& thread, const Op& op);
  void look_at_keys(const Op& op);
  void count(std::size_t place, const Object* content);

  const Interpreter& interpreter_;
  std::array<std::array<std::uint64_t, kContents>, kPlaces> places_{};
  std::array<std::array<std::uint64_t, 2>, kGarbage> garbage_{};
};

}  // namespace reweave::runtime
