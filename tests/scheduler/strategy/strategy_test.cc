#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "scheduler/search/explore.h"
#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/fuzz_input.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/portfolio.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/strategies.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using testing::HasSubstr;
using toys::Interleavings;
using toys::LostUpdate;
using toys::Switches;

/// Calls `seen` after each of at most `executions` executions.
template <typename Seen>
std::uint64_t drive(Subject& subject, Strategy& strategy, std::uint64_t seed,
                    std::uint64_t executions, Seen seen) {
  const Prng root(seed);
  Execution execution;
  for (std::uint64_t i = 0; i < executions; ++i) {
    strategy.begin(root.split(i), i);
    execution.begin(strategy);
    subject.run(execution);
    const bool goes_on = strategy.end(execution);
    seen(execution);
    if (!goes_on) return i + 1;
  }
  return executions;
}

std::uint64_t multinomial(std::uint64_t threads, std::uint64_t steps) {
  std::uint64_t count = 1, placed = 0;
  for (std::uint64_t t = 0; t < threads; ++t) {
    for (std::uint64_t s = 1; s <= steps; ++s)
      count = count * ++placed / s;  // Binomials: always whole.
  }
  return count;
}

void interleave(std::vector<std::uint32_t>& left, std::string& prefix, std::set<std::string>& all) {
  bool ended = true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == 0) continue;
    ended = false;
    --left[i];
    prefix += static_cast<char>('0' + i);
    interleave(left, prefix, all);
    prefix.pop_back();
    ++left[i];
  }
  if (ended) all.insert(prefix);
}

struct Size {
  std::uint32_t threads, steps;
};

class DepthFirstCounts : public testing::TestWithParam<Size> {};

TEST_P(DepthFirstCounts, EveryInterleavingOnce) {
  const auto [threads, steps] = GetParam();
  std::set<std::string> expected;
  std::vector<std::uint32_t> left(threads, steps);
  std::string prefix;
  interleave(left, prefix, expected);
  ASSERT_EQ(expected.size(), multinomial(threads, steps));

  Interleavings subject(threads, steps);
  DepthFirst strategy;
  std::set<std::string> seen;
  std::set<std::uint64_t> hashes;
  std::uint64_t before = 0;
  drive(subject, strategy, 0, 1'000'000, [&](const Execution& execution) {
    hashes.insert(execution.trace_hash());
    const bool is_new = seen.insert(subject.trace).second;
    EXPECT_EQ(strategy.distinct() != before, is_new) << subject.trace;
    before = strategy.distinct();
  });
  EXPECT_TRUE(strategy.exhausted());
  EXPECT_EQ(strategy.distinct(), expected.size());
  EXPECT_EQ(hashes.size(), expected.size());
  EXPECT_EQ(seen, expected);
}

INSTANTIATE_TEST_SUITE_P(Small, DepthFirstCounts,
                         testing::Values(Size{1, 3}, Size{2, 1}, Size{2, 2}, Size{2, 5}, Size{3, 2},
                                         Size{3, 3}, Size{4, 2}, Size{5, 1}));

TEST(Strategy, ThatSaysItIsPlainNeedsNoneOfTheCallsThatAreLeftOut) {
  int plain = 0;
  for (const StrategyInfo& info : strategies()) {
    const std::unique_ptr<Strategy> strategy = info.make(info.number.otherwise);
    if (!strategy->is_plain()) continue;
    ++plain;
    LostUpdate subject(2);
    drive(subject, *strategy, 1, 20, [&](const Execution& execution) {
      EXPECT_FALSE(strategy->wants_names() || strategy->wants_steps()) << info.name;
      EXPECT_TRUE(strategy->end(execution)) << info.name;
      EXPECT_EQ(strategy->next(7), 8u) << info.name;
    });
  }
  EXPECT_GT(plain, 0);
}

TEST(DepthFirst, TriesFewerDeviationsFirst) {
  Switches subject(6, {});
  DepthFirst strategy;
  std::map<std::size_t, std::uint64_t> new_at_bound;
  std::uint64_t before = 0;
  std::size_t bound = 0;
  drive(subject, strategy, 0, 10'000, [&](const Execution& execution) {
    if (strategy.distinct() == before) return;
    before = strategy.distinct();
    const std::size_t answers = execution.dense_answers().size();
    EXPECT_GE(answers, bound);
    bound = answers;
    ++new_at_bound[answers];
  });
  const std::map<std::size_t, std::uint64_t> binomials = {{0, 1},  {1, 6}, {2, 15}, {3, 20},
                                                          {4, 15}, {5, 6}, {6, 1}};
  EXPECT_EQ(new_at_bound, binomials);
}

