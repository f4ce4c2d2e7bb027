// Shapes: patterns of a few operations, from shapes.def, that a generated scenario is mixed from
// beside single ones.
//
// Random operations reach what one of them makes out of what is likely to be there. They do not
// reach what needs five in one order, on the same object: that its last reference goes in the
// operation that replaces it, that a cycle is dropped and then collected, that three threads wait
// for one lock. A shape is such an order, and a grammar of a few lines makes many of it: each part
// of it is drawn. What comes before, between and after is as random as ever. As operations are,
// shapes are drawn for a whole scenario (swarm testing): it has none, or a few of one or two kinds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/draw.h"
#include "runtime/language/scenario.h"
#include "scheduler/base/prng.h"

namespace reweave::runtime {

/// Stands for an argument that is drawn when the operation gets its place.
inline constexpr std::int32_t kDrawnLater = INT32_MIN;

/// The names of all shapes, in the order of the table. Never freed.
const std::vector<std::string>& shape_names();

/// An index of shape_names(), by the shares of the rows.
std::size_t draw_shape(Prng& prng);

/// An error of the table: what is wrong in which row; "" if it is well formed.
std::string shape_table_error();

/// What a shape comes to: operations for functions, in order.
struct ShapeScript {
  std::size_t function = 0;
  std::vector<Op> ops;  // Blocks are closed. Arguments may be kDrawnLater.
};

class ShapeWriter {
 public:
  /// `scenario` has its channels, slots and words; `uses` says who uses them. Both must live as
  /// long.
  ShapeWriter(Prng& prng, const Uses& uses, const Scenario& scenario)
      : prng_(prng), uses_(uses), scenario_(scenario) {}

  /// Draws a row of shape `name`, an index of shape_names(). What `host` does, and what the
  /// functions do that it needs, is appended to `scripts`; these get numbers from 1 on. False:
  /// there are too many functions already; `scripts` is as it was.
  bool write(std::size_t name, std::size_t host, std::vector<ShapeScript>& scripts);

  /// A thread is started elsewhere: `+` stands for those that were not.
  void take_thread() { ++threads_; }
  /// How many functions the shapes needed so far.
  std::size_t functions() const { return functions_; }

 private:
  static constexpr std::size_t kLetters = 26;
  static constexpr std::size_t kFunctionsMax = 16;  // No shape begins when there are so many.
  /// The slots of a row, by letter; -1: not chosen yet.
  using Slots = std::array<std::int32_t, kLetters>;
  struct Body {
    std::size_t part = 0;
    std::vector<std::int32_t> slots;
    std::int32_t function = 0;
  };

  void expand(std::size_t part, const std::vector<std::int32_t>& given, std::size_t host,
              std::vector<Op>& ops);
  Op make_op(const struct ShapeItem& item, Slots& slots, std::size_t host);
  std::int32_t slot_of(Slots& slots, std::size_t letter);
  std::int32_t variable(std::size_t letter, char kind, OpCode code, std::size_t host);
  std::int32_t function_of(std::size_t part, const std::vector<std::int32_t>& given);

  Prng& prng_;
  const Uses& uses_;
  const Scenario& scenario_;
  std::size_t functions_ = 0;
  std::uint32_t threads_ = 0;
  std::uint64_t taken_ = 0;                     // Slots that this shape has chosen.
  std::array<std::int32_t, kLetters> drawn_{};  // Variables; kDrawnLater: not yet.
  std::vector<Body> bodies_;
  std::vector<ShapeScript>* scripts_ = nullptr;
};

}  // namespace reweave::runtime
