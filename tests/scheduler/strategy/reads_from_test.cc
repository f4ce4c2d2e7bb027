// Reads-from holds back what would break its constraints, where it can; it and site order do not
// care how many threads do the same.
#include "scheduler/strategy/reads_from.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/search/explore.h"
#include "scheduler/strategy/strategies.h"
#include "tests/scheduler/actors.h"

namespace reweave {
namespace {

using toys::Actors;
using Constraint = ReadsFrom::Constraint;

constexpr SiteId kNobody = ReadPairs::kInitial;
constexpr SiteId site(std::uint32_t number) { return SiteId{number}; }

/// Another strategy, asked for every answer: without its fast form.
class Asked final : public Strategy {
 public:
  explicit Asked(Strategy& other) : other_(other) {}
  void begin(Prng prng, std::uint64_t execution) override { other_.begin(prng, execution); }
  void attach(Execution& execution) override { other_.attach(execution); }
  std::uint32_t choose(const Question& question) override { return other_.choose(question); }
  bool wants_steps() const override { return other_.wants_steps(); }
  void pass(const Question& question) override { other_.pass(question); }
  bool end(const Execution& execution) override { return other_.end(execution); }

 private:
  Strategy& other_;
};

/// A lock of an engine's actors.
class Lock {
 public:
  explicit Lock(std::uint32_t object) : object_(object) {}
  void reset() { holder_ = 0, waiting_.clear(); }
  void take(Engine& on, std::uint32_t at) {
    on.point({at, Access::kAcquire, object_});
    while (holder_ != 0) {
      waiting_.push_back(on.current());
      on.block({at, Access::kAcquire, object_});
    }
    holder_ = on.current();
  }
  void give(Engine& on, std::uint32_t at) {
    on.point({at, Access::kRelease, object_});
    holder_ = 0;
    for (const Actor actor : std::exchange(waiting_, {})) on.make_ready(actor);
  }

 private:
  std::uint32_t object_;
  Actor holder_ = 0;
  std::vector<Actor> waiting_;
};

/// `writers` threads write x at site 1, then y at site 2; one reads x at site 3 and y at site 4.
class Pairs : public Actors {
 public:
  explicit Pairs(std::uint32_t writers) : Actors(bodies(writers)) {
    before = [this] { x_ = y_ = seen_x = seen_y = 0; };
    after = [this](Execution& execution) {
      if (seen_x == 1 && seen_y == 0)
        execution.report(toys::finding(FindingKind::kAssertion, 0, "assertion: order"), false);
    };
  }
  int seen_x = 0, seen_y = 0;

 private:
  std::vector<Body> bodies(std::uint32_t writers) {
    std::vector<Body> all(writers, [this](Engine& on) {
      on.point({1, Access::kWrite, 1});
      x_ = 1;
      on.point({2, Access::kWrite, 2});
      y_ = 1;
    });
    all.push_back([this](Engine& on) {
      on.point({3, Access::kRead, 1});
      seen_x = x_;
      on.point({4, Access::kRead, 2});
      seen_y = y_;
    });
    return all;
  }
  int x_ = 0, y_ = 0;
};

/// The same with a lock for each variable, which the writers take one after the other; the bug
/// needs that the reader comes to both before any of them has come to the second.
class TwoStages : public Actors {
 public:
  explicit TwoStages(std::uint32_t writers) : Actors(bodies(writers)) {
    before = [this] {
      x_ = y_ = seen_x = seen_y = 0;
      first_.reset(), second_.reset();
    };
    after = [this](Execution& execution) {
      if (seen_x == 1 && seen_y == 0)
        execution.report(toys::finding(FindingKind::kAssertion, 0, "assertion: stages"), false);
    };
  }
  int seen_x = 0, seen_y = 0;

