#include "tests/bench/execution_load.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "repro/file/raw_input.h"
#include "repro/file/tasklet_file.h"
#include "repro/run/generated.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/strategy/strategies.h"
#include "tests/bench/allocation_count.h"

namespace reweave::bench {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  std::fprintf(stderr, "reweave_bench: %s\n", message.c_str());
  std::exit(2);
}

repro::WeaveFile load(std::string_view name) {
  const std::string path = std::string(REWEAVE_SCENARIOS "/") + std::string(name) + ".weave";
  std::ifstream file(path);
  if (!file) refuse(path + ": cannot be read");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Expected<repro::WeaveFile> weave = repro::read_weave(text, path);
  if (!weave) refuse(weave.error().message);
  return std::move(weave).value();
}

/// Ordinary, but never exhausted.
class OrdinaryAgain final : public Strategy {
 public:
  void begin(Prng, std::uint64_t) override {}
  std::uint32_t choose(const Question&) override { return 0; }
};

std::unique_ptr<Strategy> strategy_named(std::string_view name) {
  if (name == "ordinary") return std::make_unique<OrdinaryAgain>();
  Expected<std::unique_ptr<Strategy>> strategy = make_strategy(name);
  if (!strategy) refuse(strategy.error().message);
  return std::move(strategy).value();
}

}  // namespace

ExecutionLoad::ExecutionLoad(std::string_view scenario, std::string_view strategy)
    : strategy_(strategy_named(strategy)) {
  const repro::WeaveFile file = load(scenario);
  subject_ = std::make_unique<runtime::ScenarioSubject>(scenario_of(file), settings_of(file));
}

namespace {

/// Another subject, watched: what was allocated between the end of the warm-up and the last
/// execution.
class Watched final : public Subject {
 public:
  Watched(Subject& subject, std::uint64_t warm_up) : subject_(subject), warm_up_(warm_up) {}

  void run(Execution& execution) override {
    if (begun_++ == warm_up_) at_first_ = allocation_count();
    at_last_ = allocation_count();
    subject_.run(execution);
  }
  std::uint64_t allocations() const { return at_last_ - at_first_; }

  std::string text() const override { return subject_.text(); }
  std::string site_name(SiteId site) const override { return subject_.site_name(site); }
  std::optional<SiteId> find_site(std::string_view name) const override {
    return subject_.find_site(name);
  }
  std::string describe(const Event& event) const override { return subject_.describe(event); }

 private:
  Subject& subject_;
  std::uint64_t warm_up_;
  std::uint64_t begun_ = 0;
  std::uint64_t at_first_ = 0;
  std::uint64_t at_last_ = 0;
};

}  // namespace

void ExecutionLoad::run(std::uint64_t executions) { explore_with(*subject_, executions); }

std::uint64_t ExecutionLoad::allocations(std::uint64_t warm_up, std::uint64_t executions) {
  Watched watched(*subject_, warm_up);
  explore_with(watched, warm_up + executions + 1);
  return watched.allocations();
}

void ExecutionLoad::explore_with(Subject& subject, std::uint64_t executions) {
  const ExploreOptions options{.budget = {.executions = executions},
                               .seed = 1,
                               .limits = subject_->settings().limits,
                               .first_execution = done_};
  const Exploration exploration = explore(subject, *strategy_, options, tape_.get(), &live_);
  CHECK(!exploration.found);
  CHECK(exploration.statistics.executions == executions);
  done_ += executions;
}

void run_generated(std::uint64_t executions) {
  runtime::Settings settings;
  settings.check_structure = settings.check_specification = true;
  repro::GeneratedSubject subject(/*seed=*/1, repro::GeneratedAnswers::kAll, settings);
  repro::GeneratedStrategy strategy(subject);
  ExploreOptions options{.budget = {.executions = executions},
                         .seed = 1,
                         .limits = repro::generated_limits(),
                         .block = repro::executions_each(repro::GeneratedAnswers::kAll)};
  options.counts = [](const Finding& finding) { return finding.kind != FindingKind::kLivelock; };
  const auto tape = std::make_unique<SharedTape>();
  CHECK(!explore(subject, strategy, options, tape.get()).found);
}

std::vector<std::uint8_t> fuzz_input_of(std::string_view scenario) {
  repro::FuzzCase fuzz_case{.scenario = scenario_of(load(scenario)), .plan = {}};
  std::vector<std::uint8_t> bytes;
  repro::encode_fuzz_case(fuzz_case, bytes);
  return bytes;
}

}  // namespace reweave::bench
