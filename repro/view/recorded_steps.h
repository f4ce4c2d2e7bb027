// One execution as data for a picture: who ran in each step, what was done, and what queues,
// channels and stacks held when.
//
// Who runs is seen by a replay that is shown every point (Chooser::wants_steps()), which every kind
// of subject has. What is done are the deeds of explain/deed.h. What tasklets alone have (run
// queues, channels, values under way, slices of stacks) tells the runtime's watcher; of locks the
// page itself keeps account, from the deeds. Nothing of it changes the execution: it has the trace
// hash that it always has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repro/explain/deed.h"
#include "repro/file/weave_file.h"
#include "scheduler/schedule.h"

namespace reweave::repro {

/// Something has another content from `step` on: "run queue" is "0.2, 0.1".
struct Change {
  std::uint64_t step = 0;
  std::string what{}, content{};
};

struct Recording {
  struct Step {
    ActorId actor{};
    std::string site{};
    std::uint32_t depth = 0;  // Of the stack, in interpreter levels; 0: not known.
  };
  std::vector<std::string> paths{};  // Of each actor.
  std::vector<Step> steps{};         // The first is step 1.
  std::vector<Deed> deeds{};
  std::vector<Change> changes{};
};

/// Runs `file`'s subject along `schedule`, leniently, here; not beyond `steps_max` steps.
Recording record_execution(const WeaveFile& file, const Schedule& schedule,
                           std::uint64_t steps_max);

}  // namespace reweave::repro
