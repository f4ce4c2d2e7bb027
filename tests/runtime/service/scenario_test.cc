// Locks, conditions, time and the interpreter lock in scenarios: what the runtime does is what the
// specification predicts, whatever the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTwoWaiters = R"(
function main
  tstart 1 poller
  tstart 2 waiter
  sleep 20000
  lock 0
  notifyall 0
  unlock 0
  sleep 100000
  now
end

function poller
  lock 0
  pollwait 0 100000
  now
  unlock 0
end

function waiter
  lock 0
  wait 0 100000
  now
  unlock 0
end
)";

/// Everything that times out, deadlocks, fails or meets somebody else there.
constexpr const char* kTangle = R"(
word on

function main
  tstart 1 first
  tstart 2 second
  tstart 3 third
  loop 3
    tryall
      trylock 1 1000
      lock 0
      notify 0
      unlock 0
      sleep 0
      unlock 1
    end
  end
  settle
  sleep 3000
  tryall
    lock 2
    lock 2
  end
  now
end

function first
  tryall
    lock 0
    wait 0 1000
    unlock 0
    lock 1
    sleep 1000
    unlock 1
  end
  spawn second -
  runall
end

function second
  tryall
    lock 0
    pollwait 0 2500
    notifyall 0
    unlock 0
  end
  emit on
end

function third
  tryall
    lock 0
    wait 0 0
    unlock 0
    unlock 0
  end
end
)";

Settings strict_settings() {
  Settings settings;
  settings.check_structure = settings.check_specification = true;
  return settings;
}

std::vector<std::string> run(const char* text, Chooser& chooser, const Settings& settings) {
  ScenarioSubject subject(scenario_of(text), settings);
  Execution execution(settings.limits);
  execution.begin(chooser, /*keep_log=*/true);
  subject.run(execution);
  EXPECT_THAT(execution.findings(), IsEmpty());
  std::vector<std::string> lines;
  for (const Event& event : execution.log())
    lines.push_back(std::to_string(static_cast<std::uint32_t>(event.actor)) + " " +
                    subject.describe(event));
  return lines;
}

TEST(ServiceInScenarios, APollerIsLateAndAWaiterOnATimedLockIsNot) {
  Ordinary ordinary;
  EXPECT_THAT(run(kTwoWaiters, ordinary, strict_settings()),
              ElementsAre("1 tstart 1", "2 tstart 2", "2 waited 0 1 0", "2 now 0 20000", "2 tend 2",
                          "1 waited 0 1 5", "1 now 0 31000", "1 tend 1", "0 now 0 120000"));
}

TEST(ServiceInScenarios, DoesWhatTheSpecificationPredictsWhateverTheAnswers) {
  RandomWalk walk;
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    Settings settings = strict_settings();
    settings.switching = i % 2 == 0 ? Switching::kSoft : Switching::kHard;
    settings.gil_ticks = static_cast<std::uint32_t>(i % 4);
    walk.begin(Prng(i), i);
    seen.insert(run(i % 8 == 0 ? kTwoWaiters : kTangle, walk, settings));
    ASSERT_FALSE(HasFailure()) << "seed " << i;
  }
  EXPECT_GT(seen.size(), 200u);
}

// Three operations and the lock goes on, although nobody asked for it.
TEST(ServiceInScenarios, TheInterpreterLockGoesRoundAfterSoManyTicks) {
  constexpr const char* kProgram = R"(
word a
word b

function main
  tstart 1 other
  loop 6
    emit a
  end
  sleep 10
end

function other
  loop 6
    emit b
  end
end
)";
  const auto letters = [&](std::uint32_t ticks) {
    Settings settings = strict_settings();
    settings.gil_ticks = ticks;
    Ordinary ordinary;
    std::string text;
    for (const std::string& line : run(kProgram, ordinary, settings)) {
      if (line.find("emit") != std::string::npos) text += line.back();
      if (line.find("giltick") != std::string::npos) text += '|';
    }
    return text;
  };
  EXPECT_EQ(letters(0), "aaaaaabbbbbb");
  EXPECT_EQ(letters(3), "aa|bb|aaa|bbb|ab");
}

}  // namespace
}  // namespace reweave::runtime
