// The last execution of a program as a timeline, in Chrome's Trace Event Format, as
// repro/view/timeline.h draws tasklets.
//
//   process 1, threads: a track for each thread: when it ran, what each step did and where, and
//     what it waited for. Arrows lead from whoever let a thread go on. The finding is marked.
//   process 2, locks: a track for each lock, with who held it; more of them where several read.
//
// A wait that nobody ended, and a lock that nobody gave back, are drawn to the end and say so.
// The clock of `ts` counts steps. The same execution gives the same bytes.
#pragma once

#include <string>

namespace reweave::repro {

/// Of the last execution of this process, which was repeated with all its steps kept.
std::string program_timeline();

}  // namespace reweave::repro
