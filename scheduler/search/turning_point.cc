#include "scheduler/search/turning_point.h"

#include <algorithm>
#include <utility>

#include "scheduler/search/trials_ahead.h"

namespace reweave {
namespace {

constexpr std::uint32_t kOtherAnswersMax = 64;  // To one question.

bool is_same_question(const NamedAnswer& a, const NamedAnswer& b) {
  return a.kind == b.kind && a.nth == b.nth && a.actor == b.actor && a.site == b.site;
}

/// How soon a flip is tried, for ordinary answers.
int rank_of(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kRun:
    case QuestionKind::kPick:
    case QuestionKind::kFire:
      return 2;
    case QuestionKind::kSpill:
      return 3;
    case QuestionKind::kPreempt:
    case QuestionKind::kCollect:
      return 4;
    case QuestionKind::kFail:
      break;
  }
  return 5;
}

/// Another answer to a question, by their numbers.
struct Candidate {
  std::size_t question = 0;
  std::uint32_t answer = 0;
  int rank = 0;
};

std::uint32_t answer_of(const AskedQuestion& question) {
  if (question.options.empty()) return question.given.answer;
  const auto at =
      std::find(question.options.begin(), question.options.end(), question.given.chosen);
  return static_cast<std::uint32_t>(at - question.options.begin());
}

/// All of them, in the order in which they are tried.
std::vector<Candidate> candidates_of(const std::vector<AskedQuestion>& asked) {
  std::vector<Candidate> candidates;
  for (std::size_t i = asked.size(); i-- > 0;) {
    const AskedQuestion& question = asked[i];
    const std::uint32_t given = answer_of(question);
    for (std::uint32_t answer = 0; answer < std::min(question.answers, kOtherAnswersMax);
         ++answer) {
      if (answer == given) continue;
      const int rank = question.ordinary ? rank_of(question.given.kind) : answer == 0 ? 0 : 1;
      candidates.push_back({i, answer, rank});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  return candidates;
}

Flip flip_of(const Candidate& candidate, const std::vector<AskedQuestion>& asked) {
  Flip flip{.question = asked[candidate.question], .to_ordinary = candidate.answer == 0};
  flip.to = flip.question.given;
  if (flip.question.options.empty()) {
    flip.to.answer = candidate.answer;
  } else {
    flip.to.chosen = flip.question.options[candidate.answer];
  }
  return flip;
}

class Finder {
 public:
  Finder(Subject& subject, const Schedule& schedule, const std::vector<AskedQuestion>& asked,
         std::string_view signature, const TrialRunner& run, const TurningPointOptions& options)
      : subject_(subject),
        schedule_(schedule),
        asked_(asked),
        signature_(signature),
        run_(run),
        options_(options) {}

  TurningPoint find() {
    const std::vector<Candidate> candidates = candidates_of(asked_);
    result_.singles = candidates.size();
    for (const Candidate& one : candidates) {
      if (passes({one})) return std::move(result_);
      if (refused_) return std::move(result_);
    }
    result_.all_singles = true;
    if (options_.flips_max < 2) return std::move(result_);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (candidates[i].question == candidates[j].question) continue;
        if (passes({candidates[i], candidates[j]})) return std::move(result_);
        if (refused_) return std::move(result_);
      }
    }
    result_.all_pairs = true;
    return std::move(result_);
  }

 private:
  bool passes(std::vector<Candidate> candidates) {
    refused_ = result_.executions == options_.executions_max ||
               (options_.keep_going && !options_.keep_going());
    if (refused_) return false;
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.question < b.question; });
    std::vector<Flip> flips;
    for (const Candidate& each : candidates) flips.push_back(flip_of(each, asked_));
    Trial trial = run_(subject_, with_flips(schedule_, flips));
    ++result_.executions;
    if (options_.progress) options_.progress(result_.executions);
    if (!trial.passed) {
      if (flips.size() == 1 && result_.elsewhere.empty() && trial.finding &&
          trial.finding->signature != signature_) {
        result_.elsewhere = std::move(flips);
        result_.elsewhere_finding = *trial.finding;
      }
      return false;
    }
    result_.elsewhere.clear();
    result_.flips = std::move(flips);
    result_.passing = std::move(trial.followed);
    result_.all_singles = result_.all_pairs = true;
    return true;
  }

  Subject& subject_;
  const Schedule& schedule_;
  const std::vector<AskedQuestion>& asked_;
  std::string_view signature_;
  const TrialRunner& run_;
  const TurningPointOptions& options_;
  TurningPoint result_;
  bool refused_ = false;
};

}  // namespace

Schedule with_flips(const Schedule& schedule, const std::vector<Flip>& flips) {
  Schedule changed;
  for (const NamedAnswer& answer : schedule.answers) {
    const bool replaced = std::any_of(flips.begin(), flips.end(), [&](const Flip& flip) {
      return is_same_question(answer, flip.to);
    });
    if (!replaced) changed.answers.push_back(answer);
  }
  for (const Flip& flip : flips) {
    if (!flip.to_ordinary) changed.answers.push_back(flip.to);
  }
  return changed;
}

TurningPoint find_turning_point(Subject& subject, const Schedule& schedule,
                                const std::vector<AskedQuestion>& asked, std::string_view signature,
                                const TrialRunner& run, const TurningPointOptions& options) {
  return Finder(subject, schedule, asked, signature, run, options).find();
}

TurningPoint find_turning_point(Subject& subject, const Schedule& schedule,
                                const std::vector<AskedQuestion>& asked, std::string_view signature,
                                Isolator& isolator, const Limits& limits,
                                const TurningPointOptions& options) {
  TrialsAhead trials(isolator, limits);
  TurningPointOptions in_parent = options;
  if (options.progress) {
    in_parent.progress = [&](std::uint64_t executions) {
      if (!trials.is_ahead()) options.progress(executions);
    };
  }
  const TrialRunner run = [&](Subject& candidate, const Schedule& answers) {
    return trials.run(candidate, answers);
  };
  TurningPoint result = Finder(subject, schedule, asked, signature, run, in_parent).find();
  trials.finish();
  return result;
}

}  // namespace reweave
