#include "repro/run/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using End = ProcessResult::End;

TEST(Process, GivesExitCodeAndBothStreams) {
  const ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.code, 7);
  EXPECT_EQ(result.output, "out\nerr\n");
}

TEST(Process, TellsASignalFromAnExit) {
  const ProcessResult result = run_process({"sh", "-c", "kill -SEGV $$"});
  EXPECT_EQ(result.end, End::kSignalled);
  EXPECT_EQ(result.code, SIGSEGV);
}

TEST(Process, EndsWhatTakesTooLongWithAllThatItStarted) {
  const ProcessResult result =
      run_process({"sh", "-c", "sleep 100 | cat"}, {.environment = {}, .timeout_ms = 100});
  EXPECT_EQ(result.end, End::kTimedOut);
}

TEST(Process, TellsWhoRunsToEndWhenNobodyWantsToWait) {
  const TemporaryFolder folder;
  const std::string ready = folder.path("ready");
  const ProcessResult result =
      run_process({"sh", "-c",
                   "trap 'echo told; exit 3' TERM; echo begun; touch " + ready +
                       "; while :; do sleep 0.01; done"},
                  {.keep_going = [&] { return access(ready.c_str(), F_OK) != 0; }});
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.code, 3);
  EXPECT_TRUE(result.output.starts_with("begun\n")) << result.output;
  EXPECT_TRUE(result.output.ends_with("told\n")) << result.output;
}

TEST(Process, TellsItOfItsOwnStreams) {
  const ProcessResult result =
      run_process({"sleep", "60"}, {.capture = false, .keep_going = [] { return false; }});
  EXPECT_EQ(result.end, End::kSignalled);
  EXPECT_EQ(result.code, SIGTERM);
}

TEST(Process, SaysWhatIsMissing) {
  const ProcessResult result = run_process({"no-such-program-here"});
  EXPECT_EQ(result.end, End::kNotStarted);
  EXPECT_EQ(result.code, ENOENT);
  EXPECT_EQ(find_program("no-such-program-here"), "");
}

TEST(Process, SetsTheEnvironment) {
  EXPECT_EQ(run_process({"sh", "-c", "echo $WORD"}, {.environment = {"WORD=x"}}).output, "x\n");
}

TEST(ShellWord, ComesBackFromAShellAsItWas) {
  for (const std::string word : {"plain-1.0/a", "", "two words", "it's", "$HOME `x` \"y\" \\",
                                 "a\nb", "~", "#x", "\x1b[2J%d\\'\xff", "-n\x07", "ends\n"}) {
    const ProcessResult result = run_process({"sh", "-c", "printf %s " + shell_word(word)});
    EXPECT_EQ(result.output, word);
  }
}

TEST(ShellFile, IsNeverTakenForAFlag) {
  EXPECT_EQ(shell_file("--dash.weave"), "./--dash.weave");
  EXPECT_EQ(shell_file("-two words"), "'./-two words'");
  EXPECT_EQ(shell_file("a/-b"), "a/-b");
  EXPECT_EQ(shell_file("-"), "-");
}

}  // namespace
}  // namespace reweave::repro
