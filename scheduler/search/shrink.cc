#include "scheduler/search/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "scheduler/base/internal_check.h"
#include "scheduler/search/replace_answers.h"

namespace reweave {
namespace {

/// `path` with the ordinal right below `parent` lowered by one where it is at least `from`; else
/// unchanged.
/// ("0", 5): "0.7.2" becomes "0.6.2".
std::string shift_path(const std::string& path, const std::string& parent, std::uint64_t from) {
  const std::string prefix = parent + ".";
  if (path.compare(0, prefix.size(), prefix) != 0) return path;
  const std::size_t end = std::min(path.find('.', prefix.size()), path.size());
  const std::uint64_t ordinal = std::stoull(path.substr(prefix.size(), end - prefix.size()));
  if (ordinal < from || ordinal == 1) return path;
  return prefix + std::to_string(ordinal - 1) + path.substr(end);
}

Schedule shift_actors(const Schedule& schedule, const std::string& parent, std::uint64_t from) {
  Schedule shifted = schedule;
  for (NamedAnswer& answer : shifted.answers) {
    answer.actor = shift_path(answer.actor, parent, from);
    if (!answer.chosen.empty()) answer.chosen = shift_path(answer.chosen, parent, from);
  }
  return shifted;
}

/// The places at which an elder sibling of somebody in the schedule may have been deleted: (parent,
/// own ordinal).
std::set<std::pair<std::string, std::uint64_t>> shift_places(const Schedule& schedule) {
  std::set<std::pair<std::string, std::uint64_t>> places;
  for (const NamedAnswer& answer : schedule.answers) {
    for (const std::string* path : {&answer.actor, &answer.chosen}) {
      for (std::size_t dot = path->find('.'); dot != std::string::npos;
           dot = path->find('.', dot + 1)) {
        const std::uint64_t ordinal = std::stoull(path->substr(dot + 1));
        if (ordinal > 1) places.emplace(path->substr(0, dot), ordinal);
      }
    }
  }
  return places;
}

class Shrinker {
 public:
  Shrinker(Subject& subject, std::string_view signature, const TrialRunner& run,
           const ShrinkOptions& options)
      : subject_(&subject), signature_(signature), run_(run), options_(options) {}

  Expected<Shrunk> shrink(const Schedule& schedule) {
    Trial first = run_(*subject_, schedule);
    ++executions_;
    if (!shows(first)) {
      return Error{"The schedule does not show \"" + std::string(signature_) + "\"; it shows " +
                   (first.finding ? "\"" + first.finding->signature + "\"" : "no finding") + "."};
    }
    schedule_ = std::move(first.followed);
    finding_ = std::move(*first.finding);
    bool changed = true;
    while (changed && !out_of_budget()) {
      changed = delete_answers();
      if (!options_.schedule_only) changed = apply_reductions() || changed;
      changed = lower_numbers() || changed;
    }
    Shrunk shrunk;
    shrunk.subject = std::move(owned_);
    shrunk.schedule = std::move(schedule_);
    shrunk.finding = std::move(finding_);
    shrunk.executions = executions_;
    shrunk.minimal = !changed && !refused_;
    return shrunk;
  }

 private:
  static constexpr std::size_t kFewAnswers = 8;  // More would cost more than they save.
  using Measure = std::tuple<std::size_t, std::size_t, std::uint64_t>;

  static Measure measure(const Subject& subject, const Schedule& schedule) {
    std::uint64_t sum = 0;
    for (const NamedAnswer& answer : schedule.answers)
      sum += std::uint64_t{answer.answer} + answer.nth;
    return {schedule.answers.size(), subject.size(), sum};
  }

  /// Asked only where there is more to try.
  bool out_of_budget() {
    const bool out =
        executions_ >= options_.executions_max || (options_.keep_going && !options_.keep_going());
    refused_ = refused_ || out;
    return out;
  }

  bool shows(const Trial& trial) const {
    return trial.finding && trial.finding->signature == signature_;
  }

