#include "repro/run/generated.h"

#include "runtime/language/generator.h"

namespace reweave::repro {
namespace {

constexpr std::uint64_t kExecutionsEach = 8;
constexpr std::uint64_t kSystematicEvery = 16;

std::uint64_t scenario_number(std::uint64_t execution, GeneratedAnswers answers) {
  return execution / executions_each(answers);
}

// Everything is drawn, also what is not used: what is given changes nothing else.
void generate(std::uint64_t seed, std::uint64_t number, const GeneratedOptions& options,
              runtime::Scenario& scenario, runtime::Settings& settings) {
  const Prng family = Prng(seed).split("generated").split(number);
  Prng of_settings = family.split("settings");
  const bool soft = of_settings.chance({1, 2});
  const auto spill_levels =
      static_cast<std::uint32_t>(of_settings.chance({3, 4}) ? 25 : 1 + of_settings.below(6));
  const bool fail_allocations = of_settings.chance({1, 16});
  const bool collect = of_settings.chance({1, 8});
  if (options.draws_switching)
    settings.switching = soft ? runtime::Switching::kSoft : runtime::Switching::kHard;
  if (options.draws_spill_levels) settings.spill_levels = spill_levels;
  if (options.draws_fail_allocations && fail_allocations) settings.fail_allocations = true;
  if (options.draws_collect && collect) settings.collect = true;
  settings.limits = options.limits;
  Prng of_scenario = family.split("scenario");
  runtime::generate_scenario(of_scenario, options.generator, scenario);
}

runtime::Scenario first_scenario(std::uint64_t seed, const GeneratedOptions& options) {
  runtime::Scenario scenario;
  runtime::Settings settings;
  generate(seed, 0, options, scenario, settings);
  return scenario;
}

}  // namespace

std::uint64_t executions_each(GeneratedAnswers answers) {
  return answers == GeneratedAnswers::kOrdinary ? 1 : kExecutionsEach;
}

Limits generated_limits() noexcept {
  return {.steps_max = 1'000, .questions_max = 10'000, .actors_max = 300};
}

WeaveFile generated_file(std::uint64_t seed, std::uint64_t execution, GeneratedAnswers answers,
                         const runtime::Settings& base, const GeneratedOptions& options) {
  runtime::Settings settings = base;
  runtime::Scenario scenario;
  generate(seed, scenario_number(execution, answers), options, scenario, settings);
  return tasklet_file(std::move(scenario), settings);
}

GeneratedSubject::GeneratedSubject(std::uint64_t seed, GeneratedAnswers answers,
                                   const runtime::Settings& base, const GeneratedOptions& options)
    : seed_(seed),
      answers_(answers),
      base_(base),
      options_(options),
      subject_(first_scenario(seed, options), {}) {}

bool GeneratedSubject::select(std::uint64_t execution) {
  const std::uint64_t number = scenario_number(execution, answers_);
  if (number_ == number) return false;
  number_ = number;
  runtime::Settings settings = base_;
  subject_.edit_scenario(
      [&](runtime::Scenario& scenario) { generate(seed_, number, options_, scenario, settings); });
  subject_.set_settings(settings);
  return true;
}

void GeneratedStrategy::begin(Prng prng, std::uint64_t execution) {
  const bool fresh = subject_.select(execution);
  if (subject_.answers() == GeneratedAnswers::kAll) {
    if (fresh || !strategies_) {
      strategies_.emplace();
      systematic_done_ = false;
      repeats_ = 0;
    }
    current_ = &turn(execution);
  }
  current_->begin(prng, execution);
}

Strategy& GeneratedStrategy::turn(std::uint64_t execution) {
  const std::uint64_t turn = execution % kExecutionsEach;
  if (execution / kExecutionsEach % kSystematicEvery == kSystematicEvery - 1) {
    if (systematic_done_) return random_walk_;
    return strategies_->depth_first;
  }
  if (turn % 2 == 1) return random_walk_;
  if (turn == 6) return strategies_->pct;
  return strategies_->few_deviations;
}

std::uint64_t GeneratedStrategy::next(std::uint64_t execution) const {
  if (repeats_ < kRepeatsMax) return execution + 1;
  const std::uint64_t each = executions_each(subject_.answers());
  return (execution / each + 1) * each;
}

bool GeneratedStrategy::end(const Execution& execution) {
  repeats_ = subject_.repeated() ? repeats_ + 1 : 0;
  const bool goes_on = current_->end(execution);
  if (!strategies_) return true;
  if (current_ == &strategies_->depth_first && !goes_on) systematic_done_ = true;
  // PCT needs the length of an execution, and has only this one turn.
  if (current_ == &strategies_->few_deviations) (void)strategies_->pct.end(execution);
  return true;
}

}  // namespace reweave::repro
