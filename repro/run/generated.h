// Generated scenarios as one subject: a hunt that is given no program makes its own.
//
// Execution i runs scenario i / kExecutionsEach of the seed, with settings that are drawn with it
// unless they are given (switching soft or hard; the depth at which the stack spills; in one of
// sixteen, allocations may fail; in one of eight, the cycle collector may run anywhere). So an
// execution is a function of (seed, i) and of what is given, and shards share a hunt by ranges of
// i. Few executions of each: a fresh scenario finds more than another schedule of an old one.
//
// The strategy that goes with it starts afresh with each scenario, for what strategies remember is
// of one subject: the first execution is ordinary and measures, the others are few deviations,
// random walks and PCT; every sixteenth scenario gets depth first instead.
//
// A scenario whose executions repeat themselves is left early: the rest of its numbers is not run.
//
// Cost: a scenario takes about as long as an execution of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "repro/file/tasklet_file.h"
#include "runtime/language/generator.h"
#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/strategy.h"

namespace reweave::repro {

/// How the executions of a scenario are answered.
enum class GeneratedAnswers : std::uint8_t {
  kAll,       // By all strategies in turn.
  kOrdinary,  // Ordinarily: one execution of each scenario.
};

/// So many executions, from a multiple of it on, belong to one scenario: shards share a hunt by
/// such blocks.
std::uint64_t executions_each(GeneratedAnswers answers);

/// The limits of each of its executions unless others are given: generated programs are short, and
/// one that runs for longer never ends.
Limits generated_limits() noexcept;

/// What is generated.
struct GeneratedOptions {
  runtime::GeneratorOptions generator;
  Limits limits = generated_limits();
  /// Settings that are drawn with each scenario; false: that of the base settings, everywhere.
  bool draws_switching = true;
  bool draws_spill_levels = true;
  bool draws_fail_allocations = true;
  bool draws_collect = true;
};

/// The scenario that execution `execution` of `seed` runs, with its settings: those of `base`, but
/// for the limits and what is drawn.
WeaveFile generated_file(std::uint64_t seed, std::uint64_t execution, GeneratedAnswers answers,
                         const runtime::Settings& base, const GeneratedOptions& options = {});

class GeneratedSubject final : public Subject {
 public:
  GeneratedSubject(std::uint64_t seed, GeneratedAnswers answers, const runtime::Settings& base,
                   const GeneratedOptions& options = {});

  /// To be called before run(): the number of the execution. True: it has another scenario than the
  /// one before.
  bool select(std::uint64_t execution);

  GeneratedAnswers answers() const { return answers_; }
  void run(Execution& execution) override { subject_.run(execution); }
  std::string text() const override { return subject_.text(); }
  std::string site_name(SiteId site) const override { return subject_.site_name(site); }
  std::optional<SiteId> find_site(std::string_view name) const override {
    return subject_.find_site(name);
  }
  std::string describe(const Event& event) const override { return subject_.describe(event); }
  /// Of the scenario selected last.
  runtime::ScenarioSubject& of_scenario() { return subject_; }
  /// The last execution was one that its scenario has shown before.
  bool repeated() const { return subject_.repeated(); }

 private:
  std::uint64_t seed_;
  GeneratedAnswers answers_;
  runtime::Settings base_;
  GeneratedOptions options_;
  std::optional<std::uint64_t> number_;  // Of the scenario.
  runtime::ScenarioSubject subject_;
};

/// Those that remember what they saw of a scenario.
struct GeneratedStrategies {
  FewDeviations few_deviations;
  Pct pct{3};
  DepthFirst depth_first{2};
};

class GeneratedStrategy final : public Strategy {
 public:
  /// `subject` must live as long; it is told the number of each execution.
  explicit GeneratedStrategy(GeneratedSubject& subject) : subject_(subject) {}

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override { current_->attach(execution); }
  std::uint32_t choose(const Question& question) override { return current_->choose(question); }
  bool end(const Execution& execution) override;
  /// Leaves a scenario whose last kRepeatsMax executions were all repetitions.
  std::uint64_t next(std::uint64_t execution) const override;

 private:
  static constexpr std::uint32_t kRepeatsMax = 3;

  Strategy& turn(std::uint64_t execution);

  GeneratedSubject& subject_;
  Ordinary ordinary_;
  RandomWalk random_walk_;
  std::optional<GeneratedStrategies> strategies_;  // Of this scenario.
  bool systematic_done_ = false;
  std::uint32_t repeats_ = 0;  // So many executions, the last ones, have repeated others.
  Strategy* current_ = &ordinary_;
};

}  // namespace reweave::repro
