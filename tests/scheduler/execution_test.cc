#include "scheduler/execution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using toys::finding;
using toys::Threads;

/// Answers from a list, then ordinarily; keeps what it was asked.
class Scripted : public Chooser {
 public:
  explicit Scripted(std::deque<std::uint32_t> answers, bool names = false)
      : answers_(std::move(answers)), names_(names) {}
  std::uint32_t choose(const Question& question) override {
    asked.push_back(question);
    if (answers_.empty()) return 0;
    const std::uint32_t answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  bool wants_names() const override { return names_; }
  std::vector<Question> asked;  // Without options: they are valid during the call only.

 private:
  std::deque<std::uint32_t> answers_;
  bool names_;
};

constexpr ActorId kRoot{0};

TEST(Execution, AsksNothingWhereOnlyOneAnswerIsPossible) {
  Scripted chooser({1});
  Execution execution;
  execution.begin(chooser);
  EXPECT_EQ(execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 1), 0u);
  EXPECT_EQ(execution.questions(), 0u);
  EXPECT_EQ(execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 2), 1u);
  EXPECT_EQ(execution.questions(), 1u);
  EXPECT_THAT(execution.dense_answers(), testing::ElementsAre(DenseAnswer{0, 1}));
}

TEST(Execution, CountsPointsPassedUnderNamesWhetherAskedOrNot) {
  Scripted chooser({0, 1}, /*names=*/true);
  Execution execution;
  execution.begin(chooser);
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 2);    // 0th time
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 1);    // 1st, not asked
  execution.ask(QuestionKind::kPreempt, kRoot, SiteId{3}, 1);  // another kind
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{4}, 1);    // another site
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 2);    // 2nd
  ASSERT_EQ(execution.named_answers().size(), 1u);
  EXPECT_EQ(execution.named_answers()[0].nth, 2u);
  EXPECT_EQ(execution.points(), 5u);
  EXPECT_EQ(execution.questions(), 2u);
  EXPECT_EQ(chooser.asked[1].index, 1u);
}

/// Keeps what it is shown.
class Curious : public Chooser {
 public:
  std::uint32_t choose(const Question& question) override {
    blocked.push_back(question.blocked.size());
    return 0;
  }
  bool wants_steps() const override { return true; }
  void pass(const Question& question) override {
    passed.push_back(question.site);
    blocked.push_back(question.blocked.size());
  }
  std::vector<SiteId> passed;
  std::vector<std::size_t> blocked;
};

TEST(Execution, ShowsPointsPassedAndWhoIsBlockedToThoseWhoWantSteps) {
  Curious chooser;
  Execution execution;
  execution.begin(chooser);
  EXPECT_TRUE(execution.wants_steps());
  const std::array<Option, 2> waiting{};
  execution.show_blocked(waiting);
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{3}, 2);
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{4}, 1);
  execution.show_blocked(waiting);
  execution.ask(QuestionKind::kSpill, kRoot, SiteId{5}, 1);
  EXPECT_THAT(chooser.passed, testing::ElementsAre(SiteId{4}, SiteId{5}));
  EXPECT_THAT(chooser.blocked, testing::ElementsAre(2u, 0u, 2u)) << "for one question only";
  EXPECT_EQ(execution.questions(), 1u);
  EXPECT_EQ(execution.points(), 0u) << "those are counted in named mode";

  Scripted other({});
  execution.begin(other);
  EXPECT_FALSE(execution.wants_steps());
}

TEST(Execution, ForgetsCountsWhenItBeginsAgain) {
  Scripted chooser({1, 1}, /*names=*/true);
  Execution execution;
  for (int i = 0; i < 2; ++i) {
    execution.begin(chooser);
    execution.ask(QuestionKind::kFail, kRoot, SiteId{0}, 2);
    ASSERT_EQ(execution.named_answers().size(), 1u);
    EXPECT_EQ(execution.named_answers()[0].nth, 0u);
  }
}

TEST(Execution, CountsManyPlacesApart) {
  Scripted chooser({}, /*names=*/true);
  Execution execution;
  execution.begin(chooser);
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t site = 0; site < 2000; ++site) {
      execution.ask(QuestionKind::kSpill, kRoot, SiteId{site}, 2);
      ASSERT_EQ(chooser.asked.back().nth, round);
    }
  }
}

