// The command line that the tests put into a program: hunts its interleavings, and where something
// is found shrinks and replays it.
//
//   REWEAVE_COMMAND="explore<US>STRATEGY<US>EXECUTIONS<US>SEED[<US>no-races][<US>spurious]"
// ./program
//
// Prints what it found. Exit code 0: nothing; 1: a finding, shrunk to a minimal schedule, which was
// replayed 1,000 times with one trace hash; 2: something of that failed.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/program/control.h"
#include "runtime/program/program_body.h"
#include "runtime/program/start.h"
#include "scheduler/search/isolate.h"
#include "scheduler/search/recording.h"
#include "scheduler/search/shrink.h"
#include "scheduler/strategy/strategies.h"

namespace {

using reweave::Execution;

constexpr int kReplays = 1000;

int fail(const std::string& message) {
  std::fprintf(stderr, "explore: %s\n", message.c_str());
  return 2;
}

bool replays(reweave::Subject& subject, const reweave::Shrunk& shrunk,
             const reweave::Limits& limits) {
  Execution execution(limits);
  std::uint64_t hash = 0;
  for (int i = 0; i < kReplays; ++i) {
    replay(subject, execution, shrunk.schedule, reweave::ReplayMode::kStrict);
    if (i == 0) hash = execution.trace_hash();
    if (execution.findings().empty() || execution.trace_hash() != hash) return false;
    if (execution.findings().front().signature != shrunk.finding.signature) return false;
  }
  return true;
}

/// What takes its process with it is repeated in children.
int shrink_what_dies(reweave::Subject& subject, reweave::Isolator& isolator,
                     const reweave::Found& found, const reweave::Limits& limits) {
  constexpr int kReplaysInChildren = 10;
  const reweave::Schedule schedule = isolator.record(subject, found.answers, limits).schedule;
  auto shrunk = reweave::shrink(subject, schedule, found.finding.signature, isolator, limits);
  if (!shrunk) return fail(shrunk.error().message);
  std::printf("answers %zu\n%s", shrunk->schedule.answers.size(),
              shrunk->schedule.text("  ").c_str());
  for (int i = 0; i < kReplaysInChildren; ++i) {
    const reweave::IsolatedRun run =
        isolator.replay(subject, shrunk->schedule, reweave::ReplayMode::kStrict, limits);
    if (!run.finding || run.finding->signature != found.finding.signature)
      return fail("the schedule does not replay");
  }
  return 1;
}

int explore(const std::vector<std::string>& words) {
  if (words.size() < 4)
    return fail("words are: explore STRATEGY EXECUTIONS SEED, and perhaps no-races, spurious");
  const std::vector<std::string> options_given(words.begin() + 4, words.end());
  const auto is_given = [&](const char* option) {
    return std::find(options_given.begin(), options_given.end(), option) != options_given.end();
  };
  reweave::program::control().look_for_races(!is_given("no-races"));
  reweave::program::control().wake_spuriously(is_given("spurious"));
  auto strategy = reweave::make_strategy(words[1]);
  if (!strategy) return fail(strategy.error().message);
  reweave::program::BodySubject subject(&reweave::program::run_main, nullptr);
  reweave::ExploreOptions options;
  options.limits = {.steps_max = 100'000, .questions_max = 100'000};
  options.budget.executions = std::strtoull(words[2].c_str(), nullptr, 10);
  options.seed = std::strtoull(words[3].c_str(), nullptr, 10);
  reweave::Isolator isolator;
  const reweave::Exploration hunt = isolator.explore(subject, **strategy, options);
  std::printf("executions %llu\n", static_cast<unsigned long long>(hunt.statistics.executions));
  const reweave::program::Control& control = reweave::program::control();
  for (const std::string& escape : control.escapes()) std::printf("escaped %s\n", escape.c_str());
  if (!hunt.found) {
    return control.questions_asked() == 0 ? fail("the program asked no question") : 0;
  }
  const std::string signature = hunt.found->finding.signature;
  std::printf("finding %s\n%s\n", signature.c_str(), hunt.found->finding.message.c_str());
  if (hunt.found->died) return shrink_what_dies(subject, isolator, *hunt.found, options.limits);
  auto schedule = reweave::record(subject, hunt.found->answers, options.limits);
  if (!schedule) return fail(schedule.error().message);
  auto shrunk =
      reweave::shrink(subject, *schedule, signature, reweave::trial_runner(options.limits));
  if (!shrunk) return fail(shrunk.error().message);
  std::printf("answers %zu\n%s", shrunk->schedule.answers.size(),
              shrunk->schedule.text("  ").c_str());
  if (!shrunk->minimal) return fail("the schedule is not minimal");
  if (!replays(subject, *shrunk, options.limits)) return fail("the schedule does not replay");
  return 1;
}

[[gnu::constructor]] void use_this() { reweave::program::set_command_line(&explore); }

}  // namespace
