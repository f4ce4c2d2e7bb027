// What a debugger asks a stopped execution for: functions that are called in the process, by way of
// inquiry.h or by the debugger itself, and give words. They need neither symbols of the tool nor
// debug information, so they work in a release build; reweave.py makes commands of them.
//
// Nothing is allocated by the runtime, asked or changed: an execution that was looked at goes on as
// if nobody had.
#pragma once

#include <cstdint>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/execution.h"

extern "C" {
/// The step at whose beginning the execution stops. A debugger may change it: a later one lets it
/// go on to there.
extern std::uint64_t reweave_stop_at_step;
/// Set by a debugger: when the execution has ended it is run once more, in this process.
extern std::uint64_t reweave_run_again;
/// All take one argument, null where nothing is said of it, and their words live until the next
/// call. "step 9: 0.1 at receive_one.1 (recv data)": where it stands.
const void* reweave_show_place(const void*);
/// Every tasklet: what it does, and the calls it is in, innermost first; also of those that are
/// sliced away.
const void* reweave_show_tasklets(const void*);
/// Channels with who waits there, run queues, values under way.
const void* reweave_show_channels(const void*);
/// One of the runtime's objects in words, by its address: a tasklet, a channel, a value; "" of what
/// nobody knows.
const void* reweave_object_words(const void* object);
/// The tasklet of that path, the channel of that name (strings); null: there is none.
const void* reweave_find_tasklet(const void* path);
const void* reweave_find_channel(const void* name);
}

namespace reweave::repro {

/// What is shown from now on; null: nothing. `tasklets` is the subject that runs, null where it is
/// none of tasklets. Both live until it is called again.
void show_state_of(const runtime::ScenarioSubject* tasklets, const Execution* execution);

}  // namespace reweave::repro