TEST(Execution, NamesActorsByThePathOfTheirCreation) {
  Ordinary chooser;
  Execution execution;
  execution.begin(chooser);
  const ActorId a = execution.spawn(kRoot);
  const ActorId b = execution.spawn(kRoot);
  const ActorId b1 = execution.spawn(b);
  ActorId b12 = execution.spawn(b1);
  for (int i = 0; i < 11; ++i) b12 = execution.spawn(b1);
  EXPECT_EQ(execution.actor_path(kRoot), "0");
  EXPECT_EQ(execution.actor_path(a), "0.1");
  EXPECT_EQ(execution.actor_path(b12), "0.2.1.12");
  EXPECT_TRUE(execution.actor_is(kRoot, "0"));
  EXPECT_TRUE(execution.actor_is(b12, "0.2.1.12"));
  for (const char* other :
       {"0.2.1.1", "0.2.1.2", "2.1.12", "0.2.11.12", ".2.1.12", "", "0.2.1.12.1", "0.12.1.12"}) {
    EXPECT_FALSE(execution.actor_is(b12, other)) << other;
  }
}

TEST(Execution, ReachingTheStepLimitIsALivelock) {
  Ordinary chooser;
  Execution execution(Limits{.steps_max = 3});
  execution.begin(chooser);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(execution.step(kRoot, SiteId{}));
  EXPECT_FALSE(execution.stopped());
  EXPECT_FALSE(execution.step(kRoot, SiteId{}));
  EXPECT_FALSE(execution.step(kRoot, SiteId{}));
  EXPECT_TRUE(execution.stopped());
  EXPECT_EQ(execution.outcome(), Outcome::kStepLimit);
  ASSERT_EQ(execution.findings().size(), 1u);
  EXPECT_EQ(execution.findings()[0].kind, FindingKind::kLivelock);
  EXPECT_EQ(execution.findings()[0].step, 3u);
  EXPECT_EQ(execution.findings()[0].signature, "livelock");
}

TEST(Execution, AnswersOrdinarilyBeyondTheQuestionLimit) {
  Scripted chooser({1, 1, 1, 1});
  Execution execution(Limits{.questions_max = 2});
  execution.begin(chooser);
  EXPECT_EQ(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2), 1u);
  EXPECT_EQ(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2), 1u);
  EXPECT_EQ(execution.outcome(), Outcome::kCompleted);
  EXPECT_EQ(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2), 0u);
  EXPECT_EQ(execution.outcome(), Outcome::kQuestionLimit);
  EXPECT_FALSE(execution.stopped());
  EXPECT_EQ(chooser.asked.size(), 2u);
}

TEST(Execution, StopsWhenThereAreTooManyActors) {
  Ordinary chooser;
  Execution execution(Limits{.actors_max = 3});  // The root counts.
  execution.begin(chooser);
  execution.spawn(kRoot);
  execution.spawn(kRoot);
  EXPECT_FALSE(execution.stopped());
  const ActorId third = execution.spawn(kRoot);
  EXPECT_EQ(execution.actor_path(third), "0.3");
  EXPECT_EQ(execution.outcome(), Outcome::kActorLimit);
  EXPECT_FALSE(execution.step(kRoot, SiteId{}));
}

TEST(Execution, GoesOnAfterAFindingUnlessItStops) {
  Scripted chooser({1, 1});
  Execution execution;
  execution.begin(chooser);
  execution.report(finding(FindingKind::kLostValue, 1, "lost"), /*stops=*/false);
  EXPECT_EQ(execution.outcome(), Outcome::kFinding);
  EXPECT_TRUE(execution.step(kRoot, SiteId{}));
  EXPECT_EQ(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2), 1u);
  execution.report(finding(FindingKind::kDanglingFrame, 1, "frame"), /*stops=*/true);
  EXPECT_FALSE(execution.step(kRoot, SiteId{}));
  EXPECT_EQ(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2), 0u);
  ASSERT_EQ(execution.findings().size(), 2u);
  EXPECT_EQ(execution.findings()[0].signature, "lost");
}

TEST(Execution, KeepsOnlySoManyFindings) {
  Ordinary chooser;
  Execution execution(Limits{.findings_max = 5});
  execution.begin(chooser);
  for (int i = 0; i < 20; ++i) execution.report(finding(FindingKind::kRefcount, 0, "r"), false);
  EXPECT_EQ(execution.findings().size(), 5u);
}

