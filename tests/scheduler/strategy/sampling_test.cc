// Whether the strategies of the engine draw what their definitions say, by chi-square over all
// interleavings of two threads with three parts each.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "scheduler/search/recording.h"
#include "scheduler/strategy/dense_replay.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/urw.h"
#include "tests/scheduler/actors.h"

namespace reweave {
namespace {

using toys::RacyCounter;

constexpr double kRuns = 60'000;
constexpr double kBound = 43.8;  // Chi-square with 19 degrees of freedom, p = 0.001.

using Distribution = std::map<std::string, double>;

Distribution sample(Strategy& strategy) {
  RacyCounter subject;
  Execution execution;
  Distribution counts;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(kRuns); ++i) {
    strategy.begin(Prng(11).split(i), i);
    execution.begin(strategy);
    subject.run(execution);
    (void)strategy.end(execution);
    counts[subject.trace] += 1;
  }
  return counts;
}

double chi_square(const Distribution& counts, const Distribution& probabilities) {
  double sum = 0;
  for (const auto& [trace, probability] : probabilities) {
    const auto seen = counts.find(trace);
    const double difference = (seen == counts.end() ? 0 : seen->second) - probability * kRuns;
    sum += difference * difference / (probability * kRuns);
  }
  return sum;
}

/// Every interleaving, each with the probability 1.
Distribution interleavings() {
  Distribution all;
  std::string trace = "111222";
  do {
    all[trace] = 1;
  } while (std::next_permutation(trace.begin(), trace.end()));
  return all;
}

/// POS by its definition: all orders of the priorities drawn are equally likely, so a new one goes
/// with the same probability before, between or behind those drawn so far.
class PosByOrders {
 public:
  Distribution probabilities() {
    draw(0, [&] { draw(1, [&] { step(); }); });
    return found_;
  }

 private:
  struct Actor {
    int draw = 0;  // Which of the draws is its priority.
    int part = 0;
    Pending pending() const {
      constexpr std::array<Access, 3> kAccess = {Access::kNone, Access::kRead, Access::kWrite};
      return {1, kAccess[static_cast<std::size_t>(part)], part == 0 ? 0u : 1u};
    }
  };

  template <typename Then>
  void draw(std::size_t actor, Then then) {
    const double before = probability_;
    const int old = actors_[actor].draw;
    const int fresh = static_cast<int>(order_.size());
    for (std::size_t at = 0; at <= order_.size(); ++at) {
      order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at), fresh);
      actors_[actor].draw = fresh;
      probability_ = before / static_cast<double>(order_.size());
      then();
      order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    actors_[actor].draw = old;
    probability_ = before;
  }

  std::ptrdiff_t rank(std::size_t actor) const {
    return std::find(order_.begin(), order_.end(), actors_[actor].draw) - order_.begin();
  }

  void step() {
    const std::size_t chosen = rank(0) > rank(1) ? 0 : 1;
    const std::size_t other = 1 - chosen;
    Actor& actor = actors_[chosen];
    const bool conflicts = conflict(actor.pending(), actors_[other].pending());
    trace_ += static_cast<char>('1' + chosen);
    if (++actor.part == 3) {
      found_[trace_ + std::string(static_cast<std::size_t>(3 - actors_[other].part),
                                  static_cast<char>('1' + other))] += probability_;
    } else if (conflicts) {
      draw(chosen, [&] { draw(other, [&] { step(); }); });
    } else {
      draw(chosen, [&] { step(); });
    }
    --actor.part;
    trace_.pop_back();
  }

  std::array<Actor, 2> actors_{};
  std::vector<int> order_;  // Draws, the lowest priority first.
  double probability_ = 1;
  std::string trace_;
  Distribution found_;
};

TEST(SamplingTest, UrwMakesEveryInterleavingEquallyLikely) {
  Urw strategy;
  Distribution uniform = interleavings();
  for (auto& [trace, probability] : uniform) probability /= 20;
  EXPECT_LT(chi_square(sample(strategy), uniform), kBound);
  RandomWalk walk;  // The test would notice.
  EXPECT_GT(chi_square(sample(walk), uniform), 1000);
}

TEST(SamplingTest, PosDrawsByItsDefinition) {
  const Distribution exact = PosByOrders().probabilities();
  ASSERT_EQ(exact.size(), 20u);
  double sum = 0;
  for (const auto& [trace, probability] : exact) sum += probability;
  EXPECT_NEAR(sum, 1, 1e-9);
  Pos strategy;
  EXPECT_LT(chi_square(sample(strategy), exact), kBound);
  RandomWalk walk;
  EXPECT_GT(chi_square(sample(walk), exact), 1000);
}

TEST(SamplingTest, ReplaysHaveTheSameHash) {
  Pos pos;
  Urw urw;
  for (Strategy* strategy : {static_cast<Strategy*>(&pos), static_cast<Strategy*>(&urw)}) {
    RacyCounter subject;
    for (std::uint64_t i = 0; i < 100; ++i) {
      Execution execution;
      strategy->begin(Prng(3).split(i), i);
      execution.begin(*strategy);
      subject.run(execution);
      (void)strategy->end(execution);
      EXPECT_TRUE(subject.engine.fast());
      const auto schedule = record(subject, execution.dense_answers());
      ASSERT_TRUE(schedule.has_value());
      Execution again;
      replay(subject, again, *schedule, ReplayMode::kStrict);
      EXPECT_EQ(again.trace_hash(), execution.trace_hash());
    }
  }
}

}  // namespace
}  // namespace reweave
