// The collection oracle: a program must not notice a collection. Wherever the cycle collector runs
// because a question said so, the program does what it does without.
//
// The execution is compared with the ordinary one: the same answers, but none of them lets the
// collector run. The specification, in which no collector takes part, predicts that one. What is
// compared are the events and how main ends; left out is when objects die (`fin`, `freed`) and what
// the collector says itself (`collectable`).
//
// A program may observe finalization: by a callback of a weak reference, by one that it asks
// (`deref`), by the code of a tasklet with a C stack that is killed because nobody holds it any
// more, or of a generator that is closed. There a difference is right, so nothing is said of an
// execution in which code ran during a collection, nor of a program that asks weak references. That
// goes for the program's own collections, too, once a question asked for one: they find garbage in
// the order that it has left.
//
// Cost: a prediction (specification.h), only where the collector did run.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "runtime/specification/comparison.h"

namespace reweave::runtime {

struct CollectionOracle {
  const Scenario& scenario;
  const Settings& settings;
  const Execution& execution;  // Has kept its record, and is over; no finding was reported.
  /// Where in its log the collector ran: from, to. The first time because a question said so.
  std::span<const std::pair<std::size_t, std::size_t>> collections;
  bool ran_code = false;  // Some operation was performed meanwhile.
  const EndState& end;

  /// The first difference; nothing, if there is none or if nothing can be said. `state` is not
  /// used. Events live as long as the execution's log and the prediction.
  std::optional<specification::Disagreement> look(
      specification::Specification& specification) const;

 private:
  bool observes_finalization() const;
};

}  // namespace reweave::runtime
