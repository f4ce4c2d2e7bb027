// An execution that a search has found, once more: only what shows again is a finding.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "repro/file/weave_file.h"
#include "repro/run/runner.h"

namespace reweave::repro {

struct Again {
  WeaveFile file;       // With its schedule and verdict.
  std::string error{};  // Why it does not show, a sentence; or "".
  RunResult run{};
  bool shows = false;
};

/// The signature as a file states it (Verdict): words with one blank between them.
std::string stated_signature(const Finding& finding);

/// What an execution did instead of what was found.
std::string what_it_did(const RunResult& run);

/// A finding of check_determinism(), which says what to do about it, too.
Finding nondeterminism_of(const Found& found);

/// Names the answers and replays them: what never ends with a smaller steps-max where it shows.
/// What died may have broken the structure before: only a look at everything in every step, as in a
/// replay, is sure to see that (ScenarioSubject::run()), so that any finding will do then.
Again repeat(WeaveFile file, const Found& found, Runner& runner);

/// Whether what ended its process does so again; `again` keeps it. One that goes another way shows
/// something, too; one that a signal to this process (Interrupts) ends shows nothing. For the time
/// of this call alone the runner listens to it.
bool shows_again(WeaveFile file, const Found& found, Runner& runner, std::optional<Again>& again);

/// A search that goes on has found this: what is known of it from now on, so that it is not found
/// once more. "": it does not show again.
using TakeFound = std::function<std::string(const Found&)>;

}  // namespace reweave::repro