TEST(DepthFirst, StopsAtTheBoundWithoutCallingItExhausted) {
  Switches subject(6, {});
  DepthFirst strategy(2);
  const std::uint64_t executions = drive(subject, strategy, 0, 10'000, [](const Execution&) {});
  EXPECT_LT(executions, 100u);
  EXPECT_EQ(strategy.distinct(), 1u + 6u + 15u);
  EXPECT_FALSE(strategy.exhausted());
}

/// What an interleaving costs, counted on its trace.
std::uint32_t preemptions(const std::string& trace, std::uint32_t steps) {
  std::map<char, std::uint32_t> done;
  std::uint32_t count = 0;
  for (std::size_t i = 0; i + 1 < trace.size(); ++i)
    count += ++done[trace[i]] < steps && trace[i + 1] != trace[i] ? 1 : 0;
  return count + (trace[0] != '0' ? 1 : 0);  // The first one is asked whether it stands back.
}
std::uint32_t delays(const std::string& trace, std::uint32_t threads, std::uint32_t steps) {
  std::vector<std::uint32_t> done(threads);
  std::uint32_t current = 0, count = 0;
  for (const char next : trace) {
    for (; current != static_cast<std::uint32_t>(next - '0'); current = (current + 1) % threads)
      count += done[current] < steps ? 1 : 0;
    ++done[current];
  }
  return count;
}

TEST(DepthFirst, CountsPreemptionsAndDelaysByTheirDefinition) {
  for (const auto& [threads, steps] : {std::pair(2u, 3u), std::pair(3u, 2u), std::pair(4u, 1u)}) {
    std::set<std::string> all;
    std::vector<std::uint32_t> left(threads, steps);
    std::string prefix;
    interleave(left, prefix, all);
    for (const auto cost : {DepthFirst::Cost::kPreemptions, DepthFirst::Cost::kDelays}) {
      const bool delayed = cost == DepthFirst::Cost::kDelays;
      std::map<std::uint32_t, std::set<std::string>> expected, seen;
      for (const std::string& trace : all)
        expected[delayed ? delays(trace, threads, steps) : preemptions(trace, steps)].insert(trace);
      Interleavings subject(threads, steps);
      DepthFirst strategy(UINT32_MAX, cost);
      std::set<std::string> known;
      std::uint32_t bound = 0;
      drive(subject, strategy, 0, 100'000, [&](const Execution&) {
        if (known.insert(subject.trace).second) seen[bound].insert(subject.trace);
        bound = strategy.bound();
      });
      EXPECT_EQ(seen, expected) << threads << " threads, " << steps << " steps, " << delayed;
      EXPECT_TRUE(strategy.exhausted());
      EXPECT_EQ(strategy.distinct(), all.size());
      EXPECT_EQ(strategy.bounds_done(), expected.rbegin()->first + 1);
    }
  }
}

