// Stopping at a step: in a debugger, or in a recording made by rr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repro/judge/doctor.h"
#include "scheduler/base/expected.h"
#include "scheduler/execution.h"

extern "C" {
/// Called when the step that `--break-at-step` names begins: a place for a breakpoint. Does
/// nothing.
void reweave_step_breakpoint(std::uint64_t step);
/// The same before the first step, when reweave_stop_at_step (debugger/shown_state.h) is set.
void reweave_ready_to_run();
}

namespace reweave::repro {

/// Is a debugger watching this process?
bool being_traced();

/// Stops `execution` at the beginning of `step`: calls reweave_step_breakpoint() and, under a
/// debugger, raises SIGTRAP. A debugger may set another step then.
void break_at_step(Execution& execution, std::uint64_t step);

/// Becomes gdb with `command`, which stops at `step` by itself, and the commands of
/// debugger/reweave.py. Returns, with an error, only if there is no gdb or no script.
Error become_gdb(const std::vector<std::string>& command, const std::vector<std::string>& more);

/// Records `command` by rr into the new folder `trace`. Returns its exit code, or -1 with `trouble`
/// set; what rr left behind unfinished is taken away.
int record_by_rr(const RrProbe& rr, const std::vector<std::string>& command,
                 const std::string& trace, std::string& trouble);

}  // namespace reweave::repro
