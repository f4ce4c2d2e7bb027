// What is told of a finding: which deeds matter, and sentences about them.
#pragma once

#include <string>
#include <vector>

#include "repro/explain/explanation.h"

namespace reweave::repro {

/// Fills lanes, rows, story, circle, changes and then of `told`, whose findings, deeds, passing
/// deeds and turning point are there; puts decisions among its deeds. `paths`: of each actor.
void tell(Explanation& told, const std::vector<AskedQuestion>& asked,
          const std::vector<std::string>& paths);

/// "0.2 runs, not 0.1": what an answer means. `spilled`: what the ordinary answer did there.
std::string answer_words(const AskedQuestion& question, const NamedAnswer& answer, bool ordinary,
                         bool spills);

}  // namespace reweave::repro