TEST(DepthFirst, SaysWhichBoundsAreDone) {
  Interleavings subject(3, 4);
  DepthFirst strategy(2, DepthFirst::Cost::kPreemptions);
  const Exploration all = explore(subject, strategy, {.budget = {.executions = 100'000}});
  EXPECT_EQ(all.reason, StopReason::kExhausted);
  EXPECT_EQ(all.statistics.bounds_done, 3u);
  EXPECT_FALSE(strategy.exhausted());
  DepthFirst again(UINT32_MAX, DepthFirst::Cost::kPreemptions);
  const Exploration part =
      explore(subject, again, {.budget = {.executions = all.statistics.executions + 1}});
  EXPECT_EQ(part.reason, StopReason::kExecutions);
  EXPECT_EQ(part.statistics.bounds_done, 3u) << "the fourth has begun";
}

TEST(DepthFirst, DivergesWhenTheSubjectContradictsItself) {
  class Moody : public toys::Toy {
   public:
    void run(Execution& execution) override {
      ++runs;
      for (int i = 0; i < 3; ++i) {
        execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{0}, runs < 3 ? 3 : 4);
      }
    }
    int runs = 0;
  };
  Moody subject;
  DepthFirst strategy;
  const Exploration result = explore(subject, strategy, {.budget = {.executions = 100}});
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->finding.kind, FindingKind::kDiverged);
  EXPECT_EQ(result.statistics.executions, 3u);
}

TEST(RandomWalk, CoversAllInterleavingsEvenly) {
  Interleavings subject(2, 2);  // 6 interleavings; 0011 and 1100 have 1/4, the others 1/8 each.
  RandomWalk strategy;
  std::map<std::string, int> seen;
  drive(subject, strategy, 1, 8000, [&](const Execution&) { ++seen[subject.trace]; });
  ASSERT_EQ(seen.size(), 6u);
  for (const auto& [trace, count] : seen) {
    const int expected = trace == "0011" || trace == "1100" ? 2000 : 1000;
    EXPECT_NEAR(count, expected, 150) << trace;
  }
}

TEST(Swarm, GivesEachKindActorOrSiteItsRate) {
  const auto question = [](QuestionKind kind, std::uint32_t actor, std::uint32_t site) {
    Question asked;
    asked.kind = kind;
    asked.actor = ActorId{actor};
    asked.site = SiteId{site};
    asked.answers = 2;
    return asked;
  };
  constexpr QuestionKind kKind = QuestionKind::kSpill;
  Swarm swarm;
  for (const SwarmScope scope : {SwarmScope::kKind, SwarmScope::kActor, SwarmScope::kSite}) {
    swarm.scope = scope;
    swarm.rates = {};
    for (std::uint32_t i = 0; i < 50; ++i) EXPECT_EQ(swarm.of_256(question(kKind, i, i)), 0u);
    swarm.rates[static_cast<std::size_t>(kKind)] = 3;
    std::map<std::uint32_t, int> by_actor, by_site;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      ++by_actor[swarm.of_256(question(kKind, i, 1))];
      ++by_site[swarm.of_256(question(kKind, 1, i))];
      EXPECT_EQ(swarm.of_256(question(QuestionKind::kFail, i, i)), 0u) << "another kind";
    }
    EXPECT_EQ(by_actor.size(), scope == SwarmScope::kActor ? 3u : 1u);
    EXPECT_EQ(by_site.size(), scope == SwarmScope::kSite ? 3u : 1u);
    if (scope == SwarmScope::kActor) {
      EXPECT_NEAR(by_actor[0], 500, 80);
      EXPECT_NEAR(by_actor[192], 250, 80);
    }
  }
}

TEST(RandomWalk, AnswersTheYesNoKindsRarelyOrOften) {
  Switches subject(256, {0});
  RandomWalk strategy;
  std::array<int, 4> about{};  // Executions with 0, 1 to 3, 4 to 24, more yeses of 256.
  drive(subject, strategy, 5, 2000, [&](const Execution& execution) {
    const std::size_t yes = execution.dense_answers().size();
    ++about[yes == 0 ? 0 : yes <= 3 ? 1 : yes <= 24 ? 2 : 3];
  });
  for (const int count : about) EXPECT_GT(count, 80);
}

TEST(Pct, ChangesExactlyDepthMinusOneAnswers) {
  Switches subject(100, {0});
  for (const std::uint32_t depth : {1u, 2u, 3u, 5u}) {
    Pct strategy(depth);
    bool first = true;
    std::size_t most = 0;
    drive(subject, strategy, 3, 200, [&](const Execution& execution) {
      if (first) {
        EXPECT_TRUE(execution.dense_answers().empty()) << "the first execution measures";
      }
      first = false;
      EXPECT_LE(execution.dense_answers().size(),
                depth - 1);  // Fewer where two change points fall together.
      most = std::max(most, execution.dense_answers().size());
    });
    EXPECT_EQ(most, depth - 1);
  }
}