  /// Runs a candidate; takes it over if it shows the finding and is simpler. `owned` may be null:
  /// the present subject.
  bool accept(std::unique_ptr<Subject> owned, const Schedule& candidate) {
    if (out_of_budget()) return false;
    Subject& subject = owned != nullptr ? *owned : *subject_;
    Trial trial = run_(subject, candidate);
    ++executions_;
    dropped_ = trial.followed.answers.size() < candidate.answers.size();
    if (!shows(trial)) return false;
    if (measure(subject, trial.followed) >= measure(*subject_, schedule_)) return false;
    schedule_ = std::move(trial.followed);
    finding_ = std::move(*trial.finding);
    if (owned != nullptr) {
      owned_ = std::move(owned);
      subject_ = owned_.get();
    }
    if (options_.progress)
      options_.progress(schedule_.answers.size(), subject_->size(), executions_);
    return true;
  }

  Schedule without(std::size_t begin, std::size_t end) const {
    Schedule rest;
    const auto& all = schedule_.answers;
    rest.answers.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i < begin || i >= end) rest.answers.push_back(all[i]);
    }
    return rest;
  }

  bool delete_answers() {
    bool changed = false;
    for (std::size_t chunk = schedule_.answers.size(); chunk > 0; chunk /= 2) {
      // From the end: what comes late is more often of no use, and its loss shifts nothing before
      // it.
      std::size_t end = schedule_.answers.size();
      while (end > 0 && !out_of_budget()) {
        const std::size_t begin = end > chunk ? end - chunk : 0;
        if (accept(nullptr, without(begin, end))) changed = true;
        end = std::min(begin, schedule_.answers.size());
      }
    }
    return changed;
  }

  bool apply_reductions() {
    bool changed = false;
    std::size_t n = 0;
    while (n < subject_->reduction_count() && !out_of_budget()) {
      // After success the list is another one; what stands at this place now is about as bold as
      // what stood here.
      if (apply_reduction(n)) {
        changed = true;
      } else {
        ++n;
      }
    }
    return changed;
  }

  /// With the schedule as it is; without one of a few answers, for what is deleted may have been
  /// what that answer was needed for; and if answers were dropped, as if an actor had been deleted,
  /// which lowers the ordinals of its younger siblings.
  bool apply_reduction(std::size_t n) {
    std::unique_ptr<Subject> smaller = subject_->reduce(n);
    if (smaller == nullptr) return false;
    if (accept(std::move(smaller), schedule_)) return true;
    const bool dropped = dropped_;
    if (schedule_.answers.size() <= kFewAnswers) {
      for (std::size_t i = 0; i < schedule_.answers.size(); ++i) {
        smaller = subject_->reduce(n);
        CHECK_MSG(smaller != nullptr, "a reduction is there once and not the second time");
        if (accept(std::move(smaller), without(i, i + 1))) return true;
      }
    }
    if (!dropped) return false;
    for (const auto& [parent, from] : shift_places(schedule_)) {
      smaller = subject_->reduce(n);
      CHECK_MSG(smaller != nullptr, "a reduction is there once and not the second time");
      if (accept(std::move(smaller), shift_actors(schedule_, parent, from))) return true;
    }
    return false;
  }

  bool lower_numbers() {
    bool changed = false;
    for (std::size_t i = 0; i < schedule_.answers.size(); ++i) {
      changed = lower_number(i, &NamedAnswer::answer, /*lowest=*/1) || changed;
      changed = lower_number(i, &NamedAnswer::nth, /*lowest=*/0) || changed;
    }
    return changed;
  }

  bool lower_number(std::size_t index, std::uint32_t NamedAnswer::*number, std::uint32_t lowest) {
    if (index >= schedule_.answers.size()) return false;
    const std::uint32_t present = schedule_.answers[index].*number;
    std::uint32_t tried = present;
    for (const std::uint32_t lower : {lowest, present / 2, present - 1}) {
      if (present <= lowest || lower < lowest || lower == tried) continue;
      tried = lower;
      Schedule candidate = schedule_;
      candidate.answers[index].*number = lower;
      if (accept(nullptr, candidate)) return true;
    }
    return false;
  }

  Subject* subject_;  // The one given, or `owned_`.
  std::unique_ptr<Subject> owned_;
  std::string_view signature_;
  const TrialRunner& run_;
  const ShrinkOptions& options_;
  Schedule schedule_;
  Finding finding_;
  std::uint64_t executions_ = 0;
  bool dropped_ = false;  // The last candidate lost answers.
  bool refused_ = false;  // Something was not tried for want of budget.
};

