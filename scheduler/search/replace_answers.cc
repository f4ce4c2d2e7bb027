#include "scheduler/search/replace_answers.h"

#include <utility>
#include <vector>

#include "scheduler/search/asked_questions.h"
#include "scheduler/search/trials_ahead.h"

namespace reweave {
namespace {

Schedule without(const Schedule& schedule, std::size_t one, std::size_t other) {
  Schedule rest;
  for (std::size_t i = 0; i < schedule.answers.size(); ++i)
    if (i != one && i != other) rest.answers.push_back(schedule.answers[i]);
  return rest;
}

/// `kept` with another answer to a question that is asked along it.
Schedule with_answer(const Schedule& kept, const AskedQuestion& question, std::uint32_t answer) {
  Schedule candidate = kept;
  NamedAnswer& added = candidate.answers.emplace_back(question.given);
  if (question.options.empty()) {
    added.answer = answer;
  } else {
    added.chosen = question.options[answer];
  }
  return candidate;
}

class Replacer {
 public:
  Replacer(Subject& subject, std::string_view signature, Isolator& isolator, const Limits& limits,
           const ReplaceOptions& options)
      : subject_(subject),
        signature_(signature),
        isolator_(isolator),
        limits_(limits),
        options_(options) {}

  Replaced replace(const Schedule& schedule) {
    const std::size_t count = schedule.answers.size();
    replaced_.all_tried = count >= 2 && count <= kReplacedAnswersMax;
    if (!replaced_.all_tried) return std::move(replaced_);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = i + 1; j < count; ++j) {
        if (may_go_on()) try_with(without(schedule, i, j), count);
        if (replaced_.schedule || !replaced_.all_tried) return std::move(replaced_);
      }
    }
    return std::move(replaced_);
  }

 private:
  bool may_go_on() {
    const bool goes_on = replaced_.executions < options_.executions_max &&
                         (!options_.keep_going || options_.keep_going());
    replaced_.all_tried = replaced_.all_tried && goes_on;
    return goes_on;
  }

  void try_with(const Schedule& kept, std::size_t count) {
    ++replaced_.executions;
    const std::vector<AskedQuestion> asked = asked_questions(subject_, kept, isolator_, limits_);
    TrialsAhead trials(isolator_, limits_);
    bool goes_on = true;
    for (const AskedQuestion& question : asked) {
      if (!question.ordinary) continue;  // One that is kept.
      for (std::uint32_t answer = 1; goes_on && answer < question.answers; ++answer)
        goes_on =
            may_go_on() && !take(trials.run(subject_, with_answer(kept, question, answer)), count);
      if (!goes_on) break;
    }
    trials.finish();
  }

  /// True: it is the last one.
  bool take(Trial trial, std::size_t count) {
    ++replaced_.executions;
    if (!trial.finding) return false;
    const bool hangs = trial.finding->kind == FindingKind::kHang;  // Others may cost as long.
    const bool is_simpler =
        trial.finding->signature == signature_ && trial.followed.answers.size() < count;
    if (is_simpler) {
      replaced_.schedule = std::move(trial.followed);
      replaced_.finding = std::move(*trial.finding);
    }
    if (is_simpler || hangs) replaced_.all_tried = false;
    return is_simpler || hangs;
  }

  Subject& subject_;
  std::string_view signature_;
  Isolator& isolator_;
  Limits limits_;
  const ReplaceOptions& options_;
  Replaced replaced_;
};

}  // namespace

Replaced replace_two_answers(Subject& subject, const Schedule& schedule, std::string_view signature,
                             Isolator& isolator, const Limits& limits,
                             const ReplaceOptions& options) {
  return Replacer(subject, signature, isolator, limits, options).replace(schedule);
}

}  // namespace reweave