TEST(Pct, RunsOneActorToItsEndWithoutChangePoints) {
  Interleavings subject(4, 6);
  Pct strategy(1);
  std::map<char, int> first;
  drive(subject, strategy, 9, 400, [&](const Execution&) {
    ++first[subject.trace[0]];
    int switches = 0;
    for (std::size_t i = 1; i < subject.trace.size(); ++i)
      switches += subject.trace[i] != subject.trace[i - 1];
    EXPECT_EQ(switches, 3) << subject.trace;
  });
  ASSERT_EQ(first.size(), 4u);
  for (const auto& [actor, count] : first) EXPECT_NEAR(count, 100, 40) << actor;
}

TEST(Pct, KeepsItsBoundOnTheLostUpdate) {
  // Two threads, depth 2, k questions: at least 1/(n k). Each idle step is one question; the last
  // thread asks none.
  LostUpdate subject(8);
  Pct strategy(2);
  std::uint64_t hits = 0, questions = 0;
  constexpr std::uint64_t kRuns = 4000;
  drive(subject, strategy, 11, kRuns, [&](const Execution& execution) {
    hits += execution.findings().empty() ? 0 : 1;
    questions = std::max<std::uint64_t>(questions, execution.questions());
  });
  EXPECT_GE(hits, kRuns / (2 * questions) * 8 / 10) << "k = " << questions;
}

TEST(FewDeviations, MakesOneToThree) {
  Switches subject(50, {0});
  FewDeviations strategy;
  std::array<int, 4> counts{};
  drive(subject, strategy, 2, 1000, [&](const Execution& execution) {
    ASSERT_LE(execution.dense_answers().size(), 3u);
    ++counts[execution.dense_answers().size()];
  });
  EXPECT_GT(counts[1], 100);
  EXPECT_GT(counts[2], 100);
  EXPECT_GT(counts[3], 50);
}

TEST(FewDeviations, ReachesARarePlaceBesideALongLoop) {
  /// 2000 questions in a loop, one at a rare site.
  class Loop : public toys::Toy {
   public:
    void run(Execution& execution) override {
      for (int i = 0; i < 2000; ++i)
        execution.ask(QuestionKind::kPreempt, ActorId{0}, SiteId{1}, 2);
      if (execution.ask(QuestionKind::kSpill, ActorId{0}, SiteId{2}, 2) == 0) return;
      execution.report(toys::finding(FindingKind::kLostValue, 0, "lost"), false);
    }
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Loop subject;
    FewDeviations strategy;
    const Exploration result =
        explore(subject, strategy, {.budget = {.executions = 100}, .seed = seed});
    EXPECT_TRUE(result.found) << seed;
  }
}

TEST(EveryStrategy, FindsTheLostUpdate) {
  std::vector<std::string_view> names = {"pct:2", "preemption-bound:1", "delay-bound:1"};
  for (const StrategyInfo& info : strategies()) {
    if (info.name != "ordinary") names.push_back(info.name);
  }
  for (const std::string_view name : names) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      LostUpdate subject(3);
      auto strategy = make_strategy(name);
      ASSERT_TRUE(strategy);
      const Exploration result =
          explore(subject, **strategy, {.budget = {.executions = 500}, .seed = seed});
      ASSERT_TRUE(result.found) << name << " with seed " << seed;
      EXPECT_EQ(result.found->finding.signature, "assertion: lost update");
    }
  }
  LostUpdate subject(3);
  Ordinary ordinary;
  const Exploration result = explore(subject, ordinary, {});
  EXPECT_EQ(result.reason, StopReason::kExhausted);
  EXPECT_FALSE(result.found);
}

TEST(EveryStrategy, IsTheSameForTheSameSeedAndAnotherForAnother) {
  for (const StrategyInfo& info : strategies()) {
    const auto hashes = [&](std::uint64_t seed) {
      Interleavings subject(3, 4);
      auto strategy = make_strategy(info.name);
      std::vector<std::uint64_t> all;
      drive(subject, **strategy, seed, 100,
            [&](const Execution& e) { all.push_back(e.trace_hash()); });
      return all;
    };
    EXPECT_EQ(hashes(1), hashes(1)) << info.name;
    const std::set<std::string_view> systematic = {"ordinary", "depth-first", "preemption-bound",
                                                   "delay-bound"};
    if (systematic.count(info.name) != 0) continue;
    EXPECT_NE(hashes(1), hashes(2)) << info.name;
  }
}

/// Everything a strategy may be asked: `run`, yes/no kinds at several sites and actors, `pick`.
class Medley : public Interleavings {
 public:
  Medley() : Interleavings(3, 6) {}

