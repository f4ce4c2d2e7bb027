#include "scheduler/shrink.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "scheduler/check.h"

namespace reweave {
namespace {

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
      changed = apply_reductions() || changed;
      changed = lower_answers() || changed;
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
  using Measure = std::tuple<std::size_t, std::size_t, std::uint64_t>;

  static Measure measure(const Subject& subject, const Schedule& schedule) {
    std::uint64_t sum = 0;
    for (const NamedAnswer& answer : schedule.answers) sum += answer.answer;
    return {schedule.answers.size(), subject.size(), sum};
  }

  bool out_of_budget() const { return executions_ >= options_.executions_max; }

  bool shows(const Trial& trial) const {
    return trial.finding && trial.finding->signature == signature_;
  }

  /// Runs a candidate; takes it over if it shows the finding and is simpler. `owned` may be null:
  /// the present subject.
  bool accept(std::unique_ptr<Subject> owned, const Schedule& candidate) {
    if (out_of_budget()) {
      refused_ = true;
      return false;
    }
    Subject& subject = owned != nullptr ? *owned : *subject_;
    Trial trial = run_(subject, candidate);
    ++executions_;
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
      std::unique_ptr<Subject> smaller = subject_->reduce(n);
      // After success the list is another one; what stands at this place now is about as bold as
      // what stood here.
      if (smaller != nullptr && accept(std::move(smaller), schedule_)) {
        changed = true;
      } else {
        ++n;
      }
    }
    return changed;
  }

  bool lower_answers() {
    bool changed = false;
    for (std::size_t i = 0; i < schedule_.answers.size(); ++i) {
      const std::uint32_t answer = schedule_.answers[i].answer;
      for (const std::uint32_t lower : {1u, answer / 2, answer - 1}) {
        if (answer < 2 || lower < 1 || lower >= answer || i >= schedule_.answers.size()) continue;
        Schedule candidate = schedule_;
        candidate.answers[i].answer = lower;
        if (!accept(nullptr, candidate)) continue;
        changed = true;
        break;
      }
    }
    return changed;
  }

  Subject* subject_;  // The one given, or `owned_`.
  std::unique_ptr<Subject> owned_;
  std::string_view signature_;
  const TrialRunner& run_;
  const ShrinkOptions& options_;
  Schedule schedule_;
  Finding finding_;
  std::uint64_t executions_ = 0;
  bool refused_ = false;  // A candidate was not run for want of budget.
};

}  // namespace

TrialRunner trial_runner(const Limits& limits) {
  const auto execution = std::make_shared<Execution>(limits);
  return [execution](Subject& subject, const Schedule& schedule) {
    replay(subject, *execution, schedule, ReplayMode::kLenient);
    Trial trial;
    if (!execution->findings().empty()) trial.finding = execution->findings().front();
    trial.followed = named_schedule(subject, *execution);
    return trial;
  };
}

TrialRunner trial_runner(Isolator& isolator, const Limits& limits) {
  return [&isolator, limits](Subject& subject, const Schedule& schedule) {
    IsolatedRun run = isolator.replay(subject, schedule, ReplayMode::kLenient, limits);
    Trial trial;
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

}  // namespace reweave
