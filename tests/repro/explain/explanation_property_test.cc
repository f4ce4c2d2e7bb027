// For whatever is found in generated scenarios: the answers that an explanation names, when they
// are given, let the execution pass, and nothing shorter does. All of it is tried again here by
// other means: questions are listened to, and each other answer is replayed, by code of this file.
//
// So many findings are explained as REWEAVE_FINDINGS says, else 40; the long run is
//   REWEAVE_FINDINGS=500 build/gcc/tests/repro/explain_property_test

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "repro/explain/explanation.h"
#include "repro/run/again.h"
#include "repro/run/generated.h"
#include "runtime/vocabulary/defects.h"
#include "scheduler/search/recording.h"

namespace reweave::repro {
namespace {

bool passes(Subject& subject, const Schedule& schedule, ReplayMode mode, const Limits& limits) {
  Execution execution(limits);
  replay(subject, execution, schedule, mode);
  const Outcome outcome = execution.outcome();
  return execution.findings().empty() &&
         (outcome == Outcome::kCompleted || outcome == Outcome::kUncaughtError ||
          outcome == Outcome::kQuestionLimit);
}

/// A question with the number of its possible answers; `chosen` of each, where it is one of `run`.
struct Question {
  NamedAnswer given;
  std::vector<NamedAnswer> others;
};

/// Follows a schedule and keeps, of each question up to the first finding, what else could have
/// been answered.
class Listener final : public Strategy {
 public:
  Listener(const Schedule& schedule, const Subject& subject)
      : replay_(schedule, subject, ReplayMode::kLenient), subject_(subject) {}
  void begin(Prng, std::uint64_t) override {}
  void attach(Execution& execution) override {
    execution_ = &execution;
    replay_.attach(execution);
  }
  bool end(const Execution&) override { return false; }
  bool wants_names() const override { return true; }
  std::uint32_t choose(const reweave::Question& question) override {
    const std::uint32_t answer = replay_.choose(question);
    if (execution_->findings().empty()) note(question, answer);
    return answer;
  }
  std::vector<Question> questions;

 private:
  NamedAnswer named(const reweave::Question& question, std::uint32_t answer) const {
    NamedAnswer name{execution_->actor_path(question.actor),
                     question.kind,
                     subject_.site_name(question.site),
                     question.nth,
                     answer,
                     ""};
    if (question.kind == QuestionKind::kRun) {
      name.chosen = execution_->actor_path(question.options[answer].actor);
      name.answer = 0;
    }
    return name;
  }
  void note(const reweave::Question& question, std::uint32_t answer) {
    Question asked{named(question, answer), {}};
    for (std::uint32_t other = 0; other < question.answers; ++other) {
      if (other != answer) asked.others.push_back(named(question, other));
    }
    questions.push_back(std::move(asked));
  }

