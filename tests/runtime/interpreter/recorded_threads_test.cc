// Small programs of two threads that the real interpreter ran: what their recordings say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::IsEmpty;

/// How main ended. The specification agrees.
std::string end_of(const std::string& text) {
  Settings settings;
  settings.check_specification = true;
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary);
  subject.run(execution);
  EXPECT_THAT(execution.findings(), IsEmpty());
  return subject.results().back();
}

TEST(RecordedThreads, MainOfAThreadThatHasEndedIsNoMainAnyMore) {
  EXPECT_EQ(end_of("slot s\nfunction main\n tstart 1 t\n settle\n setup s other\nend\n"
                   "function t\n self s\nend\nfunction other\nend\n"),
            "main died RuntimeError:no_thread");
}

}  // namespace
}  // namespace reweave::runtime