 protected:
  void advance(Execution& execution, std::uint32_t thread, std::uint32_t step) override {
    Interleavings::advance(execution, thread, step);
    const ActorId actor{thread + 1};
    for (const QuestionKind kind :
         {QuestionKind::kPreempt, QuestionKind::kSpill, QuestionKind::kFail}) {
      (void)execution.ask(kind, actor, SiteId{step}, 2);
    }
    (void)execution.ask(QuestionKind::kPick, actor, SiteId{step}, 5);
  }
};

TEST(EveryStrategy, GivesTheSameTracesInEveryBuild) {
  // A change here means that old seeds give other executions: say so in CHANGELOG.md.
  const std::map<std::string_view, std::uint64_t> golden = {
      {"portfolio", 0xfb7e3a0f90719488u},
      {"ordinary", 0x49748fc5add6c587u},
      {"few-deviations", 0x3d601726e1510766u},
      {"random-walk", 0x152bc57aedeb0292u},
      {"pct", 0x675343410eaa93f2u},
      {"depth-first", 0x91e3ee6a9968b19du},
      {"pos", 0xd902ba7db019481cu},
      {"urw", 0xbb0b5e0d9d6a1e79u},
      {"surw", 0x91c41556541455feu},
      {"preemption-bound", 0x20faee26d158604du},
      {"delay-bound", 0x584064d7efa7fa24u},
      {"site-order", 0x3d067af16046f7b0u},
      {"reads-from", 0xf5c46a2a0b0ab72au},
      {"mix", 0xafb4a55bf4d435edu},
  };
  for (const StrategyInfo& info : strategies()) {
    Medley subject;
    auto strategy = make_strategy(info.name);
    std::uint64_t all = 0;
    drive(subject, **strategy, 2012, 200,
          [&](const Execution& e) { all = all * 31 + e.trace_hash(); });
    ASSERT_TRUE(golden.count(info.name)) << info.name;
    EXPECT_EQ(all, golden.at(info.name)) << info.name << std::hex << " 0x" << all;
  }
}

TEST(RandomWalk, ExecutionsDependOnNoEarlierOne) {
  Interleavings subject(3, 4);
  RandomWalk strategy;
  std::vector<std::uint64_t> all;
  drive(subject, strategy, 4, 20, [&](const Execution& e) { all.push_back(e.trace_hash()); });
  Execution execution;
  for (std::uint64_t i = 20; i-- > 0;) {
    strategy.begin(Prng(4).split(i), i);
    execution.begin(strategy);
    subject.run(execution);
    EXPECT_EQ(execution.trace_hash(), all[i]);
  }
}

TEST(Portfolio, EndsWhenDepthFirstHasTriedEverything) {
  Interleavings subject(2, 1);
  Portfolio strategy;
  const Exploration result = explore(subject, strategy, {.budget = {.executions = 1000}});
  EXPECT_EQ(result.reason, StopReason::kExhausted);
  EXPECT_LT(result.statistics.executions, 50u);
}

