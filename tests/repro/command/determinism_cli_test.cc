// `--check-determinism`: a program that looks at what nobody can control is told of, by name.

#include "tests/repro/compiled.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class DeterminismOfProgram : public Compiled {
 protected:
  std::string program(const std::string& name) const {
    return compile(name, {REWEAVE_SOURCES "/tests/repro/programs/" + name + ".cc"});
  }
};

TEST_F(DeterminismOfProgram, IsMissedWhereItReadsTheTimeStampCounter) {
  const std::string uncertain = program("uncertain");
  const json hunted = run_json({"hunt", "--check-determinism", "10", "--", uncertain}, 3);
  EXPECT_EQ(hunted["finding"]["kind"], "diverged");
  EXPECT_EQ(hunted["finding"]["signature"], "nondeterministic");
  EXPECT_EQ(hunted["repro"], nullptr) << "nothing could repeat it";
  EXPECT_LE(hunted["executions"].get<int>(), 100);
  const std::string message = hunted["finding"]["message"];
  EXPECT_THAT(message, AllOf(HasSubstr("part at step"), HasSubstr("count"),
                             HasSubstr("time stamp counter")));
  EXPECT_GT(hunted["finding"]["step"].get<int>(), 0);
  EXPECT_THAT(run({"hunt", "--check-determinism", "10", "--", uncertain}, 3),
              HasSubstr("nondeterministic"));
  EXPECT_THAT(run({"hunt", "--keep-going", "--check-determinism", "10", "--", uncertain}, 3),
              AllOf(HasSubstr("not deterministic"), HasSubstr("part at step")));
}

TEST_F(DeterminismOfProgram, IsLookedAtByReplayToo) {
  const std::string file =
      write("uncertain.weave", "weave 1\nsubject program\ncommand " + program("uncertain") + "\n");
  EXPECT_THAT(run({"replay", file, "--check-determinism", "500"}, 3),
              AllOf(HasSubstr("part at step"), HasSubstr("count+")));
}

TEST_F(DeterminismOfProgram, HoldsForOrdinaryPrograms) {
  for (const char* const name : {"lost_update_ok", "nap"}) {
    run({"hunt", "--check-determinism", "1", "--executions", "300", "--", program(name)}, 0);
  }
  const json hunted = run_json({"hunt", "--check-determinism", "1", "--output", path("found"), "--",
                                program("lock_order_of_three")},
                               1);
  EXPECT_EQ(hunted["finding"]["kind"], "deadlock") << "also where threads are stuck";
}

TEST_F(DeterminismOfProgram, HoldsForScenarios) {
  run({"hunt", write("clean.weave", kClean), "--check-determinism", "1"}, 0);
  const json generated =
      run_json({"hunt", "--generated", "--check-determinism", "3", "--executions", "3000"}, 0);
  EXPECT_EQ(generated["verdict"], "clean");
  EXPECT_EQ(run_json({"hunt", write("lost.weave", kLostValue), "--check-determinism", "1",
                      "--output", path("found")},
                     1)["finding"]["kind"],
            "lost-value");
}

}  // namespace
}  // namespace reweave::repro
