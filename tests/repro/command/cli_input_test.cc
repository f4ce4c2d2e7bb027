// Bad input: it is refused with one line that names file and line, and exit code 2; nothing crashes
// the tool.

#include "repro/file/raw_input.h"
#include "scheduler/base/prng.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;

TEST_F(Cli, BadFilesAreRefusedByEveryCommand) {
  const std::string whole = *read_file(hunted(kLostValue));
  struct Bad {
    const char* name;
    std::string content;
  };
  Prng prng(5);
  std::string random(3000, '\0');
  for (char& c : random) c = static_cast<char>(prng.next() & 0xff);
  const std::vector<Bad> bad = {
      {"empty.weave", ""},
      {"truncated.weave", whole.substr(0, whole.size() - 10)},
      {"half.weave", whole.substr(0, whole.size() / 2)},
      {"version.weave", "weave 99" + whole.substr(7)},
      {"binary.weave", random},
      {"nul.weave", whole + std::string(1, '\0')},
      {"long-line.weave", "weave 1\n" + std::string(10'000, 'x') + "\n"},
      {"oversized.weave", "weave 1\n" + std::string(5u << 20, '\n')},
      {"many-functions.weave",
       [] {
         std::string text = "weave 1\n";
         for (int n = 0; n < 1000; ++n) text += "function f" + std::to_string(n) + "\nend\n";
         return text;
       }()},
  };
  for (const auto& [name, content] : bad) {
    const std::string file = write(name, content);
    for (const Words& words :
         {Words{"hunt", file, "--executions", "10", "--output", path("f")}, Words{"replay", file},
          Words{"check", file}, Words{"shrink", file, "--output", path("out.weave")}}) {
      EXPECT_THAT(run(words, 2), HasSubstr(name)) << words[0];
    }
  }
  EXPECT_FALSE(std::filesystem::exists(path("out.weave")));
}

TEST_F(Cli, AFileThatWasCutOffNeedNotBeAScenario) {
  // Under a sanitizer the tool knows scenarios alone.
  EXPECT_THAT(run({"replay", write("cut.weave", "weave 1\n")}, 2),
              testing::AllOf(HasSubstr("perhaps it was cut off"),
                             testing::AnyOf(HasSubstr("`subject KIND`"), HasSubstr("a scenario"))));
}

TEST_F(Cli, WhatIsNoFileIsRefused) {
  EXPECT_THAT(run({"replay", path("none.weave")}, 2), HasSubstr("No such file"));
  EXPECT_THAT(run({"replay", folder_.root()}, 2), HasSubstr("not a plain file"));
  EXPECT_THAT(run({"hunt", "/dev/zero"}, 2), HasSubstr("not a plain file"));
}

TEST_F(Cli, AFolderThatCannotBeWrittenIsSaid) {
  const std::string blocked = write("blocked", "a file, not a folder");
  EXPECT_THAT(run({"hunt", write("s.weave", kLostValue), "--output", blocked + "/x"}, 74),
              HasSubstr("--output"));
}

TEST_F(Cli, OperationsAreReadFromTheErrorOnward) {
  EXPECT_THAT(run({"replay", write("s.weave", "weave 1\nfunction main\n  snd c\nend\n")}, 2),
              testing::AllOf(HasSubstr("s.weave:3:"), HasSubstr("did you mean")));
}

TEST_F(Cli, ARawInputOfAFuzzTargetIsReplayedAndShrunk) {
  FuzzCase fuzz_case;
  fuzz_case.scenario = scenario_of(parse(kLostValue));
  std::vector<std::uint8_t> bytes;
  encode_fuzz_case(fuzz_case, bytes);
  const std::string file = write("crash-0123", std::string(bytes.begin(), bytes.end()));
  EXPECT_THAT(run({"replay", file}, 2), HasSubstr("--target"));
  const Words target = {"--target", "tempval", "--defects", "post-switch-clear"};
  Words words = {"replay", file};
  words.insert(words.end(), target.begin(), target.end());
  EXPECT_EQ(run_json(words, 1)["finding"]["kind"], "lost-value");
  words = {"shrink", file, "--output", path("small.weave")};
  words.insert(words.end(), target.begin(), target.end());
  run(words, 0);
  run({"check", path("small.weave")}, 0);
  run({"replay", file, "--target", "tempval"}, 0);
}

// Without defects only a program that runs on for too long would be a finding, and that is none.
TEST_F(Cli, AnyBytesAreAnInputOfAFuzzTarget) {
  Prng prng(9);
  for (int round = 0; round < 20; ++round) {
    std::string bytes(prng.next() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(prng.next() & 0xff);
    run({"replay", write("crash-x", bytes), "--target", "frames"}, 0);
  }
}

TEST_F(Cli, AnInputThatNeverEndsIsNoFindingAsForTheTargetItself) {
  FuzzCase fuzz_case;
  fuzz_case.scenario =
      scenario_of(parse("weave 1\nfunction main\n  loop 299\n    clearlocals\n  end\nend\n"));
  std::vector<std::uint8_t> bytes;
  encode_fuzz_case(fuzz_case, bytes);
  const std::string file = write("crash-0123", std::string(bytes.begin(), bytes.end()));
  const Words target = {"--target", "tempval", "--steps-max", "100"};
  Words words = {"replay", file};
  words.insert(words.end(), target.begin(), target.end());
  EXPECT_EQ(run_json(words, 0)["verdict"], "stopped");
  words = {"shrink", file, "--output", path("small.weave")};
  words.insert(words.end(), target.begin(), target.end());
  EXPECT_THAT(run(words, 4), HasSubstr("shows no finding, so there is nothing to shrink; say with "
                                       "which defects the target ran"));
}

}  // namespace
}  // namespace reweave::repro
