// `reweave bench zombie`, as users meet it.
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;

using BenchZombie = Cli;

TEST_F(BenchZombie, MeasuresAtLeastThirtyProgramsOnBothSides) {
  const json report = run_json({"bench", "zombie", "--rounds", "1", "--quiet"}, 0);
  ASSERT_GE(report.at("programs").size(), 30u);
  for (const json& program : report.at("programs")) {
    SCOPED_TRACE(program.dump());
    const json& without = program.at("without");
    const json& with = program.at("with");
    EXPECT_GT(without.at("minimum_ms"), 0);
    EXPECT_LE(with.at("minimum_ms"), with.at("average_ms"));
    EXPECT_EQ(without.at("frames").at("from_zombie"), 0);
    EXPECT_EQ(without.at("held").at("zombies"), 0);
    EXPECT_GT(with.at("held").at("zombies"), 0);
    // One program makes as many frames and gets them from somewhere, on either side.
    const auto all = [](const json& frames) {
      return frames.at("made").get<int>() + frames.at("from_zombie").get<int>() +
             frames.at("from_free_list").get<int>();
    };
    EXPECT_EQ(all(without.at("frames")), all(with.at("frames")));
  }
}

TEST_F(BenchZombie, TheFirstCacheHasNoBound) {
  const json report =
      run_json({"bench", "zombie", "--rounds", "1", "--filter", "start-up", "--quiet"}, 0);
  const json& program = report.at("programs").at(0);
  EXPECT_EQ(program.at("without").at("held").at("free_list"), 2);
  EXPECT_EQ(program.at("with").at("held").at("zombies"), 61);
  EXPECT_GT(program.at("with").at("held").at("zombie_bytes"),
            program.at("without").at("held").at("free_list_bytes"));
}

TEST_F(BenchZombie, NothingIsHeldWithoutCaches) {
  const json report = run_json({"bench", "zombie", "--rounds", "1", "--filter", "nested-calls",
                                "--free-frames-max", "0", "--quiet"},
                               0);
  const json& without = report.at("programs").at(0).at("without");
  EXPECT_EQ(without.at("held").at("free_list"), 0);
  EXPECT_EQ(without.at("frames").at("from_free_list"), 0);
  EXPECT_GT(without.at("frames").at("made"), 7000);
}

TEST_F(BenchZombie, SaysWhatIsMistyped) {
  EXPECT_THAT(run({"bench", "zomby"}, 2), testing::HasSubstr("did you mean \"zombie\"?"));
  EXPECT_THAT(run({"bench", "zombie", "--filter", "nothing-like-it"}, 2),
              testing::HasSubstr("no program has"));
}

TEST_F(BenchZombie, TheCachesAreFlagsOfEveryExecution) {
  const std::string file =
      write("s.weave", "weave 1\n\nfunction main\n  call leaf\nend\n\nfunction leaf\nend\n");
  EXPECT_THAT(run({"replay", file, "--zombie-frames", "off", "--free-frames-max", "0"}, 0),
              testing::HasSubstr("clean"));
  EXPECT_THAT(run({"replay", file, "--zombie-frames", "perhaps"}, 2),
              testing::HasSubstr("say on or off"));
}

}  // namespace
}  // namespace reweave::repro
