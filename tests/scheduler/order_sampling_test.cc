// POS, URW and SURW against their definitions: how often each interleaving of a small program comes
// up, beside what it must be. The seeds are fixed, so that a test passes always or never; each has
// a sampler beside it that must fail the same measure.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/surw.h"
#include "scheduler/strategy/urw.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

struct Step {
  std::uint32_t object = 0;
  Access access = Access::kNone;
  std::size_t creates = 0;    // The list that is there from now on; 0: none.
  std::size_t waits_for = 0;  // Possible once this list has ended; 0: always.
};
using List = std::vector<Step>;

Step read(std::uint32_t object) { return {object, Access::kRead}; }
Step write(std::uint32_t object) { return {object, Access::kWrite}; }

/// Actors that each take the steps of a list. The first `there` lists are there from the start, as
/// children of the root. `trace` is the order of the steps, as letters of the lists: "ABA".
class Lists : public toys::Toy {
 public:
  explicit Lists(std::vector<List> lists) : Lists(std::move(lists), SIZE_MAX) {}
  Lists(std::vector<List> lists, std::size_t there)
      : lists_(std::move(lists)), there_(std::min(there, lists_.size())) {}

  std::string trace;
  std::string projected;  // The same of the accesses to object 1 alone.

  void run(Execution& execution) override {
    trace.clear();
    projected.clear();
    done_.assign(lists_.size(), 0);
    actors_.assign(lists_.size(), ActorId{});
    for (std::size_t i = 0; i < there_; ++i) actors_[i] = execution.spawn(ActorId{0});
    std::size_t current = 0;
    while (true) {
      std::vector<Option> options, blocked;
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < lists_.size(); ++i) {
        const std::size_t list = (current + i) % lists_.size();
        if (actors_[list] == ActorId{} || done_[list] == lists_[list].size()) continue;
        const Step& step = lists_[list][done_[list]];
        const bool waits =
            step.waits_for != 0 && done_[step.waits_for] < lists_[step.waits_for].size();
        const Option option{actors_[list], {ObjectId{step.object}, step.access, SiteId{0}}};
        (waits ? blocked : options).push_back(option);
        if (!waits) ready.push_back(list);
      }
      if (ready.empty()) return;
      execution.show_blocked(blocked);
      current = ready[execution.ask(QuestionKind::kRun, actors_[current], SiteId{0},
                                    static_cast<std::uint32_t>(ready.size()), options)];
      if (!execution.step(actors_[current], SiteId{0})) return;
      take(execution, current);
    }
  }

 private:
  void take(Execution& execution, std::size_t list) {
    const Step& step = lists_[list][done_[list]++];
    const char letter = static_cast<char>('A' + list);
    trace += letter;
    if (step.object == 1) projected += letter;
    if (step.creates != 0) actors_[step.creates] = execution.spawn(actors_[list]);
  }

  std::vector<List> lists_;
  std::size_t there_;
  std::vector<std::size_t> done_;
  std::vector<ActorId> actors_;
};

/// How often each trace came up; the first execution measures and does not count.
std::map<std::string, std::uint64_t> sample(Lists& subject, Strategy& strategy,
                                            std::uint64_t executions,
                                            std::string Lists::*what = &Lists::trace) {
  std::map<std::string, std::uint64_t> counts;
  const Prng root(20'180'718);
  Execution execution;
  for (std::uint64_t i = 0; i <= executions; ++i) {
    strategy.begin(root.split(i), i);
    execution.begin(strategy);
    subject.run(execution);
    EXPECT_TRUE(strategy.end(execution));
    if (i > 0) ++counts[subject.*what];
  }
  return counts;
}

/// Pearson's measure of how far counts are from probabilities, in units of what one in a thousand
/// honest samples exceeds (the chi-square quantile after Wilson and Hilferty, 1931): at most 1 is
/// good. A trace that has no probability makes it infinite.
double misfit(const std::map<std::string, std::uint64_t>& counts,
              const std::map<std::string, double>& probabilities) {
  double total = 0;
  for (const auto& [trace, count] : counts) {
    if (!probabilities.contains(trace)) return INFINITY;
    total += static_cast<double>(count);
  }
  double sum = 0;
  for (const auto& [trace, probability] : probabilities) {
    const auto found = counts.find(trace);
    const double expected = probability * total;
    EXPECT_GT(expected, 20) << "too few executions for " << trace;
    const double off = (found == counts.end() ? 0 : static_cast<double>(found->second)) - expected;
    sum += off * off / expected;
  }
  const double degrees = static_cast<double>(probabilities.size()) - 1;
  const double spread = 2 / (9 * degrees);
  return sum / (degrees * std::pow(1 - spread + 3.0902 * std::sqrt(spread), 3));
}

