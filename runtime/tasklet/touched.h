// What the steps since the last look have touched, so that the structure oracle need not look at
// everything in every step.
//
// Whoever links, moves or changes a tasklet, a channel or a dict adds it here. The list is short;
// where it does not suffice the next look is a whole one, and so is one every kWholeEvery steps.
// A look at this list may come too late for a fault in what nobody added, never wrongly: whoever
// reports must therefore confirm (ScenarioSubject::run()).
//
// Cost: a store and a comparison for each addition, a branch where nobody wants to know.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace reweave::runtime {

struct Object;

class Touched {
 public:
  /// Steps between two whole looks, where there are few tasklets.
  static constexpr std::uint64_t kWholeEvery = 64;
  /// Where there are many, whole looks come so seldom that a step pays for so many of them.
  static constexpr std::uint64_t kObjectsAStep = 64;

  /// A new execution. `wanted`: looks go by this list; else every look is a whole one.
  void begin(bool wanted) {
    wanted_ = wanted;
    whole_ = false;
    count_ = 0;
    looked_in_ = 0;
    next_whole_ = kWholeEvery;
  }

  /// `object` is a tasklet, a channel or a dict of this execution; it may die before the look.
  void add(Object* object) {
    if (!wanted_) [[likely]]
      return;
    if (count_ == objects_.size()) [[unlikely]] {
      whole_ = true;
    } else {
      objects_[count_++] = object;
    }
  }
  /// The next look is a whole one.
  void look_at_everything() { whole_ = true; }

  bool wanted() const { return wanted_; }
  /// Whether the look in `step` has to be a whole one.
  bool is_whole(std::uint64_t step) const { return !wanted_ || whole_ || step >= next_whole_; }
  std::span<Object* const> objects() const { return {objects_.data(), count_}; }
  /// The step of the look before this one; 0: there was none.
  std::uint64_t looked_in() const { return looked_in_; }

  /// The look in `step` is over. `objects`: how many of them are alive.
  void looked(std::uint64_t step, bool was_whole, std::uint64_t objects) {
    count_ = 0;
    looked_in_ = step;
    if (!was_whole) return;
    whole_ = false;
    next_whole_ = step + std::max(kWholeEvery, objects / kObjectsAStep);
  }

 private:
  bool wanted_ = false;
  bool whole_ = false;
  std::uint32_t count_ = 0;
  std::uint64_t looked_in_ = 0;
  std::uint64_t next_whole_ = 0;
  std::array<Object*, 32> objects_{};
};

}  // namespace reweave::runtime
