// A stranger's program: explores a scenario with nothing but the two installed libraries.

#include <runtime/interpreter/scenario_subject.h>
#include <runtime/language/text.h>
#include <runtime/vocabulary/settings.h>
#include <scheduler/search/explore.h>
#include <scheduler/strategy/strategies.h>

#include <cstdio>

int main() {
  const auto scenario = reweave::runtime::parse_scenario(
      "channel c\n"
      "function main\n  spawn sender -\n  recv c\nend\n"
      "function sender\n  send c\nend\n",
      "consumer");
  if (!scenario) {
    std::puts(scenario.error().message.c_str());
    return 1;
  }
  reweave::runtime::ScenarioSubject subject(*scenario, {});
  auto strategy = reweave::make_strategy(reweave::kDefaultStrategy);
  const reweave::Exploration exploration =
      reweave::explore(subject, **strategy, {.budget = {.executions = 100, .seconds = 0}});
  std::printf("%llu executions\n",
              static_cast<unsigned long long>(exploration.statistics.executions));
  return exploration.found || exploration.statistics.executions == 0 ? 1 : 0;
}