std::map<std::string, double> uniform(const std::map<std::string, std::uint64_t>& counts,
                                      std::size_t expected) {
  EXPECT_EQ(counts.size(), expected);
  std::map<std::string, double> probabilities;
  for (const auto& [trace, count] : counts)
    probabilities[trace] = 1.0 / static_cast<double>(expected);
  return probabilities;
}

// ---- URW ----

TEST(Urw, MakesEachInterleavingOfIndependentListsAlike) {
  Lists subject({List(3), List(1), List(4)});
  Urw urw;
  const auto counts = sample(subject, urw, 100'000);
  const auto alike = uniform(counts, 280);  // 8! / (3! 1! 4!)
  EXPECT_LT(misfit(counts, alike), 1);
  RandomWalk walk;
  EXPECT_GT(misfit(sample(subject, walk, 100'000), alike), 10) << "the measure sees nothing";
}

TEST(Urw, CountsWhatIsCreatedLaterForItsCreator) {
  // B's second step creates C, whose first one creates D: with A, 6 + 2 steps, of which C has 2 +
  // 1.
  List creator(3), created(2);
  creator[1].creates = 2;
  created[0].creates = 3;
  Lists subject({List(2), creator, created, List(1)}, 2);
  Urw urw;
  const auto counts = sample(subject, urw, 200'000);
  // Of 8! orders those in which each step comes before all that it leads to: 8! / product of how
  // many each step leads to, itself included (Knuth): A 2 1, B 6 5 1, C 3 1, D 1.
  EXPECT_LT(misfit(counts, uniform(counts, 40'320 / (2 * 6 * 5 * 3))), 1);
}

TEST(Urw, IsAUniformWalkWhileItKnowsNothing) {
  Lists subject({List(1), List(1), List(1)});
  std::map<std::string, std::uint64_t> counts;
  Execution execution;
  for (std::uint64_t i = 0; i < 6'000; ++i) {
    Urw urw;
    urw.begin(Prng(i).split(i), 0);
    execution.begin(urw);
    subject.run(execution);
    ++counts[subject.trace];
  }
  EXPECT_LT(misfit(counts, uniform(counts, 6)), 1);
}

// ---- POS ----

/// POS by its definition, with `draws[k]` as the k-th priority drawn. `again`: what conflicts draws
/// again. The trace; nothing if there are not enough draws.
std::string pos_by_definition(const std::vector<List>& lists, const std::vector<int>& draws,
                              bool again) {
  std::vector<std::size_t> done(lists.size(), 0);
  std::vector<int> priority(lists.size(), -1);
  std::size_t drawn = 0;
  std::string trace;
  const auto pending = [&](std::size_t list) {
    const Step& step = lists[list][done[list]];
    return PendingStep{ObjectId{step.object}, step.access, SiteId{0}};
  };
  while (true) {
    std::size_t best = lists.size();
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (done[i] == lists[i].size()) continue;
      if (priority[i] < 0) {
        if (drawn == draws.size()) return "";
        priority[i] = draws[drawn++];
      }
      if (best == lists.size() || priority[i] > priority[best]) best = i;
    }
    if (best == lists.size()) return trace;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (i == best || done[i] == lists[i].size()) continue;
      if (again && conflicts(pending(best), pending(i))) priority[i] = -1;
    }
    priority[best] = -1;
    trace += static_cast<char>('A' + best);
    ++done[best];
  }
}

/// The exact probability of each trace: priorities are equally likely in each order.
std::map<std::string, double> pos_probabilities(const std::vector<List>& lists, std::size_t draws,
                                                bool again) {
  std::vector<int> order(draws);
  std::iota(order.begin(), order.end(), 0);
  std::map<std::string, double> probabilities;
  double total = 0;
  do {
    const std::string trace = pos_by_definition(lists, order, again);
    EXPECT_NE(trace, "") << draws << " draws are not enough";
    if (trace.empty()) return {};
    ++probabilities[trace];
    ++total;
  } while (std::next_permutation(order.begin(), order.end()));
  for (auto& [trace, probability] : probabilities) probability /= total;
  return probabilities;
}

TEST(Pos, GivesEachInterleavingTheProbabilityOfItsDefinition) {
  const std::vector<List> lists = {{write(1), write(2)}, {read(1), read(3)}, {read(2), write(3)}};
  const auto exact = pos_probabilities(lists, 9, /*again=*/true);
  EXPECT_EQ(exact.size(), 90u);  // 6! / (2! 2! 2!)
  Lists subject(lists);
  Pos pos;
  const auto counts = sample(subject, pos, 200'000);
  EXPECT_LT(misfit(counts, exact), 1);
  EXPECT_GT(misfit(counts, pos_probabilities(lists, 9, /*again=*/false)), 10)
      << "the measure does not see whether what conflicts draws again";
  RandomWalk walk;
  EXPECT_GT(misfit(sample(subject, walk, 200'000), exact), 10);
}

TEST(Pos, IsAsTheExampleInItsHeader) {
  const auto after_losing = [](std::uint32_t object) {
    Lists subject({{write(1), write(2)}, {write(object)}});
    Pos pos;
    const auto counts = sample(subject, pos, 100'000);
    return static_cast<double>(counts.at("AAB")) /
           static_cast<double>(counts.at("AAB") + counts.at("ABA"));
  };
  EXPECT_NEAR(after_losing(1), 1.0 / 2, 0.01) << "B conflicts with A's first step";
  EXPECT_NEAR(after_losing(3), 2.0 / 3, 0.01) << "B conflicts with nothing";
}

TEST(Pos, DrawsAgainForThoseThatWait) {
  const auto option = [](std::uint32_t actor, std::uint32_t object) {
    return Option{ActorId{actor}, {ObjectId{object}, Access::kWrite, SiteId{0}}};
  };
  const auto question = [](std::span<const Option> options, std::span<const Option> blocked) {
    Question asked;
    asked.answers = static_cast<std::uint32_t>(options.size());
    asked.options = options;
    asked.blocked = blocked;
    return asked;
  };
  const Option waiter = option(2, 1);
  int lost = 0, won_afterwards = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Pos pos;
    pos.begin(Prng(7).split(i), i);
    const Option both[] = {option(1, 9), waiter};
    if (pos.choose(question(both, {})) == 1) continue;
    ++lost;
    // It waits while the other one, alone, touches its object.
    const Option taken[] = {option(1, 1)}, blocked[] = {waiter};
    pos.pass(question(taken, blocked));
    const Option again[] = {option(1, 8), waiter};
    won_afterwards += pos.choose(question(again, {})) == 1 ? 1 : 0;
  }
  EXPECT_NEAR(won_afterwards, lost / 2, 200) << "a third, if it kept what it lost with";
}

// ---- SURW ----

TEST(Surw, MakesEachOrderOfTheAccessesToOneObjectAlike) {
  // Object 1 is the only one that two actors touch and one changes; the rest is of different
  // length.
  const List a = {read(1), read(2), read(2), read(2), write(1), read(1)};
  const List b = {write(3), write(3), write(3), write(3), read(1)};
  const List c = {write(1), read(2), write(1)};
  Lists subject({a, b, c});
  Surw surw;
  const auto counts = sample(subject, surw, 60'000, &Lists::projected);
  EXPECT_EQ(surw.object(), ObjectId{1});
  const auto alike = uniform(counts, 60);  // 6! / (3! 1! 2!)
  EXPECT_LT(misfit(counts, alike), 1);
  Urw urw;
  EXPECT_GT(misfit(sample(subject, urw, 60'000, &Lists::projected), alike), 10);
}

TEST(Surw, LeavesEachInterleavingSomeChance) {
  Lists subject({{write(1), write(2)}, {write(3), write(1)}, {write(4)}});
  Surw surw;
  EXPECT_EQ(sample(subject, surw, 30'000).size(), 30u);  // 5! / (2! 2! 1!)
}

TEST(Surw, GoesOnWhereWhoeverWasSelectedWaits) {
  const List waiting = {{1, Access::kAcquire, 0, /*waits_for=*/1}, write(1)};
  Lists subject({waiting, {write(1), write(1), write(2)}, {write(1)}});
  Surw surw;
  for (const auto& [trace, count] : sample(subject, surw, 3'000)) EXPECT_EQ(trace.size(), 6u);
}

TEST(Surw, TakesTheObjectsInProportionToTheirAccesses) {
  Lists subject({{write(1), write(1), write(2)}, {write(1), write(2)}, {read(3)}, {read(3)}});
  Surw surw;
  std::map<ObjectId, int> taken;
  Execution execution;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    surw.begin(Prng(1).split(i), i);
    if (surw.object()) ++taken[*surw.object()];
    execution.begin(surw);
    subject.run(execution);
    (void)surw.end(execution);
  }
  EXPECT_NEAR(taken[ObjectId{1}], 3'000, 150);
  EXPECT_NEAR(taken[ObjectId{2}], 2'000, 150);
  EXPECT_EQ(taken[ObjectId{3}], 0) << "nobody changes it";
}

// ---- What pending steps are ----

TEST(Dependence, IsTheSameObjectAndAChange) {
  const auto step = [](std::uint32_t object, Access access) {
    return PendingStep{ObjectId{object}, access, SiteId{0}};
  };
  EXPECT_FALSE(conflicts(step(1, Access::kRead), step(1, Access::kRead)));
  EXPECT_TRUE(conflicts(step(1, Access::kRead), step(1, Access::kWrite)));
  EXPECT_FALSE(conflicts(step(1, Access::kWrite), step(2, Access::kWrite)));
  EXPECT_TRUE(conflicts(step(1, Access::kAcquire), step(1, Access::kRelease)));
  EXPECT_FALSE(conflicts(step(1, Access::kNone), step(1, Access::kWrite)));
  EXPECT_TRUE(conflicts(PendingStep{}, step(2, Access::kRead))) << "nobody has said";
  EXPECT_FALSE(conflicts(PendingStep{}, step(2, Access::kNone)));
  EXPECT_STREQ(access_name(Access::kReadModifyWrite), "modify");
}

/// POS answers, and another one learns from it.
template <typename Learner>
class Watched final : public Strategy {
 public:
  explicit Watched(Learner& learner) : learner_(learner) {}
  void begin(Prng prng, std::uint64_t execution) override {
    pos_.begin(prng, execution);
    learner_.begin(prng, execution);
  }
  void attach(Execution& execution) override { learner_.attach(execution); }
  bool wants_steps() const override { return true; }
  std::uint32_t choose(const Question& question) override {
    const std::uint32_t answer = pos_.choose(question);
    learner_.watch(question, answer);
    return answer;
  }
  void pass(const Question& question) override {
    pos_.pass(question);
    learner_.watch(question, 0);
  }
  bool end(const Execution& execution) override { return learner_.end(execution); }

 private:
  Pos pos_;
  Learner& learner_;
};

TEST(Urw, LearnsFromAnExecutionThatAnotherOneAnswers) {
  // A has 7 steps and B one: each of 8 interleavings in the first execution that URW answers.
  std::map<std::string, std::uint64_t> counts;
  for (std::uint64_t seed = 0; seed < 8000; ++seed) {
    Lists subject({List(7, read(2)), {read(3)}});
    Urw urw;
    Watched<Urw> watched(urw);
    Execution execution;
    for (Strategy* const strategy :
         {static_cast<Strategy*>(&watched), static_cast<Strategy*>(&urw)}) {
      strategy->begin(Prng(seed).split(strategy == &urw ? 1 : 0), 0);
      execution.begin(*strategy);
      subject.run(execution);
      EXPECT_TRUE(strategy->end(execution));
    }
    ++counts[subject.trace];
  }
  ASSERT_EQ(counts.size(), 8u);
  for (const auto& [trace, count] : counts)
    EXPECT_NEAR(static_cast<double>(count), 1000, 150) << trace;
}

TEST(Surw, LearnsFromAnExecutionThatAnotherOneAnswers) {
  Lists subject({{write(1), read(2)}, {write(1), read(3)}});
  Surw surw;
  Watched<Surw> watched(surw);
  Execution execution;
  watched.begin(Prng(1), 0);
  execution.begin(watched);
  subject.run(execution);
  EXPECT_TRUE(watched.end(execution));
  surw.begin(Prng(2), 1);
  EXPECT_EQ(surw.object(), ObjectId{1});
}

}  // namespace
}  // namespace reweave