  Replay replay_;
  const Subject& subject_;
  Execution* execution_ = nullptr;
};

/// The schedule with this answer in place of another one to the same question. An ordinary answer
/// in it does no harm: a `run` question says whom it means, and of others 0 is left out.
Schedule with_answer(const Schedule& schedule, const NamedAnswer& answer) {
  Schedule other;
  for (const NamedAnswer& one : schedule.answers) {
    const bool same = one.actor == answer.actor && one.kind == answer.kind &&
                      one.site == answer.site && one.nth == answer.nth;
    if (!same) other.answers.push_back(one);
  }
  if (answer.answer != 0 || !answer.chosen.empty()) other.answers.push_back(answer);
  return other;
}

struct Tally {
  std::size_t findings = 0, by_one = 0, by_two = 0, by_none = 0, cut_short = 0, with_pairs = 0,
              replayed = 0;
  std::map<std::string, std::size_t> kinds{};
};

/// None of the other answers helps alone; where it says so, no two of them either.
void expect_that_nothing_helps(Subject& subject, const Explanation& told, const Limits& limits,
                               Tally& tally) {
  constexpr std::size_t kPairsMax = 2'000;
  Listener listener(told.schedule, subject);
  Execution execution(limits);
  execution.begin(listener);
  subject.run(execution);
  std::vector<NamedAnswer> others;
  for (const Question& question : listener.questions)
    others.insert(others.end(), question.others.begin(), question.others.end());
  const auto helps = [&](const Schedule& schedule) {
    ++tally.replayed;
    return passes(subject, schedule, ReplayMode::kLenient, limits);
  };
  for (const NamedAnswer& other : others)
    ASSERT_FALSE(helps(with_answer(told.schedule, other))) << answer_text(other) << " alone helps";
  const std::size_t pairs = others.size() * others.size() / 2;
  if (told.turning.found() || !told.turning.all_pairs || pairs > kPairsMax) return;
  ++tally.with_pairs;
  for (std::size_t i = 0; i < others.size(); ++i) {
    for (std::size_t j = i + 1; j < others.size(); ++j) {
      ASSERT_FALSE(helps(with_answer(with_answer(told.schedule, others[i]), others[j])))
          << answer_text(others[i]) << " and " << answer_text(others[j]) << " help together";
    }
  }
}

void check_explanation(const WeaveFile& file, Runner& runner, Tally& tally) {
  const Expected<Explanation> told = explain(file, runner, {});
  ASSERT_TRUE(told) << told.error().message << "\n" << write_weave(file);
  ASSERT_FALSE(told->findings.empty()) << write_weave(file);
  SCOPED_TRACE(write_weave(file));
  ++tally.findings;
  ++tally.kinds[finding_kind_name(told->findings.front().kind)];
  const TurningPoint& turning = told->turning;
  const std::unique_ptr<Subject> subject = file.make_subject();
  const Limits limits = file.limits();
  EXPECT_FALSE(passes(*subject, told->schedule, ReplayMode::kStrict, limits));

  if (turning.found()) {
    Schedule schedule = told->schedule;
    for (const Flip& flip : turning.flips) schedule = with_answer(schedule, flip.to);
    EXPECT_TRUE(passes(*subject, schedule, ReplayMode::kLenient, limits)) << "what it names";
    EXPECT_TRUE(passes(*subject, turning.passing, ReplayMode::kStrict, limits)) << "what it writes";
  }
  (turning.flips.empty()       ? tally.by_none
   : turning.flips.size() == 1 ? tally.by_one
                               : tally.by_two)++;
  EXPECT_LE(turning.flips.size(), 2u);
  if (turning.flips.size() == 1) return;  // Nothing is shorter, but to change nothing.
  if (!turning.all_singles) {
    ++tally.cut_short;  // It says that it did not try everything.
    return;
  }
  expect_that_nothing_helps(*subject, *told, limits, tally);
}

std::size_t wanted_findings() {
  const char* const words = std::getenv("REWEAVE_FINDINGS");
  const std::size_t count = words == nullptr ? 0 : std::strtoull(words, nullptr, 10);
  return count == 0 ? 40 : count;
}

TEST(ExplanationProperty, WhatItNamesPassesAndNothingShorterDoes) {
  constexpr std::uint64_t kExecutions = 20'000;
  const std::size_t wanted = wanted_findings();
  Tally tally;
  Runner runner;
  // Each defect in turn, and of each one finding for each seed.
  for (std::uint64_t seed = 1; tally.findings < wanted && seed < 1'000; ++seed) {
    for (const runtime::DefectInfo& defect : runtime::all_defects()) {
      if (tally.findings >= wanted || HasFatalFailure()) break;
      runtime::Settings settings;
      settings.check_structure = true;
      settings.check_specification = true;
      settings.defects.add(defect.defect);
      GeneratedSubject subject(seed, GeneratedAnswers::kAll, settings);
      GeneratedStrategy strategy(subject);
      ExploreOptions options{.budget = {.executions = kExecutions},
                             .seed = seed,
                             .limits = generated_limits(),
                             .block = executions_each(GeneratedAnswers::kAll)};
      options.counts = counts_unless_livelock;
      const Exploration hunt = runner.isolator().explore(subject, strategy, options);
      if (!hunt.found || hunt.found->died) continue;  // What dies is replayed in children alone.
      const WeaveFile file =
          generated_file(seed, hunt.found->execution, GeneratedAnswers::kAll, settings);
      const Again again = repeat(file, *hunt.found, runner);
      ASSERT_TRUE(again.shows) << again.error;
      check_explanation(again.file, runner, tally);
    }
  }
  EXPECT_EQ(tally.findings, wanted);
  std::printf(
      "%zu findings: one answer decides %zu, two %zu, none %zu (%zu with all pairs tried here, "
      "too); %zu with a budget that ended; "
      "%zu other answers replayed;",
      tally.findings, tally.by_one, tally.by_two, tally.by_none, tally.with_pairs, tally.cut_short,
      tally.replayed);
  for (const auto& [kind, count] : tally.kinds) std::printf(" %s %zu", kind.c_str(), count);
  std::printf("\n");
}

}  // namespace
}  // namespace reweave::repro
