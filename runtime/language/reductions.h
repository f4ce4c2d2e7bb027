// Smaller scenarios, for the shrinker: the boldest first, the most timid last.
//
// In this order, each group sorted by how much it deletes:
//   1. everything that is never used; a function with all that refers to it; a run of items (a
//   half,
//      a quarter, … of a body; at last one item, a block with its body); a send together with a
//      receive from the same channel; one channel, slot or word
//   2. a block without its head and end: its body stays
//   3. a function that does nothing but call another one is replaced by that one; two functions
//   with
//      the same body, two channels, two slots, two words become one
//   4. simpler operations: `rec` becomes `hcall`, `hcall` becomes `call`, an optional function or
//      slot is left out
//   5. smaller arguments: a count becomes 0, 1, its half, one less; a flag and a preference 0; an
//      exception E1
//
// Labels and names are kept, so a schedule keeps fitting what is left. Every reduction makes
// scenario_size() smaller, so shrinking ends; and the list holds the deletion of each single item,
// so a scenario from which no reduction can be taken is one from which nothing can be deleted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/language/scenario.h"

namespace reweave::runtime {

/// 10,000 for each function, operation (`then` and `end` too), channel, slot and word, plus the
/// costs of operations and arguments: 2 for `rec`, 1 for `hcall`; a count costs itself, an optional
/// function or slot 1, a flag that is set 1, a preference other than 0 1, an exception its
/// position.
std::uint64_t scenario_size(const Scenario& scenario);

/// All reductions of one linked scenario, which must outlive this object and stay as it is.
class Reductions {
 public:
  explicit Reductions(const Scenario& scenario);

  std::size_t count() const { return edits_.size(); }
  /// Writes the n-th smaller scenario, linked, into `out`; n is less than count().
  void apply(std::size_t n, Scenario& out) const;

 private:
  enum class Kind : std::uint8_t {
    kRemoveUnused,  // All functions, channels, slots, words that are never used.
    kRemoveName,    // `first` of the kind `value`.
    kEraseItems,    // `first` to `last` of `function`.
    kErasePair,     // `first` of `function` sends, `last` of function `value` receives.
    kUnwrap,        // The block at `first`.
    kBypass,        // `function` does nothing but call `value`.
    kMerge,         // Name `last` of the kind `value` becomes `first`.
    kSetCode,       // The operation at `first` becomes `value`, keeping its function.
    kSetArgument,   // Argument `last` of the operation at `first` becomes `value`.
  };
  struct Edit {
    Kind kind{};
    std::size_t function = 0;
    std::size_t first = 0;
    std::size_t last = 0;
    std::int32_t value = 0;
    std::size_t saving = 0;  // Things deleted; sorts deletions.
  };

  void list_deletions();
  void list_items(std::size_t function);
  void list_pairs();
  void list_unwraps();
  void list_merges();
  void list_simpler_operations();
  void list_smaller_arguments();

  const Scenario& scenario_;
  std::vector<Edit> edits_;
};

/// The same for one reduction at a time; each call makes the list anew.
std::size_t reduction_count(const Scenario& scenario);
/// False if there is no n-th reduction; `out` is then unchanged.
bool reduce(const Scenario& scenario, std::size_t n, Scenario& out);

}  // namespace reweave::runtime
