// Random scenarios: many small programs, each different in kind, most of them alive.
//
// Two tables are all there is: the weights of operations.def, and shapes.def, whose patterns of a
// few operations each reach what single ones do not (shapes.h). Nothing is aimed at any defect.
// There are two templates, of two operations each: a slot that was just filled is often used at
// once, and a lock is mostly taken before a wait or a notify. Diversity comes from swarm testing
// (Groce, Zhang, Eide, Chen, Regehr, "Swarm testing", ISSTA 2012): each scenario switches a random
// subset of the operations off, and so does each of its functions but main; how many are off is
// itself drawn. (The paper switches each feature off with probability 1/2; we draw the
// probability.) And each scenario raises the weights of a few operations, so that rare ones come
// together. Of shapes, three scenarios of eight have one or two; what is drawn comes before,
// between and after their operations, and they bring functions of their own.
//
// Life comes from the arguments (draw.h) and from three repairs, each of one operation: a channel
// that is only sent on, or only received from, mostly gets the other side in some function; a
// function that nothing refers to is mostly spawned by main; and main mostly ends with `runall`.
//
// The same stream of numbers gives the same scenario on every compiler and machine. Names are the
// implied ones of bytes.h, so a generated scenario survives its byte form unchanged.
#pragma once

#include <cstdint>

#include "runtime/language/focus.h"
#include "runtime/language/scenario.h"
#include "scheduler/base/prng.h"

namespace reweave::runtime {

/// Sizes are drawn up to these; all at least 1 and at most the scenario's ceilings.
struct GeneratorOptions {
  std::uint32_t functions_min = 2;
  std::uint32_t functions_max = 6;
  std::uint32_t channels_max = 3;
  std::uint32_t slots_max = 6;
  std::uint32_t words_max = 3;
  std::uint32_t ops_per_function_max = 8;  // Without `then`, `end` and the repairs.
  std::uint32_t shapes_max = 2;            // With functions and operations on top; 0: none.
  bool beyond = false;                     // Operations that the real thing does not have, too.
  Focus focus{};                           // Empty: everything, as the table says.
};

/// Replaces `scenario`; linked and labelled. Reuses its buffers.
void generate_scenario(Prng& prng, const GeneratorOptions& options, Scenario& scenario);

}  // namespace reweave::runtime
