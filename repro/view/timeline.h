// An execution as a timeline, in Chrome's Trace Event Format, which Perfetto (ui.perfetto.dev) and
// chrome://tracing show: what the profiler of the post "Condition variables and Telemetry" drew.
//
//   process 1, threads: a track for each thread, with the calls of whichever tasklet runs in it and
//     what the thread waits for; arrows lead from the thread that gave a lock back to the waiter. A
//     track for the interpreter lock (the GIL) shows its holder. Plots: run queues, virtual time.
//   process 2, tasklets: a track for each tasklet, called by its path as in every other output,
//     with its calls alone, and at which channel it waits in them. Marks on it say what it did
//     (deeds: a value sent or got, a spill, a callback, a lock, a release), in words; arrows lead
//     from who sent a value to who got it; the finding is a mark, too.
//   process 3, objects: each object from its creation to its death. Plot: how many are alive.
//
// The clock of `ts`: virtual microseconds, and one more for each step, as Telemetry counts. Zones
// are B and E, objects b and e with ids, plots C, arrows s and f, marks and ticks of the
// interpreter lock i. One event on a line. The same execution gives the same bytes.
#pragma once

#include <string>

#include "repro/file/weave_file.h"
#include "runtime/interpreter/scenario_subject.h"
#include "runtime/oracle/telemetry.h"
#include "scheduler/strategy/schedule_replay.h"

namespace reweave::repro {

/// The whole file. `subject` has run `execution`, which kept its log, while `telemetry` watched.
std::string timeline_json(const runtime::Telemetry& telemetry,
                          const runtime::ScenarioSubject& subject, const Execution& execution);

/// Runs the file's execution once more, here, and watches; the whole file. Not for one that takes
/// its process with it.
std::string draw_timeline(const WeaveFile& file, ReplayMode mode);

}  // namespace reweave::repro
