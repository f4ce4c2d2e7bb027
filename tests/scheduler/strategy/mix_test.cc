// The mix gives each member its turns, by the number of the execution, and lets all of them learn
// from the first one.
#include "scheduler/strategy/mix.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "scheduler/search/isolate.h"
#include "scheduler/strategy/strategies.h"
#include "tests/scheduler/actors.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

/// The trace hashes of `count` executions of three threads with five steps each, from `first` on,
/// every `stride`-th.
std::vector<std::uint64_t> traces(Strategy& strategy, std::uint64_t first, std::uint64_t stride,
                                  std::uint64_t count, std::uint64_t seed = 7) {
  toys::Interleavings subject(3, 5);
  Execution execution;
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t number = first + i * stride;
    strategy.begin(Prng(seed).split(number), number);
    execution.begin(strategy);
    subject.run(execution);
    EXPECT_TRUE(strategy.end(execution));
    all.push_back(execution.trace_hash());
  }
  return all;
}

TEST(Mix, GivesEachMemberItsTurns) {
  std::map<Mix::Member, int> fixed, young;
  for (std::uint64_t i = 1; i <= 20 * Mix::kPeriod; ++i) {
    const Mix::Turn turn = Mix::turn_of(i);
    ++young[turn.member];
    if (turn.is_fixed) ++fixed[turn.member];
  }
  using enum Mix::Member;
  const std::map<Mix::Member, int> expected = {{kReadsFrom, 40}, {kSurw, 20},         {kUrw, 20},
                                               {kPos, 20},       {kRandomWalk, 20},   {kPct2, 10},
                                               {kPct3, 10},      {kFewDeviations, 20}};
  EXPECT_EQ(fixed, expected);
  EXPECT_EQ(young[kReadsFrom], 180);
  EXPECT_EQ(young[kSurw], 40);
}

TEST(LearntShares, FollowWhatIsNewForEachExecution) {
  LearntShares shares;
  EXPECT_FALSE(shares.next()) << "nobody has shown anything";
  for (int i = 0; i < 10; ++i) {
    shares.add(0, 6);
    shares.add(3, 2);
    shares.add(5, 0);
  }
  std::map<std::uint32_t, int> turns;
  for (int i = 0; i < 400; ++i) ++turns[shares.next().value()];
  EXPECT_EQ(turns, (std::map<std::uint32_t, int>{{0, 300}, {3, 100}}));
  // Later it is the other way round, and what was is forgotten by and by.
  for (std::uint32_t i = 0; i < 8 * LearntShares::kHalfLife; ++i) shares.add(i % 2 * 3, i % 2 * 4);
  turns.clear();
  for (int i = 0; i < 400; ++i) ++turns[shares.next().value()];
  EXPECT_GT(turns[3], 395);
}

/// Whose the learnt turns behind execution `from` are, of `executions`; the fixed ones are as said.
std::map<Mix::Member, int> learnt_turns(const std::vector<toys::Actors::Body>& bodies,
                                        std::uint64_t from, std::uint64_t executions) {
  toys::Actors subject(bodies);
  std::map<Mix::Member, int> turns;
  Mix mix;
  Execution execution;
  for (std::uint64_t i = 0; i < executions; ++i) {
    mix.begin(Prng(3).split(i), i);
    execution.begin(mix);
    subject.run(execution);
    EXPECT_TRUE(mix.end(execution));
    if (Mix::turn_of(i).is_fixed) {
      EXPECT_EQ(mix.member(), Mix::turn_of(i).member);
    } else if (i > from) {
      ++turns[mix.member()];
    }
  }
  return turns;
}

TEST(Mix, GivesLearntTurnsToWhoShowsWhatIsNew) {
  // Two threads whose 40 steps conflict never and are at different places: what is new are the
  // places where one interrupts the other, and those who interrupt often show more of them.
  std::vector<toys::Actors::Body> bodies;
  for (std::uint32_t thread = 0; thread < 2; ++thread) {
    bodies.push_back([thread](Engine& on) {
      for (std::uint32_t i = 0; i < 40; ++i)
        on.point({1 + thread * 40 + i, Access::kWrite, 1 + thread});
    });
  }
  std::map<Mix::Member, int> turns = learnt_turns(bodies, Mix::kYoung, 1600);
  EXPECT_GT(turns[Mix::Member::kRandomWalk] + turns[Mix::Member::kUrw],
            2 * turns[Mix::Member::kFewDeviations]);
}