/// A candidate may do something quite different, and that without an end: it is given up after some
/// times as many steps as it took to the finding. What shows late, as a livelock, has all.
Limits limits_of_candidates(Subject& subject, const Schedule& schedule, Isolator& isolator,
                            Limits limits) {
  constexpr std::uint64_t kTimes = 64, kStepsAtLeast = 10'000;
  const IsolatedRun run = isolator.replay(subject, schedule, ReplayMode::kLenient, limits);
  if (run.finding) {
    const std::uint64_t steps = std::max(kStepsAtLeast, kTimes * run.finding->step);
    limits.steps_max = std::min(limits.steps_max, steps);
  }
  return limits;
}

/// One round of all passes; candidates may crash or hang. `before`: executions of earlier rounds.
Expected<Shrunk> shrink_ahead(Subject& subject, const Schedule& schedule,
                              std::string_view signature, Isolator& isolator, const Limits& limits,
                              const ShrinkOptions& options, std::uint64_t before) {
  TrialsAhead trials(isolator, limits);
  ShrinkOptions quiet_ahead = options;
  if (options.progress) {
    quiet_ahead.progress = [&](std::size_t answers, std::size_t size, std::uint64_t executions) {
      if (!trials.is_ahead()) options.progress(answers, size, before + executions);
    };
  }
  const TrialRunner run = [&trials](Subject& candidate, const Schedule& followed) {
    return trials.run(candidate, followed);
  };
  Expected<Shrunk> shrunk = Shrinker(subject, signature, run, quiet_ahead).shrink(schedule);
  trials.finish();
  return shrunk;
}

}  // namespace

TrialRunner trial_runner(const Limits& limits) {
  const auto execution = std::make_shared<Execution>(limits);
  return [execution](Subject& subject, const Schedule& schedule) {
    replay(subject, *execution, schedule, ReplayMode::kLenient);
    Trial trial;
    if (!execution->findings().empty()) trial.finding = execution->findings().front();
    trial.passed = !trial.finding && came_to_its_end(execution->outcome());
    trial.followed = named_schedule(subject, *execution);
    return trial;
  };
}

TrialRunner trial_runner(Isolator& isolator, const Limits& limits) {
  return [&isolator, limits](Subject& subject, const Schedule& schedule) {
    IsolatedRun run = isolator.replay(subject, schedule, ReplayMode::kLenient, limits);
    Trial trial;
    trial.passed = !run.died && !run.finding && came_to_its_end(run.outcome);
    // With answers missing the schedule would not show it again.
    if (run.complete) trial.finding = std::move(run.finding);
    trial.followed = std::move(run.schedule);
    return trial;
  };
}

Expected<Shrunk> shrink(Subject& subject, const Schedule& schedule, std::string_view signature,
                        const TrialRunner& run, const ShrinkOptions& options) {
  return Shrinker(subject, signature, run, options).shrink(schedule);
}

Expected<Shrunk> shrink(Subject& subject, const Schedule& schedule, std::string_view signature,
                        Isolator& isolator, const Limits& all, const ShrinkOptions& options) {
  const Limits limits = limits_of_candidates(subject, schedule, isolator, all);
  Expected<Shrunk> best =
      shrink_ahead(subject, schedule, signature, isolator, limits, options, /*before=*/0);
  while (best && best->minimal && best->executions < options.executions_max) {
    Subject& smallest = best->subject ? *best->subject : subject;
    ReplaceOptions replace{.keep_going = options.keep_going};
    replace.executions_max =
        std::min(options.replace_executions_max, options.executions_max - best->executions);
    Replaced replaced =
        replace_two_answers(smallest, best->schedule, signature, isolator, limits, replace);
    best->executions += replaced.executions;
    if (!replaced.schedule) break;
    best->schedule = std::move(*replaced.schedule);
    best->finding = std::move(replaced.finding);
    if (options.progress)
      options.progress(best->schedule.answers.size(), smallest.size(), best->executions);
    ShrinkOptions rest = options;
    rest.executions_max -= std::min(rest.executions_max, best->executions);
    if (rest.executions_max == 0) {
      best->minimal = false;
      break;
    }
    Expected<Shrunk> again =
        shrink_ahead(smallest, best->schedule, signature, isolator, limits, rest, best->executions);
    if (!again) break;  // What was replaced showed it: it is no less than it was.
    again->executions += best->executions;
    if (!again->subject) again->subject = std::move(best->subject);
    best = std::move(again);
  }
  return best;
}

}  // namespace reweave
