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

/// "0.2 runs, not 0.1": what an answer means. `spills`: what it does to the stack of whoever asks.
/// `kind`: of the subject, for what threads are asked is not what tasklets are.
std::string answer_words(const AskedQuestion& question, const NamedAnswer& answer, bool ordinary,
                         bool spills, std::string_view kind);

}  // namespace reweave::repro