 private:
  std::vector<Body> bodies(std::uint32_t writers) {
    std::vector<Body> all(writers, [this](Engine& on) {
      first_.take(on, 1);
      x_ = 1;
      first_.give(on, 2);
      second_.take(on, 3);
      y_ = 1;
      second_.give(on, 4);
    });
    all.push_back([this](Engine& on) {
      first_.take(on, 5);
      seen_x = x_;
      first_.give(on, 6);
      second_.take(on, 7);
      seen_y = y_;
      second_.give(on, 8);
    });
    return all;
  }
  int x_ = 0, y_ = 0;
  Lock first_{1}, second_{2};
};

/// Runs `subject` so often, following `constraints`; `seen` looks at it each time. What could be is
/// known from executions before, which follow none.
template <typename Kind, typename Seen>
void follow(Kind& subject, std::span<const Constraint> constraints, bool asked, const Seen& seen) {
  ReadsFrom strategy;
  Asked asks(strategy);
  Strategy& used = asked ? static_cast<Strategy&>(asks) : strategy;
  Execution execution;
  for (std::uint64_t i = 0; i < 300; ++i) {
    used.begin(Prng(5).split(i), i);
    strategy.follow(i < 20 ? std::span<const Constraint>() : constraints);
    execution.begin(used);
    subject.run(execution);
    EXPECT_EQ(subject.engine.fast(), !asked);
    EXPECT_EQ(subject.ended, Ended::kCompleted);
    (void)used.end(execution);
    if (i >= 20) seen(subject);
  }
}

TEST(ReadsFrom, KeepsItsConstraintsWhereItCan) {
  for (const bool asked : {false, true}) {
    for (const std::uint32_t writers : {1u, 5u}) {
      Pairs subject(writers);
      const auto sees = [&](std::vector<Constraint> constraints, int x, int y) {
        follow(subject, constraints, asked, [&](const Pairs& pairs) {
          EXPECT_TRUE(x < 0 || pairs.seen_x == x) << asked << writers;
          EXPECT_TRUE(y < 0 || pairs.seen_y == y) << asked << writers;
        });
      };
      sees({{site(3), site(1), true}}, 1, -1);
      sees({{site(3), kNobody, true}}, 0, -1);
      sees({{site(3), site(1), false}}, 0, -1);
      sees({{site(3), kNobody, false}}, 1, -1);
      sees({{site(3), site(1), true}, {site(4), kNobody, true}}, 1, 0);
      sees({{site(3), kNobody, false}, {site(4), site(2), false}}, 1, 0);
      sees({{site(3), kNobody, true}, {site(4), site(2), true}}, 0, 1);
    }
  }
}

TEST(ReadsFrom, HoldsAThreadBeforeTheLock) {
  TwoStages subject(6);
  const std::vector<Constraint> constraints = {{site(5), site(1), true}, {site(7), kNobody, true}};
  follow(subject, constraints, /*asked=*/false, [](const TwoStages& stages) {
    EXPECT_EQ(stages.seen_x, 1);
    EXPECT_EQ(stages.seen_y, 0);
  });
}

TEST(ReadsFrom, LeavesTheRestToChance) {
  Pairs subject(2);
  std::set<std::pair<int, int>> seen;
  follow(subject, {}, /*asked=*/false, [&](const Pairs& pairs) {
    seen.insert({pairs.seen_x, pairs.seen_y});
  });
  EXPECT_EQ(seen.size(), 4u);
}

TEST(ReadsFrom, BlocksNobodyForWhatCannotBe) {
  Pairs subject(3);
  // Its own first read would have to come after what comes after that; and contradictions.
  const std::vector<Constraint> constraints = {{site(3), site(4), true},
                                               {site(4), site(2), true},
                                               {site(4), site(2), false},
                                               {site(4), kNobody, false}};
  follow(subject, constraints, /*asked=*/false, [](const Pairs&) {});  // Each one ends.
}

TEST(ReadPairs, KnowsWhatWasSeenAndWhatCouldBe) {
  ReadPairs pairs;
  const auto step = [](std::uint32_t at, Access access) {
    return PendingStep{ObjectId{9}, access, site(at)};
  };
  const auto known = [&] {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> all;
    for (const ReadPairs::Pair& pair : pairs.pairs()) {
      all[{static_cast<std::uint32_t>(pair.read), static_cast<std::uint32_t>(pair.write)}] =
          pair.seen;
    }
    return all;
  };
  pairs.begin();
  pairs.take(ActorId{1}, step(1, Access::kWrite));
  EXPECT_TRUE(known().empty()) << "one alone";
  pairs.take(ActorId{2}, step(2, Access::kRead));
  using Known = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>;
  EXPECT_EQ(known(), (Known{{{2, 0}, 0}, {{2, 1}, 0}})) << "they met in this execution";
  pairs.begin();
  EXPECT_EQ(pairs.writer(step(2, Access::kRead)), kNobody);
  pairs.take(ActorId{2}, step(2, Access::kRead));
  pairs.take(ActorId{1}, step(1, Access::kWrite));
  EXPECT_EQ(pairs.writer(step(2, Access::kRead)), site(1));
  EXPECT_EQ(pairs.news(), 1u);
  EXPECT_EQ(known(), (Known{{{2, 0}, 1}, {{2, 1}, 0}}));
  const std::uint64_t before = pairs.signature();
  pairs.begin();
  pairs.take(ActorId{1}, step(1, Access::kWrite));
  pairs.take(ActorId{2}, step(2, Access::kRead));
  EXPECT_EQ(known(), (Known{{{2, 0}, 1}, {{2, 1}, 1}}));
  EXPECT_NE(pairs.signature(), before);
}

TEST(ReadPairs, ReadsALockFromWhereItWasTakenLast) {
  ReadPairs pairs;
  const auto step = [](std::uint32_t at, Access access) {
    return PendingStep{ObjectId{3}, access, site(at)};
  };
  pairs.begin();
  pairs.take(ActorId{1}, step(1, Access::kAcquire));
  pairs.take(ActorId{2}, step(3, Access::kAcquire));  // It has to wait.
  EXPECT_EQ(pairs.writer(step(3, Access::kAcquire)), site(1));
  pairs.take(ActorId{1}, step(2, Access::kRelease));
  EXPECT_EQ(pairs.writer(step(3, Access::kAcquire)), site(1)) << "giving it back belongs to it";
  pairs.take(ActorId{2}, step(3, Access::kAcquire));
  EXPECT_EQ(pairs.writer(step(1, Access::kAcquire)), site(3));
  pairs.take(ActorId{1}, step(4, Access::kRelease));  // A signal: somebody else gave.
  EXPECT_EQ(pairs.writer(step(1, Access::kAcquire)), site(4));
}

TEST(ReadPairs, ForgetsNothingButWhatThereIsNoRoomFor) {
  ReadPairs pairs;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    pairs.begin();
    const PendingStep read{ObjectId{i + 1}, Access::kRead, site(2 * i + 1)};
    const PendingStep write{ObjectId{i + 1}, Access::kWrite, site(2 * i + 2)};
    pairs.take(ActorId{1}, read);
    pairs.take(ActorId{2}, write);
    EXPECT_EQ(pairs.writer(read), write.site);
  }
  EXPECT_EQ(pairs.pairs().size(), ReadPairs::kPairsMax);
}

/// Mean executions up to the finding.
template <typename Kind>
double mean_of(const char* name, std::uint32_t threads, std::uint64_t executions_max = 2000) {
  constexpr std::uint64_t kSeeds = 60;
  std::uint64_t sum = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Kind subject(threads);
    const auto strategy = make_strategy(name).value();
    sum += explore(subject, *strategy, {.budget = {.executions = executions_max}, .seed = seed})
               .statistics.executions;
  }
  return static_cast<double>(sum) / kSeeds;
}