TEST(Execution, TracesDifferByAnswerEventFindingAndTheirPlaces) {
  const auto hash = [](auto what) {
    Scripted chooser({1});
    Execution execution;
    execution.begin(chooser);
    execution.spawn(kRoot);
    what(execution);
    return execution.trace_hash();
  };
  std::vector<std::uint64_t> hashes;
  hashes.push_back(hash([](Execution&) {}));
  hashes.push_back(hash([](Execution& e) { e.ask(QuestionKind::kFail, kRoot, SiteId{1}, 2); }));
  hashes.push_back(hash([](Execution& e) { e.ask(QuestionKind::kFail, kRoot, SiteId{2}, 2); }));
  hashes.push_back(hash([](Execution& e) { e.ask(QuestionKind::kSpill, kRoot, SiteId{1}, 2); }));
  hashes.push_back(
      hash([](Execution& e) { e.ask(QuestionKind::kFail, ActorId{1}, SiteId{1}, 2); }));
  hashes.push_back(hash([](Execution& e) {
    e.ask(QuestionKind::kFail, kRoot, SiteId{1}, 2);  // answered 1
    e.ask(QuestionKind::kFail, kRoot, SiteId{1}, 2);  // answered 0
  }));
  const std::array<std::int32_t, 2> args = {4, -5};
  hashes.push_back(hash([&](Execution& e) { e.event(kRoot, 1, args); }));
  hashes.push_back(hash([&](Execution& e) { e.event(kRoot, 2, args); }));
  hashes.push_back(hash([&](Execution& e) { e.event(ActorId{1}, 1, args); }));
  hashes.push_back(hash([&](Execution& e) { e.event(kRoot, 1, {args.data(), 1}); }));
  hashes.push_back(
      hash([](Execution& e) { e.report(finding(FindingKind::kLeak, 1, "a"), false); }));
  hashes.push_back(
      hash([](Execution& e) { e.report(finding(FindingKind::kLeak, 2, "a"), false); }));
  hashes.push_back(
      hash([](Execution& e) { e.report(finding(FindingKind::kRace, 1, "a"), false); }));
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
}

TEST(Execution, NotesAreKeptWithTheLogAndNotHashed) {
  Ordinary chooser;
  Execution execution;
  const std::array<std::int32_t, 2> args{7, 8};
  const auto run = [&](bool keep_log, bool notes) {
    execution.begin(chooser, keep_log);
    execution.event(ActorId{0}, 1, args, SiteId{3});
    if (notes) execution.note(ActorId{0}, 2, args, SiteId{4});
    execution.event(ActorId{0}, 1, args);
    return execution.trace_hash();
  };
  const std::uint64_t hash = run(false, false);
  EXPECT_EQ(run(false, true), hash);
  EXPECT_TRUE(execution.notes().empty());
  EXPECT_EQ(run(true, true), hash);
  ASSERT_EQ(execution.log().size(), 2u);
  EXPECT_EQ(execution.log()[0].site, SiteId{3});
  EXPECT_EQ(execution.log()[1].site, kNowhere);
  ASSERT_EQ(execution.notes().size(), 1u);
  EXPECT_EQ(execution.notes()[0].place, 1u);
  EXPECT_EQ(execution.notes()[0].event.kind, 2);
}

TEST(Execution, EndsAtTheMemoryLimitOfTheSubject) {
  Ordinary chooser;
  Execution execution;
  execution.begin(chooser);
  EXPECT_TRUE(execution.step(ActorId{0}, SiteId{}));
  execution.end_by_error();
  EXPECT_EQ(execution.outcome(), Outcome::kUncaughtError);
  execution.stop_at_memory_limit();
  EXPECT_FALSE(execution.step(ActorId{0}, SiteId{}));
  EXPECT_EQ(execution.outcome(), Outcome::kMemoryLimit);
  EXPECT_TRUE(execution.findings().empty());
}

TEST(Execution, KeepsTheLogOnlyWhenAskedTo) {
  Threads subject(2, 2);
  Ordinary chooser;
  Execution execution;
  execution.begin(chooser);
  subject.run(execution);
  EXPECT_TRUE(execution.log().empty());
  const std::uint64_t hash = execution.trace_hash();
  execution.begin(chooser, /*keep_log=*/true);
  subject.run(execution);
  ASSERT_EQ(execution.log().size(), 4u);
  EXPECT_EQ(execution.trace_hash(), hash);
  EXPECT_EQ(execution.log()[3].step, 4u);
  EXPECT_EQ(execution.log()[3].count, 2);
  EXPECT_EQ(execution.log()[3].args[0], 1);  // The second thread …
  EXPECT_EQ(execution.log()[3].args[1], 1);  // … in its second step.
}

