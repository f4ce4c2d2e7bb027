// Stopping at a step: in a debugger, or in a recording made by rr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repro/judge/doctor.h"
#include "scheduler/execution.h"

/// Called when the step that `--break-at-step` names begins: a place for a breakpoint. Does
/// nothing.
extern "C" void reweave_step_breakpoint(std::uint64_t step);

namespace reweave::repro {

/// Is a debugger watching this process?
bool being_traced();

/// Stops `execution` at the beginning of `step`: calls reweave_step_breakpoint() and, under a
/// debugger, raises SIGTRAP. `step` must outlive the execution's next run.
void break_at_step(Execution& execution, const std::uint64_t& step);

/// Records `command` by rr into the new folder `trace`. Returns its exit code, or -1 with `trouble`
/// set; what rr left behind unfinished is taken away.
int record_by_rr(const RrProbe& rr, const std::vector<std::string>& command,
                 const std::string& trace, std::string& trouble);

}  // namespace reweave::repro
