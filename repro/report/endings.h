// How a target ends when something was found, so that whoever collects crashes can tell them apart.
//
// Engines and ClusterFuzz group crashes by the topmost functions of their stack. An abort() in one
// place would make one group of everything, so each kind of finding has a function of its own, and
// so has each promise of a reader. Before that stands one line that is the same for the same bug:
//
//   SUMMARY: reweave: lost-value: lost-value send sched
#pragma once

#include <string_view>

#include "scheduler/finding.h"

namespace reweave::repro {

/// Prints the line, and aborts in reweave_found_KIND().
[[noreturn]] void end_with(const Finding& finding);

/// What a reader may not do.
enum class Broken {
  kErrorWithoutPlace,  // reweave_reader_names_no_place()
  kOwnTextRefused,     // reweave_reader_refuses_own_text()
  kReadsAnotherValue,  // reweave_reader_reads_another_value()
};
/// Prints the line with the target's name and `detail`, and aborts in the function of the promise.
[[noreturn]] void end_with(Broken promise, std::string_view target, std::string_view detail);

}  // namespace reweave::repro
