// Bugs on purpose: a hunt survives each of them, reports it under its own kind, and writes a repro
// that shows it again.
//
// In all canaries the ordinary execution is clean, so each one is really searched for, by a child
// process that dies, hangs or is ended by AddressSanitizer on the way.
#include <cstdio>

#include "scheduler/machine/sanitizer.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;

struct CanaryCase {
  const char* name;
  const char* kind;
  const char* signature;
  bool needs_address_sanitizer;
};

// What AddressSanitizer calls the first two is its own word for the error.
constexpr CanaryCase kCanaries[] = {
    {"overflow", "crash", "stack-buffer-overflow", true},
    {"use-after-free", "crash", "heap-use-after-free", true},
    {"crash", "crash", "SIGABRT", false},
    {"hang", "hang", "hang", false},
    {"leak", "leak", "leak value", false},
    {"deadlock", "deadlock", "deadlock", false},
};

std::string canary_file(const std::string& name) {
  return REWEAVE_CORPORA "/canaries/" + name + ".weave";
}

class CanaryHunt : public Cli, public testing::WithParamInterface<CanaryCase> {
 protected:
  const char* hang_ms() const { return "2000"; }
};

TEST_P(CanaryHunt, SurvivesAndWritesARepro) {
  const CanaryCase& canary = GetParam();
  const std::string file = canary_file(canary.name);
  EXPECT_EQ(run_json({"replay", file}, 0)["verdict"], "clean");

  if (canary.needs_address_sanitizer && !sanitizer::kAddress) {
    // Nothing here can see it. That must not be taken for a finding of another kind.
    run({"hunt", file, "--executions", "300", "--output", path("found")}, 0);
    return;
  }
  const nlohmann::json found = run_json(
      {"hunt", file, "--output", path("found"), "--hang-ms", hang_ms(), "--executions", "2000"}, 1);
  EXPECT_EQ(found["finding"]["kind"], canary.kind);
  EXPECT_THAT(found["finding"]["signature"].get<std::string>(), HasSubstr(canary.signature));
  EXPECT_GT(found["executions"], 1);
  EXPECT_NE(found["schedule"], "ordinary");
  std::printf("%s: %s after %d executions\n", canary.name,
              found["finding"]["signature"].get<std::string>().c_str(),
              found["executions"].get<int>());

  const std::string repro = found["repro"];
  const nlohmann::json replayed = run_json({"replay", repro, "--hang-ms", hang_ms()}, 1);
  EXPECT_EQ(replayed["finding"]["signature"], found["finding"]["signature"]);
  EXPECT_EQ(replayed["schedule"], found["schedule"]);
  EXPECT_THAT(run({"check", repro, "--hang-ms", hang_ms()}, 0), HasSubstr("1 passed, 0 failed"));
}

INSTANTIATE_TEST_SUITE_P(Canaries, CanaryHunt, testing::ValuesIn(kCanaries),
                         [](const testing::TestParamInfo<CanaryCase>& canary) {
                           std::string name = canary.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A crash shrinks like everything else: each candidate runs in a child.
TEST_F(Cli, TheCrashCanaryShrinksToTheCrash) {
  const std::string repro =
      run_json({"hunt", canary_file("crash"), "--output", path("found")}, 1)["repro"];
  const nlohmann::json small = run_json({"shrink", repro, "--output", path("small.weave")}, 0);
  EXPECT_EQ(small["operations"], "3");  // The tasklet is spawned, is run, and crashes.
  EXPECT_EQ(small["answers"], "0");
  run({"check", path("small.weave")}, 0);
}

}  // namespace
}  // namespace reweave::repro
