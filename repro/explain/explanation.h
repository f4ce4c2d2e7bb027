// Why did it fail? A finding as a story: who did what beside whom, which of its answers decided it,
// and what happens with the other one.
//
// An explanation is made of executions and nothing else: the one that failed, and those with other
// answers (scheduler/search/turning_point.h). It knows no kind of subject; what it says of the
// deeds of tasklets and threads comes from the table of deed.h. Render it by render_explanation.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "repro/explain/deed.h"
#include "repro/file/weave_file.h"
#include "repro/run/runner.h"
#include "scheduler/search/turning_point.h"

namespace reweave::repro {

/// One column of the table: an actor.
struct Lane {
  ActorId actor{};
  std::string path{};  // "0.1"
  std::string name{};  // The function that it began with, or "".
};

/// One line of the table.
struct Row {
  enum class Mark : std::uint8_t { kNone, kFinding, kTurning, kGap };
  Mark mark{};
  std::uint64_t step = 0;
  std::size_t lane = 0;
  std::size_t deed = 0;    // Of Explanation::deeds; of a gap: how many were left out.
  std::string arrow_to{};  // The path of who takes what this deed gives; "": nobody.
};

struct Explanation {
  std::string file{};
  std::string kind{};  // Of the subject.
  std::uint64_t steps = 0;
  std::uint64_t steps_shown = UINT64_MAX;  // It is stopped before the step that ends its process.
  Outcome outcome{};
  std::vector<Finding> findings{};
  Schedule schedule{};
  std::vector<std::string> notes{};

  std::vector<Deed> deeds{};  // All, with decisions among them.
  std::vector<Lane> lanes{};  // Those that the table shows.
  std::vector<Row> rows{};
  std::vector<std::string> story{};   // Sentences.
  std::vector<std::string> circle{};  // "0.1 waits for lock 1", …, "0.1".

  TurningPoint turning{};
  std::vector<std::string> changes{};  // A sentence for each flip …
  std::vector<std::string> then{};     // … and what happens with them.
  std::string elsewhere{};             // Where nothing helped: what makes it another finding.
  std::map<std::string, std::string> places{};  // Of sites that are told of, if it has words.
  std::vector<Deed> passing{};                  // The deeds of that execution.
  std::uint64_t passing_steps = 0;
  std::size_t first_difference = 0;    // The first deed in which both differ; decisions counted.
  std::vector<std::string> without{};  // Words of settings without each of which it passes, too.
};

struct ExplainOptions {
  std::uint64_t executions_max = 20'000;
  std::function<void(std::uint64_t)> progress{};
  std::function<bool()> keep_going{};
};

/// Replays `file` strictly and explains its first finding; without one the explanation has none.
/// An error: it diverged, was killed, or its process gave no result.
Expected<Explanation> explain(const WeaveFile& file, Runner& runner, const ExplainOptions& options);

}  // namespace reweave::repro
