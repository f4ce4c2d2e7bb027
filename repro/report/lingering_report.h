// What only cycles kept alive in an execution, and those cycles, drawn:
//
//   lingering until the collection in step 26:
//     cell 1 -> function 2 -> tuple 3 -> cell 1
//
// Each knot of objects that hold each other is drawn as its shortest cycle, from its oldest object
// that is on one; what else is in the knot, or hangs on it, is named as kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repro/file/weave_file.h"
#include "runtime/oracle/lingering.h"
#include "scheduler/search/recording.h"

namespace reweave::repro {

/// What lingered at one moment, in words.
struct Lingered {
  std::uint64_t step = 0;
  bool at_end = false;  // When the program had ended; else until the collection in this step.
  std::vector<std::vector<std::string>> cycles{};  // "cell 1", …; the first is not repeated.
  std::vector<std::string> kept{};                 // The rest, in order of creation.
};

/// `execution`: it was in, where tasklets are called by their paths; null: by their numbers.
Lingered draw(const runtime::LingeringMoment& moment, const Execution* execution = nullptr);

/// Runs the file's execution once more, here, and watches. Not for one that takes its process with
/// it.
std::vector<Lingered> find_lingering(const WeaveFile& file, ReplayMode mode);

/// Ends with a newline.
std::string lingering_text(const std::vector<Lingered>& lingering);

}  // namespace reweave::repro