TEST(Portfolio, GoesOnWhenDepthFirstHasReachedItsBound) {
  Switches subject(6, {0, 1, 2, 3});
  Portfolio strategy;
  const Exploration result = explore(subject, strategy, {.budget = {.executions = 100'000}});
  EXPECT_TRUE(result.found) << "four answers at once: only the random walk gets there";
}

TEST(Strategies, AreMadeByNameAndParameter) {
  for (const StrategyInfo& info : strategies()) EXPECT_TRUE(make_strategy(info.name)) << info.name;
  EXPECT_EQ(strategies()[0].name, kDefaultStrategy);
  EXPECT_TRUE(make_strategy("pct:64"));
  EXPECT_TRUE(make_strategy("depth-first:0"));
  const auto message = [](std::string_view name) {
    auto made = make_strategy(name);
    EXPECT_FALSE(made) << name;
    return made ? "" : made.error().message;
  };
  EXPECT_THAT(message("random-wlak"), HasSubstr("did you mean \"random-walk\""));
  EXPECT_THAT(message("nothing like it"), HasSubstr("there are portfolio ordinary"));
  EXPECT_THAT(message("pct:0"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(message("pct:65"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(message("pct:x"), HasSubstr("number is expected"));
  EXPECT_THAT(message("pct:"), HasSubstr("number is expected"));
  EXPECT_THAT(message("ordinary:3"), HasSubstr("takes no number"));
}

TEST(FuzzInput, AnswersAsItsPlanSays) {
  Switches subject(10, {});
  Plan plan;
  plan.items.push_back({QuestionKind::kPreempt, false, /*position=*/3, /*nth=*/0, /*answer=*/0});
  plan.items.push_back({QuestionKind::kPreempt, false, /*position=*/4, /*nth=*/1,
                        /*answer=*/0});  // Never a 2nd time.
  plan.items.push_back(
      {QuestionKind::kSpill, false, /*position=*/5, /*nth=*/0, /*answer=*/0});  // Another kind.
  plan.items.push_back(
      {QuestionKind::kRun, true, /*position=*/7, /*nth=*/0, /*answer=*/9});  // 1 of 1.
  FuzzInput strategy(plan);
  Execution execution;
  for (int i = 0; i < 2; ++i) {
    execution.begin(strategy);
    subject.run(execution);
    EXPECT_THAT(execution.dense_answers(),
                testing::ElementsAre(DenseAnswer{3, 1}, DenseAnswer{7, 1}));
  }
}

TEST(FuzzInput, DrawsTheRestFromThePlansSeed) {
  Switches subject(400, {0});
  Plan plan;
  FuzzInput strategy(plan);
  Execution execution;
  const auto answers = [&] {
    execution.begin(strategy);
    subject.run(execution);
    return execution.dense_answers();
  };
  EXPECT_TRUE(answers().empty()) << "the empty plan is ordinary";
  plan.rates[static_cast<std::size_t>(QuestionKind::kPreempt)] = 3;
  const auto first = answers();
  EXPECT_NEAR(static_cast<double>(first.size()), 100, 40);
  EXPECT_EQ(answers(), first);
  plan.seed = 1;
  EXPECT_NE(answers(), first);
}

TEST(Plan, IsDecodedAsItsHeaderShows) {
  const std::vector<std::uint8_t> bytes = {7, 0, 0, 0, 0, 0, 2, 3, 0, 2, 0, 0, 99, 99};
  Plan plan;
  decode_plan(bytes, plan);
  EXPECT_EQ(plan.seed, 7u);
  ASSERT_EQ(plan.items.size(), 1u);
  EXPECT_EQ(plan.items[0], (Plan::Item{QuestionKind::kSpill, false, 3, 2, 0}));
  std::vector<std::uint8_t> written;
  encode_plan(plan, written);
  EXPECT_EQ(written, std::vector<std::uint8_t>(bytes.begin(), bytes.end() - 2));
}

TEST(Plan, MutationsFindAnAnswerAtAGivenPlace) {
  const std::vector<PlanTarget> targets = {{QuestionKind::kPreempt, SiteId{7}},
                                           {QuestionKind::kSpill, SiteId{2}}};
  int found = 0;
  Prng prng(1);
  for (int i = 0; i < 1000; ++i) {
    Plan plan;
    mutate_plan(plan, prng, targets);
    for (const Plan::Item& item : plan.items) {
      if (!item.by_index && item.kind == QuestionKind::kPreempt && item.position == 7 &&
          item.nth == 0)
        ++found;
    }
  }
  EXPECT_GT(found, 30);
}

TEST(Prng, IsTheSameEverywhere) {
  Prng prng(0);
  EXPECT_EQ(prng.next(), 0xe220a8397b1dcdafu);  // The reference value of splitmix64 for seed 0.
  EXPECT_EQ(prng.next(), 0x6e789e6aa1b965f4u);
  const Prng root(42);
  EXPECT_NE(root.split("a").next(), root.split("b").next());
  EXPECT_EQ(root.split("a").next(), root.split("a").next());
  std::set<std::uint64_t> firsts;
  for (std::uint64_t i = 0; i < 1000; ++i) firsts.insert(root.split(i).next());
  EXPECT_EQ(firsts.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(prng.below(7), 7u);
  EXPECT_FALSE(prng.chance({0, 5}));
  EXPECT_TRUE(prng.chance({5, 5}));
}

}  // namespace
}  // namespace reweave
