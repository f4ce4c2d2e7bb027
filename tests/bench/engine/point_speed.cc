// What a point of the engine costs: the racy counter (W1) and 4 x 100 yields (W5), as explore()
// runs them.
//
//   point_speed WORKLOAD EXECUTIONS
//
// WORKLOAD: racy, yields (both with every choice at random), racy-deviations, yields-deviations
// (ordinary but for three deviations). Prints points and time; the script point_instructions counts
// its instructions.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string_view>

#include "scheduler/engine/countdown_policy.h"
#include "scheduler/engine/engine.h"
#include "scheduler/machine/plain_stacks.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/random_walk.h"

namespace {

using reweave::Access;
using reweave::Engine;

/// Three questions, anywhere in an execution of a known length, get an answer that is not ordinary.
class ThreeDeviations final : public reweave::Strategy {
 public:
  explicit ThreeDeviations(std::uint32_t questions) : questions_(questions) {}
  void begin(reweave::Prng prng, std::uint64_t) override {
    for (std::uint32_t i = 0; i < 3; ++i) plan_.at[i] = prng.below(questions_);
    plan_.count = 3;
    std::sort(plan_.at.begin(), plan_.at.begin() + 3);
    seed_ = prng.next();
  }
  std::uint32_t choose(const reweave::Question&) override { return 0; }
  bool fast_form(reweave::FastForm& form) override {
    reweave::use_countdown(form, plan_, seed_);
    return true;
  }

 private:
  std::uint32_t questions_;
  reweave::Countdown plan_;
  std::uint64_t seed_ = 0;
};

class Load : public reweave::Subject {
 public:
  void run(reweave::Execution& execution) override {
    engine_.begin(execution, machine_);
    start(engine_);
    engine_.run();
    finish(execution);
  }
  std::string text() const override { return {}; }
  std::string site_name(reweave::SiteId) const override { return "site"; }
  std::optional<reweave::SiteId> find_site(std::string_view) const override { return std::nullopt; }
  std::string describe(const reweave::Event&) const override { return {}; }
  virtual std::uint32_t points() const = 0;  // Begin and end of an actor are one together.

 protected:
  virtual void start(Engine& engine) = 0;
  virtual void finish(reweave::Execution&) {}

 private:
  Engine engine_;
  reweave::PlainStacks machine_;
};

class RacyCounter final : public Load {
 public:
  std::uint32_t points() const override { return 6; }

 private:
  static void increment(void* argument) {
    auto& [engine, counter] = *static_cast<Shared*>(argument);
    engine->point({1, Access::kRead, 1});
    const int seen = counter;
    engine->point({2, Access::kWrite, 1});
    counter = seen + 1;
    engine->leave();
  }
  void start(Engine& engine) override {
    shared_ = {&engine, 0};
    engine.spawn(0, &increment, &shared_);
    engine.spawn(0, &increment, &shared_);
  }
  void finish(reweave::Execution&) override { lost_ += shared_.counter != 2 ? 1 : 0; }

  struct Shared {
    Engine* engine;
    volatile int counter;
  } shared_{};
  std::uint64_t lost_ = 0;
};

class Yields final : public Load {
 public:
  std::uint32_t points() const override { return 404; }

 private:
  static void yield(void* argument) {
    auto& engine = *static_cast<Engine*>(argument);
    for (int i = 0; i < 100; ++i) engine.point({1, Access::kNone, 7});
    engine.leave();
  }
  void start(Engine& engine) override {
    for (int i = 0; i < 4; ++i) engine.spawn(0, &yield, &engine);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: point_speed racy|yields|racy-deviations|yields-deviations EXECUTIONS\n",
               stderr);
    return 2;
  }
  const std::string_view name = argv[1];
  const std::uint64_t executions = std::strtoull(argv[2], nullptr, 10);
  std::unique_ptr<Load> load;
  if (name.substr(0, 4) == "racy") {
    load = std::make_unique<RacyCounter>();
  } else {
    load = std::make_unique<Yields>();
  }
  std::unique_ptr<reweave::Strategy> strategy = std::make_unique<reweave::RandomWalk>();
  if (name.find("deviations") != std::string_view::npos) {
    strategy = std::make_unique<ThreeDeviations>(load->points() - load->points() / 100);
  }
  const std::clock_t start = std::clock();
  const reweave::Exploration result =
      reweave::explore(*load, *strategy, {.budget = {.executions = executions}, .seed = 1});
  const auto ms = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::clock() - start) * 1000 / CLOCKS_PER_SEC);
  std::printf(
      "%s: %llu executions of %u points, %llu questions, %llu ms, %llu points/s\n", argv[1],
      static_cast<unsigned long long>(result.statistics.executions), load->points(),
      static_cast<unsigned long long>(result.statistics.questions),
      static_cast<unsigned long long>(ms),
      static_cast<unsigned long long>(result.statistics.executions * load->points() * 1000 / ms));
  return 0;
}