TEST(ReadsFrom, DoesNotCareHowManyThreadsDoTheSame) {
  EXPECT_LT(mean_of<Pairs>("reads-from", 2), 8);
  EXPECT_LT(mean_of<Pairs>("reads-from", 30), 8);
  EXPECT_LT(mean_of<TwoStages>("reads-from", 2), 12);
  EXPECT_LT(mean_of<TwoStages>("reads-from", 30), 12);
  EXPECT_LT(mean_of<Pairs>("site-order", 30), 12);
  EXPECT_LT(mean_of<Pairs>("mix", 30), 12);
  EXPECT_GT(mean_of<TwoStages>("pos", 30, 300), 30) << "the test would notice";
}

TEST(SiteOrder, DrawsEveryOrderOfPlacesAlike) {
  std::map<std::string, int> counts;
  constexpr int kRuns = 12'000;
  for (int i = 0; i < kRuns; ++i) {
    Prng prng(static_cast<std::uint64_t>(i));
    SitePriorities priorities;
    priorities.draw(prng);
    const auto of = [&](char place) {
      return priorities.of(
          {ObjectId{1}, Access::kWrite, site(static_cast<std::uint32_t>(place - '0'))});
    };
    std::string order = "123";
    std::sort(order.begin(), order.end(), [&](char a, char b) { return of(a) > of(b); });
    ++counts[order];
  }
  ASSERT_EQ(counts.size(), 6u);
  double chi_square = 0;
  for (const auto& [order, count] : counts) {
    const double difference = count - kRuns / 6.0;
    chi_square += difference * difference / (kRuns / 6.0);
  }
  EXPECT_LT(chi_square, 20.5) << "5 degrees of freedom, p = 0.001";
}

TEST(SiteOrder, LetsNobodyPassWhoIsAtAHigherPlace) {
  // Four threads come to place 1, then to place 2, for one object: where 1 is the higher one, all
  // of them are through it before anybody is at 2, unless they began one after the other.
  std::string order;
  const auto body = [&order](Engine& on) {
    on.point({1, Access::kWrite, 1});
    order += '1';
    on.point({2, Access::kWrite, 1});
    order += '2';
  };
  Actors subject({body, body, body, body});
  for (const bool asked : {false, true}) {
    SiteOrder strategy;
    Asked asks(strategy);
    Strategy& used = asked ? static_cast<Strategy&>(asks) : strategy;
    std::map<std::string, int> counts;
    Execution execution;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      order.clear();
      used.begin(Prng(1).split(i), i);
      execution.begin(used);
      subject.run(execution);
      EXPECT_EQ(subject.engine.fast(), !asked);
      ++counts[order];
    }
    // 1 first: half of all where first steps come first (3 of 4), and more where they need not.
    EXPECT_GT(counts["11112222"], 2000 * 3 / 8 - 100) << asked;
    EXPECT_GT(counts["12121212"], 2000 * 3 / 8 - 100) << asked;
  }
}

}  // namespace
}  // namespace reweave