TEST(Mix, GivesFewLearntTurnsToWhoRepeatsItself) {
  // Two threads whose ten steps are all at one place: after a few executions no place is new, but
  // there are 184,756 interleavings, of which few deviations shows few.
  std::vector<toys::Actors::Body> bodies;
  for (std::uint32_t thread = 0; thread < 2; ++thread) {
    bodies.push_back([](Engine& on) {
      for (int i = 0; i < 10; ++i) on.point({1, Access::kWrite, 1});
    });
  }
  std::map<Mix::Member, int> turns = learnt_turns(bodies, 2000, 4000);
  EXPECT_GT(turns[Mix::Member::kUrw], 2 * turns[Mix::Member::kFewDeviations]);
  EXPECT_GT(turns[Mix::Member::kRandomWalk], 2 * turns[Mix::Member::kFewDeviations]);
}

TEST(Mix, ShowsInEachTurnWhatItsMemberShows) {
  Mix mix;
  const std::vector<std::uint64_t> all = traces(mix, 0, 1, 100);
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    const Mix::Member member = Mix::turn_of(i).member;
    // Those that remember nothing give what they give alone.
    if (member != Mix::Member::kPos && member != Mix::Member::kRandomWalk) continue;
    const auto alone = make_strategy(member == Mix::Member::kPos ? "pos" : "random-walk").value();
    EXPECT_EQ(traces(*alone, i, 1, 1)[0], all[i]) << i;
  }
}

TEST(Mix, LetsItsMembersLearnFromTheFirstExecution) {
  // They do not act as those that have seen nothing yet.
  const struct {
    Mix::Member member;
    const char* name;
  } learners[] = {
      {Mix::Member::kPct2, "pct:2"}, {Mix::Member::kPct3, "pct:3"}, {Mix::Member::kUrw, "urw"}};
  for (const auto& learner : learners) {
    std::uint64_t turn = 1;
    while (Mix::turn_of(turn).member != learner.member) ++turn;
    int differs = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      Mix mix;
      const std::uint64_t of_mix = traces(mix, 0, turn, 2, seed)[1];
      const auto knows_nothing = make_strategy(learner.name).value();
      differs += traces(*knows_nothing, turn, 1, 1, seed)[0] != of_mix ? 1 : 0;
    }
    EXPECT_GT(differs, 5) << learner.name;
  }
}

TEST(Mix, IsTheSameInEveryShardForThoseThatRememberNothing) {
  Mix whole;
  const std::vector<std::uint64_t> all = traces(whole, 0, 1, 200);
  for (const std::uint64_t stride : {1u, 2u, 3u, 16u}) {
    for (std::uint64_t first = 0; first < stride + 2; ++first) {
      Mix mix;
      const std::uint64_t count = (all.size() - first) / stride;
      const std::vector<std::uint64_t> share = traces(mix, first, stride, count);
      Mix again;
      EXPECT_EQ(traces(again, first, stride, count), share);
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t number = first + i * stride;
        const Mix::Member member = Mix::turn_of(number).member;
        if (member != Mix::Member::kPos && member != Mix::Member::kRandomWalk) continue;
        EXPECT_EQ(share[i], all[number]) << number << " of every " << stride;
      }
    }
  }
}

TEST(Mix, FindsTheSameInSeveralProcessesEachTime) {
  const auto found = [](std::uint64_t seed) {
    toys::LostUpdate subject(12);
    Mix mix;
    Strategy* const strategies[] = {&mix, &mix, &mix};
    const Exploration result =
        explore_in_children(subject, strategies, {.budget = {.executions = 3000}, .seed = seed});
    EXPECT_TRUE(result.found);
    return result.found ? result.found->execution : 0;
  };
  for (std::uint64_t seed = 0; seed < 3; ++seed) EXPECT_EQ(found(seed), found(seed)) << seed;
}

}  // namespace
}  // namespace reweave
