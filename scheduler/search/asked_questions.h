// Which questions an execution asks, in their order, and what each was answered.
//
// The execution runs in a child, which may crash; it tells its questions in shared memory, up to
// the first finding. Cost: a fork, and about 100 bytes for each question.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/schedule.h"
#include "scheduler/search/isolate.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/subject.h"

namespace reweave {

/// A question as it was asked and answered.
struct AskedQuestion {
  std::uint64_t step = 0;  // The step under way.
  NamedAnswer given{};     // Ordinary answers, too: 0; of `run` `chosen` always says who.
  bool ordinary = true;    // The answer was 0.
  std::uint32_t answers = 0;
  std::vector<std::string> options{};  // Of `run`: the paths, in the order of answers.
};

/// One execution, listened to.
struct Heard {
  std::vector<AskedQuestion> asked{};  // Up to the first finding.
  Exploration exploration{};           // Of this one execution.
};

/// At most so many questions are told: the last ones.
inline constexpr std::size_t kAskedMax = 200'000;

/// One execution of `subject` that `answers` answers, in a child of `isolator`.
Heard listen(Subject& subject, Strategy& answers, Isolator& isolator,
             const ExploreOptions& options);

/// What is asked along `schedule`, followed leniently, up to the first finding.
std::vector<AskedQuestion> asked_questions(Subject& subject, const Schedule& schedule,
                                           Isolator& isolator, const Limits& limits);

}  // namespace reweave
