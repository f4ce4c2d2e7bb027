// Draws one operation that has a chance to do something where it is put.
//
// Which operation is drawn is decided by the weights of operations.def alone; this file only keeps
// its arguments alive: a slot that holds something is dropped rather than an empty one, a channel
// that somebody sends on is received from, a function that nobody uses yet is called first. Nothing
// here knows of any defect, and nothing looks further than the one operation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "runtime/language/focus.h"
#include "runtime/language/scenario.h"
#include "scheduler/base/prng.h"

namespace reweave::runtime {

/// The table's weights, of which some operations may be switched off.
class OpWeights {
 public:
  /// The operations with the table's weights; those of Topic::kBeyond only if `beyond`.
  explicit OpWeights(bool beyond = false);

  /// Switches off the operations of each topic but the core, unless it is drawn: one scenario in
  /// so many knows it. A topic without any weight takes no number. A focus, unless it is empty,
  /// keeps its topics on, and draws the others less often.
  void draw_topics(Prng& prng, const Focus& focus = {});
  /// Raises the weights of what the focus has.
  void raise(const Focus& focus);
  /// True if an operation of it is on.
  bool has(Topic topic) const;

  /// Switches each operation off with this probability; `spawn` stays, for without it nothing is
  /// concurrent.
  void switch_off(Prng& prng, Ratio probability);

  /// Raises the weights of `count` operations that are on, each drawn evenly, so that each makes
  /// up an eighth of the whole: what is rare in the table comes together, too.
  void raise(Prng& prng, std::uint32_t count);

  /// Only the operations that do something with the tasklet in a slot; may be empty.
  OpWeights users_of_a_slot() const;

  bool empty() const { return total_ == 0; }

  /// An operation with a weight above 0 that is on. Not to be called when empty.
  OpCode draw(Prng& prng) const;

 private:
  static constexpr std::size_t kCapacity = 160;
  void remove(std::size_t code);

  std::array<std::uint32_t, kCapacity> weights_{};
  std::uint32_t total_ = 0;
};

/// What a scenario does so far, as far as arguments depend on it. Sizes are the scenario's
/// ceilings.
class Uses {
 public:
  /// Nothing is used yet.
  void clear();
  /// Takes account of an operation of a function.
  void note(std::size_t function, const Op& op);
  /// Begins to write a function: main's slots are empty while it is alone, another's are what all
  /// others stored.
  void enter(std::size_t function);
  /// The slots of this set will be filled somewhere: they are used as if they were already.
  void expect_filled(std::uint64_t slots) { expected_ = slots; }
  /// Those of them that nobody has filled yet.
  std::uint64_t still_expected() const { return expected_ & ~ever_filled_; }
  /// Another thread will be started somewhere.
  void expect_threads() { has_threads_ = true; }
  /// Everything of a scenario, and what is alive in front of operation `at` of `function`.
  void scan(const Scenario& scenario, std::size_t function, std::size_t at);

  std::uint32_t references(std::size_t function) const { return references_[function]; }
  std::uint32_t senders(std::size_t channel) const { return senders_[channel]; }
  std::uint32_t receivers(std::size_t channel) const { return receivers_[channel]; }
  /// True if the slot may hold a tasklet where the next operation goes.
  bool filled(std::size_t slot) const { return ((filled_ | expected_) >> slot & 1) != 0; }
  /// True if a function that may have ended by then stores in it.
  bool occupied(std::size_t slot) const { return (filled_ >> slot & 1) != 0; }
  /// True if a function that is being written from its start has created a tasklet, or is run by
  /// one.
  bool has_company() const { return has_company_; }
  /// True if somebody runs the others with a limit of time.
  bool has_limit() const { return has_limit_; }
  /// True if somebody starts another thread.
  bool has_threads() const { return has_threads_; }
  /// The slot that the last operation on a slot was about, if it is filled.
  std::optional<std::int32_t> recent() const;

 private:
  static_assert(Scenario::kSlotsMax <= 64, "a set of slots is a 64-bit mask");

  std::array<std::uint32_t, Scenario::kFunctionsMax> references_{};
  std::array<std::uint32_t, Scenario::kChannelsMax> senders_{};
  std::array<std::uint32_t, Scenario::kChannelsMax> receivers_{};
  std::uint64_t expected_ = 0;
  std::uint64_t ever_filled_ = 0;
  std::uint64_t filled_ = 0;
  std::int32_t recent_ = -1;
  bool has_company_ = false;
  bool has_limit_ = false;
  bool has_threads_ = false;
};

/// An operation for `function`, with label 0 and arguments in range, or nothing: a few attempts
/// found none that is alive. `blocks`: block operations are allowed; their `end` is the caller's.
std::optional<Op> draw_op(Prng& prng, const OpWeights& weights, const Uses& uses,
                          const Scenario& scenario, std::size_t function, bool blocks);

/// New arguments for an operation of `function`; false if none of them can be alive.
bool draw_arguments(Prng& prng, const Uses& uses, const Scenario& scenario, std::size_t function,
                    Op& op);

/// Where an argument is drawn.
struct ArgumentDraw {
  Prng& prng;
  const Uses& uses;
  const Scenario& scenario;
  std::size_t function;
  OpCode code;
};
// How the rows of arguments.cc draw a value: false, if there is none that is alive.
bool draw_function(const ArgumentDraw& draw, std::int32_t& value);
bool draw_function_or_none(const ArgumentDraw& draw, std::int32_t& value);
bool draw_filled_slot(const ArgumentDraw& draw, std::int32_t& value);
bool draw_slot_to_fill(const ArgumentDraw& draw, std::int32_t& value);
bool draw_slot_or_none(const ArgumentDraw& draw, std::int32_t& value);
bool draw_channel(const ArgumentDraw& draw, std::int32_t& value);
bool draw_word(const ArgumentDraw& draw, std::int32_t& value);
bool draw_count(const ArgumentDraw& draw, std::int32_t& value);
bool draw_switch(const ArgumentDraw& draw, std::int32_t& value);
bool draw_preference(const ArgumentDraw& draw, std::int32_t& value);
bool draw_thread(const ArgumentDraw& draw, std::int32_t& value);
bool draw_lock(const ArgumentDraw& draw, std::int32_t& value);
bool draw_value(const ArgumentDraw& draw, std::int32_t& value);
bool draw_any_slot(const ArgumentDraw& draw, std::int32_t& value);
bool draw_integer(const ArgumentDraw& draw, std::int32_t& value);
bool draw_time(const ArgumentDraw& draw, std::int32_t& value);
/// 0 … kBound-1, all alike.
template <std::uint32_t kBound>
bool draw_below(const ArgumentDraw& draw, std::int32_t& value) {
  value = static_cast<std::int32_t>(draw.prng.below(kBound));
  return true;
}

/// An operation on a condition, which fails unless somebody has the lock.
bool is_of_condition(OpCode code);

/// How many levels deep: few, several, around the default of `spill_levels` (25), many.
std::int32_t draw_depth(Prng& prng);

}  // namespace reweave::runtime
