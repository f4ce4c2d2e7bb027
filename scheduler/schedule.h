// A schedule: the exact record of an execution, as the answers that were not ordinary, under names.
//
// A name is (actor, kind, site, n-th time): it survives edits of the subject elsewhere, and means
// the same in every build. The empty schedule is the ordinary execution. This header holds the data
// and its text; search/recording.h makes an execution of it.
//
// The text has one answer on a line, in the order in which they were given, five words each:
//
//     ACTOR   KIND     SITE        NTH  ANSWER
//     0.1     spill    callback.2  0    1       # the root's first child, first pass of callback.2
//     0       preempt  main.4      2    1       # the root, the third time that it passes main.4
//     0.1     run      sender.3    0    0.2     # `run` is answered by the path of an actor
//
// ACTOR is a path, "n-th child of its creator"; the root is "0". NTH counts from 0. ANSWER is a
// number from 1 (0 is the ordinary answer and never written). The same in one line, for terminals
// and JSON: answers separated by "; ", the empty schedule is "ordinary".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/base/expected.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/execution.h"
#include "scheduler/question.h"
#include "scheduler/subject.h"

namespace reweave {

struct NamedAnswer {
  std::string actor;  // A path, "0.1".
  QuestionKind kind{};
  std::string site;  // As Subject::site_name() gives it: no blanks, not empty.
  std::uint32_t nth = 0;
  std::uint32_t answer = 0;  // At least 1; but 0 for `run`, which is answered by `chosen`.
  std::string chosen;        // For `run`: the path of the actor chosen; else empty.
  bool operator==(const NamedAnswer&) const = default;
};

/// The five words, separated by single blanks.
std::string answer_text(const NamedAnswer& answer);

struct Schedule {
  static constexpr std::size_t kAnswersMax = 100'000;

  std::vector<NamedAnswer> answers;  // In the order given; no question twice.
  bool operator==(const Schedule&) const = default;

  bool empty() const { return answers.empty(); }

  /// One answer a line, each with `indent` before it and a newline after it, in aligned columns.
  std::string text(std::string_view indent = "") const;

  /// All in one line. With `chars_max`, as many answers as fit are written, at least one, then
  /// "; and 12 more".
  std::string one_line(std::size_t chars_max = SIZE_MAX) const;
};

/// Reads answers up to a line whose first word does not begin with a digit, which is put back, or
/// to the end of the text. The error names file and line, and says what was found there and what to
/// do.
Expected<Schedule> read_schedule(LineReader& reader);

/// Reads a text that is a schedule and nothing else. `name` is that of the file, for messages.
Expected<Schedule> parse_schedule(std::string_view text, std::string_view name);

/// Reads the one-line form, unless it was cut off.
Expected<Schedule> parse_one_line(std::string_view text);

/// The schedule of the last run of `execution`, which was in named mode, with `subject`. A dead
/// worker's is made of its tape.
Schedule named_schedule(const Subject& subject, const Execution& execution);
Schedule named_schedule(const Subject& subject, const SharedTape& tape);

}  // namespace reweave
