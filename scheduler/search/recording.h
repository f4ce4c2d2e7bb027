// From dense answers to a schedule, and from a schedule to an execution.
#pragma once

#include <span>

#include "scheduler/schedule.h"
#include "scheduler/strategy/schedule_replay.h"

namespace reweave {

/// One execution of `subject` that follows `schedule`; `execution` holds all about it afterwards,
/// in named mode. In strict mode its outcome is kDiverged when an answer did not fit. `keep_log`
/// and `tape` as for Execution::begin().
void replay(Subject& subject, Execution& execution, const Schedule& schedule, ReplayMode mode,
            bool keep_log = false, SharedTape* tape = nullptr);

/// The schedule of the execution that `answers` are the dense record of, made by running `subject`
/// once more. The limits must be those of the recorded execution. An error if it diverges: then the
/// subject is not deterministic.
Expected<Schedule> record(Subject& subject, std::span<const DenseAnswer> answers,
                          const Limits& limits = {});

}  // namespace reweave
