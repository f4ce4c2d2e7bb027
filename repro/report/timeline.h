// An execution as a timeline, in Chrome's Trace Event Format, which Perfetto (ui.perfetto.dev) and
// chrome://tracing show: what the profiler of the post "Condition variables and Telemetry" drew.
//
//   process 1, threads: a track for each thread, with the calls of whichever tasklet runs in it and
//     what the thread waits for; arrows lead from the thread that gave a lock back to the waiter. A
//     track for the interpreter lock (the GIL) shows its holder. Plots: run queues, virtual time.
//   process 2, tasklets: a track for each tasklet, with its calls alone.
//   process 3, objects: each object from its creation to its death. Plot: how many are alive.
//
// The clock of `ts`: virtual microseconds, and one more for each step, as Telemetry counts. Zones
// are B and E, objects b and e with ids, plots C, arrows s and f, ticks of the interpreter lock i.
// One event on a line. The same execution gives the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "repro/file/weave_file.h"
#include "runtime/oracle/telemetry.h"
#include "scheduler/search/recording.h"

namespace reweave::repro {

/// What a timeline says of its execution as a whole.
struct TimelineFacts {
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
};

/// The whole file. `site_name` is asked for the name of the function at a site.
std::string timeline_json(const std::vector<runtime::Telemetry::Record>& records,
                          const std::function<std::string(SiteId)>& site_name,
                          const TimelineFacts& facts);

/// Runs the file's execution once more, here, and watches; the whole file. Not for one that takes
/// its process with it.
std::string draw_timeline(const WeaveFile& file, ReplayMode mode);

}  // namespace reweave::repro