TEST(Execution, CallsTheHookAtEveryStep) {
  Threads subject(2, 3);
  Ordinary chooser;
  Execution execution;
  std::vector<std::uint64_t> steps;
  execution.set_step_hook(
      [](void* context, std::uint64_t step) {
        static_cast<std::vector<std::uint64_t>*>(context)->push_back(step);
      },
      &steps);
  execution.begin(chooser);
  subject.run(execution);
  EXPECT_THAT(steps, testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Execution, KeepsAnAnswerWithTheNumberOfPointsThatWerePassedThereBefore) {
  Scripted chooser({1});
  Execution execution;
  execution.begin(chooser);
  execution.keep_record();
  ASSERT_TRUE(execution.step(kRoot, SiteId{}));
  EXPECT_EQ(execution.ask(QuestionKind::kPreempt, kRoot, SiteId{8}, 1), 0u);
  EXPECT_EQ(execution.ask(QuestionKind::kPreempt, kRoot, SiteId{9}, 1), 0u);
  EXPECT_EQ(execution.ask(QuestionKind::kPreempt, kRoot, SiteId{8}, 2), 1u);
  ASSERT_EQ(execution.given_answers().size(), 1u);
  EXPECT_EQ(execution.given_answers()[0].step, 1u);
  EXPECT_EQ(execution.given_answers()[0].nth, 1u);
  execution.begin(chooser);
  EXPECT_TRUE(execution.given_answers().empty());
}

TEST(Execution, ForgetsTheActorsOfTheExecutionBefore) {
  Ordinary chooser;
  Execution execution({.actors_max = 40});
  for (const std::uint32_t actors : {30u, 3u, 45u}) {
    execution.begin(chooser);
    EXPECT_EQ(execution.actor_count(), 1u);
    ActorId last = kRoot;
    for (std::uint32_t i = 0; i < actors; ++i) last = execution.spawn(kRoot);
    EXPECT_EQ(execution.actor_path(last), "0." + std::to_string(actors));
    EXPECT_EQ(execution.actor_count(), actors + 1);
    EXPECT_EQ(execution.outcome(), actors < 40 ? Outcome::kCompleted : Outcome::kActorLimit);
    EXPECT_EQ(execution.stopped(), actors >= 40);
  }
}

TEST(Execution, MirrorsAnswersActorsAndTheFirstFindingToATape) {
  const auto tape = std::make_unique<SharedTape>();
  Scripted chooser({0, 1}, /*names=*/true);
  Execution execution;
  execution.begin(chooser, false, tape.get());
  const ActorId child = execution.spawn(kRoot);
  ASSERT_TRUE(execution.step(child, SiteId{}));
  execution.ask(QuestionKind::kFail, child, SiteId{8}, 2);
  execution.ask(QuestionKind::kFail, child, SiteId{8}, 2);
  execution.report(finding(FindingKind::kLeak, 1, "first"), false);
  execution.report(finding(FindingKind::kRace, 1, "second"), false);
  EXPECT_EQ(tape->executions, 1u);
  EXPECT_EQ(tape->step, 1u);
  EXPECT_EQ(tape->questions, 2u);
  ASSERT_EQ(tape->answer_count, 1u);
  EXPECT_EQ(tape->answers[0], (DenseAnswer{1, 1}));
  ASSERT_EQ(tape->named_count, 1u);
  EXPECT_EQ(tape->named[0].nth, 1u);
  EXPECT_EQ(tape->actor_count, 2u);
  EXPECT_STREQ(tape->signature.data(), "first");
  execution.begin(chooser, false, tape.get());
  EXPECT_EQ(tape->answer_count, 0u);
  EXPECT_FALSE(tape->has_finding);
}

TEST(ExecutionDeathTest, AbortsOnAnAnswerThatIsNotPossible) {
  Scripted chooser({2});
  Execution execution;
  execution.begin(chooser);
  EXPECT_DEATH(execution.ask(QuestionKind::kFail, kRoot, SiteId{}, 2),
               "CHECK failed.*not possible");
}

TEST(Names, OfKindsAndOutcomesAreUniqueAndFoundAgain) {
  for (int i = 0; i < kQuestionKindCount; ++i) {
    const auto kind = static_cast<QuestionKind>(i);
    EXPECT_EQ(find_question_kind(question_kind_name(kind)), kind);
  }
  EXPECT_FALSE(find_question_kind("spil"));
  for (int i = 0; i < kFindingKindCount; ++i) {
    const auto kind = static_cast<FindingKind>(i);
    EXPECT_EQ(find_finding_kind(finding_kind_name(kind)), kind);
  }
  EXPECT_FALSE(find_finding_kind(""));
  EXPECT_STREQ(finding_kind_name(FindingKind::kHang), "hang");
  EXPECT_STREQ(outcome_name(Outcome::kDiverged), "diverged");
}

}  // namespace
}  // namespace reweave
