// What ends a command from outside: signals to it, and to the children that it works in.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kHasAddressSanitizer = true;
#else
constexpr bool kHasAddressSanitizer = false;
#endif
#elif defined(__SANITIZE_ADDRESS__)
constexpr bool kHasAddressSanitizer = true;
#else
constexpr bool kHasAddressSanitizer = false;
#endif

/// The tool while it runs.
class Running {
 public:
  explicit Running(std::vector<std::string> words) {
    words.insert(words.begin(), REWEAVE_TOOL);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    EXPECT_EQ(pipe2(out_.data(), O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out_[1], 1);
      dup2(out_[1], 2);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(out_[1]);
  }
  ~Running() {
    if (pid_ > 0) (void)finish();
    close(out_[0]);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }

  /// A child of it, once there is one that is not `other`: then the tool is at work.
  pid_t wait_for_child(pid_t other = 0) const {
    const std::string path =
        "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children";
    for (int i = 0; i < 3000; ++i) {
      std::ifstream file(path);
      pid_t child = 0;
      while (file >> child) {
        if (child != other) return child;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "it has no child";
    return 0;
  }

  /// By Ctrl-C, which it has to say by its exit code; what it wrote.
  std::string interrupt() {
    kill(pid_, SIGINT);
    const std::string text = finish();
    EXPECT_EQ(exit_code, 130) << text;
    return text;
  }

  /// Not in its first moments, in which it has the handlers of its parent.
  void kill_child_at_work(int signal) const {
    if (wait_for_child() == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (const pid_t child = wait_for_child(); child != 0) kill(child, signal);
  }

  /// Until it notes SIGINT rather than dying of it.
  void wait_until_it_listens() const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/status";
    for (int i = 0; i < 3000; ++i) {
      std::ifstream file(path);
      for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("SigCgt:")) continue;
        if ((std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1)) & 1) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "it does not listen";
  }

  /// Everything that it writes until its end.
  std::string finish() {
    std::string output;
    std::array<char, 4096> buffer;
    ssize_t count = 0;
    while ((count = read(out_[0], buffer.data(), buffer.size())) > 0)
      output.append(buffer.data(), static_cast<std::size_t>(count));
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return output;
  }

  int exit_code = 0;

 private:
  std::array<int, 2> out_{-1, -1};
  pid_t pid_ = 0;
};

class CliSignal : public Cli {
 protected:
  void SetUp() override {
    if (*REWEAVE_EMULATOR != '\0') GTEST_SKIP() << "the emulator has signals of its own";
    if (!std::filesystem::exists("/proc/self/task/" + std::to_string(getpid()) + "/children"))
      GTEST_SKIP() << "this kernel does not say which children a process has";
  }

  /// Sends it as soon as the command works in a child.
  std::string interrupted(const Words& words, int signal, int expected_code) const {
    Running tool(words);
    tool.wait_for_child();
    kill(tool.pid(), signal);
    const std::string output = tool.finish();
    EXPECT_EQ(tool.exit_code, expected_code) << output;
    return output;
  }

  /// Sends it, in the middle of a long work of the command itself.
  std::string interrupted_itself(const Words& words, int expected_code) const {
    Running tool(words);
    tool.wait_until_it_listens();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    kill(tool.pid(), SIGINT);
    const std::string output = tool.finish();
    EXPECT_EQ(tool.exit_code, expected_code) << output;
    return output;
  }

  /// Many operations, none of which can go wrong.
  std::string endless() const {
    return write("endless.weave",
                 "weave 1\nchannel c\nfunction main\n  spawn sender -\n  spawn sender -\n"
                 "  recv c\n  recv c\nend\nfunction sender\n  sched\n  send c\nend\n");
  }
  /// Executions that take a while, and a schedule that does not fit, near which there is a lot.
  std::string edited() const {
    return write("edited.weave",
                 "weave 1\nsettings\n  steps-max 10000000\nend\nchannel c\nfunction main\n"
                 "  spawn sender -\n  spawn sender -\n  recv c\n  recv c\n"
                 "  loop 9999\n  loop 1000\n  end\n  end\nend\n"
                 "function sender\n  sched\n  send c\nend\n"
                 "schedule\n  0.1 spill sender 0 1\nend\n");
  }
  Words rehunt_near(const std::string& file) const {
    return {"rehunt",    file,  "--near",   "1000000000",        "--executions",  "2000000000",
            "--hang-ms", "300", "--output", path("again.weave"), "--format=json", "-q"};
  }
  /// It works for long, and comes to its end.
  std::string slow() const {
    const std::string file = write("slow.weave",
                                   "weave 1\nsettings\n  steps-max 10000000\nend\nfunction main\n"
                                   "  loop 9999\n  loop 500\n  sched\n  end\n  end\nend\n");
    run({"check", file, "--update"}, 0);
    return file;
  }
  /// It does nothing for longer than any test takes.
  std::string stuck() const {
    return write("stuck.weave", "weave 1\nfunction main\n  canary hang\nend\nverdict\nend\n");
  }
};

TEST_F(CliSignal, AHuntTellsWhatWasDoneAndHowToGoOn) {
  const Words words = {
      "hunt", endless(), "--strategy", "pct",      "--seconds", "1h", "--first",
      "7",    "--seed",  "3",          "--output", path("f"),   "-q", "--steps-max=9000"};
  const std::string text = interrupted(words, SIGINT, 130);
  EXPECT_THAT(text, AllOf(HasSubstr("interrupted by SIGINT: nothing was found so far"),
                          HasSubstr(" distinct of "), HasSubstr("seed 3"),
                          HasSubstr("--strategy pct --seconds 1h --seed 3"),
                          HasSubstr("--steps-max=9000 --first ")));
  EXPECT_THAT(text, Not(HasSubstr("clean")));
  // However far it came: it says from where, in place of where it was told to begin.
  const std::size_t begin = text.rfind(", next ") + 7;
  const std::string next = text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
  EXPECT_GE(std::stoull(next), 7u) << text;
  EXPECT_THAT(text, HasSubstr(" --first " + next + "\n"));
  EXPECT_EQ(text.find("--first"), text.rfind("--first")) << text;
}

TEST_F(CliSignal, AHuntThatIsTerminatedGivesOneObject) {
  const std::string text = interrupted(
      {"hunt", endless(), "--strategy", "pct", "--seconds", "1h", "--format=json"}, SIGTERM, 143);
  const json report = json::parse(text, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text;
  EXPECT_EQ(report["verdict"], "interrupted");
  EXPECT_EQ(report["stopped_by"], "interrupted");
  EXPECT_EQ(report["signal"], "SIGTERM");
  EXPECT_TRUE(report.contains("next"));
}

TEST_F(CliSignal, AGeneratedHuntAndOneOfManyProcessesEndInOrder) {
  const Words words = {"hunt", "--generated", "--seconds", "1h", "--jobs", "3", "--format=json"};
  const json report = json::parse(interrupted(words, SIGINT, 130), nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["verdict"], "interrupted");
}

TEST_F(CliSignal, AShrinkThatHasNothingYetSaysSo) {
  // It hangs in every trial, so that there is time.
  const std::string hang =
      write("hang.weave", "weave 1\nfunction main\n  emit a\n  emit b\n  canary hang\nend\n");
  const std::string text = interrupted(
      {"shrink", hang, "--output", path("small.weave"), "--hang-ms", "3600000", "--format=json"},
      SIGINT, 130);
  EXPECT_THAT(text, HasSubstr("\"verdict\":\"error\""));
  EXPECT_THAT(text, HasSubstr("interrupted by SIGINT before anything was shrunk"));
  EXPECT_FALSE(std::filesystem::exists(path("small.weave")));
}

TEST_F(CliSignal, ACheckTellsWhatWasNotLookedAt) {
  const std::string other = write("other.weave", kClean);
  const Words words = {"check", stuck(), other, other, "--hang-ms", "3600000"};
  const std::string text = interrupted(words, SIGINT, 130);
  EXPECT_THAT(text, AllOf(HasSubstr("interrupted by SIGINT: "), HasSubstr("not looked at")));
  Words json_words = words;
  json_words.emplace_back("--format=json");
  const json report = json::parse(interrupted(json_words, SIGTERM, 143), nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["verdict"], "interrupted");
  EXPECT_EQ(report["left"], 3);
}

TEST_F(CliSignal, ConformAndTheGauntletTellWhatTheyHave) {
  const std::string hang = write(
      "hang.jsonl", R"({"id":"h","chans":0,"slots":0,"funcs":[[["canary",1]]],)"
                    R"("soft":{"out":"ok","trace":[],"bal":[],"left":[],"runcount":1},"hard":null})"
                    "\n");
  EXPECT_THAT(interrupted({"conform", hang, "--hang-ms", "3600000", "--format=json"}, SIGINT, 130),
              HasSubstr("\"signal\":\"SIGINT\""));
  EXPECT_THAT(interrupted({"gauntlet", "-q"}, SIGINT, 130), HasSubstr("interrupted by SIGINT"));
}

TEST_F(CliSignal, AHuntGoesOnWhenAChildIsKilled) {
  Running tool({"hunt", endless(), "--strategy", "pct", "--seconds", "1h", "--format=json", "-q"});
  const pid_t first = tool.wait_for_child();
  kill(first, SIGKILL);
  tool.wait_for_child(/*other=*/first);
  const std::string text = tool.interrupt();
  const json report = json::parse(text, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text;
  EXPECT_TRUE(report["finding"].is_null());
  EXPECT_THAT(report["notes"][0].get<std::string>(), HasSubstr("was killed by somebody else"));
}

TEST_F(CliSignal, AHuntGoesOnWhenAChildWasStopped) {
  Running tool({"hunt", endless(), "--strategy", "pct", "--seconds", "1h", "--hang-ms", "300",
                "--format=json", "-q"});
  const pid_t first = tool.wait_for_child();
  kill(first, SIGSTOP);
  // Another one: it was ended for a hang, which did not show again.
  tool.wait_for_child(/*other=*/first);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::string text = tool.interrupt();
  EXPECT_THAT(text, HasSubstr("\"finding\":null"));
}

// A terminal signals a whole group: the child may die of it before its parent has looked.
TEST_F(CliSignal, ARehuntTakesNoSignalForAFinding) {
  const std::string file = write("stuck.weave",
                                 "weave 1\nfunction main\n  canary hang\nend\n"
                                 "schedule\n  0.1 spill main 0 1\nend\n");
  Running tool({"rehunt", file, "--hang-ms", "3600000", "--output", path("again.weave"), "-q"});
  kill(tool.wait_for_child(), SIGINT);
  const std::string text = tool.interrupt();
  EXPECT_THAT(text, HasSubstr("interrupted by SIGINT: it was not found again so far"));
  EXPECT_FALSE(std::filesystem::exists(path("again.weave")));
}

// Not SIGSEGV: AddressSanitizer would tell of it, where all can read it, if the child is young.
TEST_F(CliSignal, ARehuntGoesOnWhenChildrenAreKilled) {
  Running tool(rehunt_near(edited()));
  pid_t child = 0;
  // The first ones may reach the execution as it stands, which is no finding, either, if it is
  // killed twice. One SIGABRT only: a second might reach the execution while it is repeated, on a
  // slow machine, and what crashes twice is a finding.
  for (const int signal : {SIGKILL, SIGKILL, SIGKILL, SIGKILL, SIGABRT}) {
    child = tool.wait_for_child(/*other=*/child);
    kill(child, signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  tool.wait_for_child(/*other=*/child);
  const std::string text = tool.interrupt();
  const json report = json::parse(text, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text;
  EXPECT_TRUE(report["finding"].is_null()) << text;
  EXPECT_THAT(text, HasSubstr("near the old schedule, execution "));
}

TEST_F(CliSignal, ARehuntGoesOnWhenAChildWasStopped) {
  Running tool(rehunt_near(edited()));
  const pid_t as_it_stands = tool.wait_for_child();
  pid_t child = as_it_stands;
  const auto is_stopped = [&] {  // Or else it had ended already.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return tool.wait_for_child() == child;
  };
  do {
    child = tool.wait_for_child(/*other=*/child);
    kill(child, SIGSTOP);
  } while (!is_stopped());
  tool.wait_for_child(/*other=*/child);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const std::string text = tool.interrupt();
  EXPECT_THAT(text, HasSubstr("\"finding\":null"));
}

TEST_F(CliSignal, ACheckGoesOnWhenAChildCrashesOnce) {
  Running tool({"check", slow(), "--format=json"});
  tool.kill_child_at_work(SIGABRT);
  const std::string text = tool.finish();
  EXPECT_EQ(tool.exit_code, 0) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("\"passed\":1"), HasSubstr("crash: SIGABRT"),
                          HasSubstr("but not when it was repeated")));
}

TEST_F(CliSignal, ConformGoesOnWhenAChildCrashesOnce) {
  std::string lines;
  for (int i = 0; i < 5000; ++i) {
    lines += R"({"id":"c","chans":1,"slots":1,"funcs":[[["spawn",1,0],["recv",0]],[["send",0]]],)"
             R"("soft":{"out":"ok","trace":[],"bal":[],"left":[],"runcount":1},"hard":null})"
             "\n";
  }
  const std::string cases = write("cases.jsonl", lines);
  Running tool({"conform", cases, "--fail-allocations", "--format=json"});
  tool.kill_child_at_work(SIGABRT);
  const std::string text = tool.finish();
  EXPECT_EQ(tool.exit_code, 0) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("\"findings\":[]"), HasSubstr("\"notes\":["),
                          HasSubstr("but not when it was repeated")));
}

TEST_F(CliSignal, AComparisonTellsItsRowsSoFar) {
  const Words words = {"compare",           endless(), "--strategy",
                       "pct:2,random-walk", "--seeds", "100000"};
  EXPECT_THAT(interrupted(words, SIGINT, 130), AllOf(HasSubstr("interrupted by SIGINT"),
                                                     HasSubstr("pct:2"), HasSubstr("random-walk")));
  Words json_words = words;
  json_words.emplace_back("--format=json");
  EXPECT_THAT(interrupted(json_words, SIGTERM, 143), HasSubstr("\"signal\":\"SIGTERM\""));
}

TEST_F(CliSignal, AReplayTellsHowOftenItDidTheSameSoFar) {
  const Words words = {"replay", write("clean.weave", kClean), "--times", "1000000000"};
  EXPECT_THAT(interrupted_itself(words, 130),
              AllOf(HasSubstr("interrupted by SIGINT: "),
                    HasSubstr(" executions did the same so far, of 1,000,000,000")));
  Words json_words = words;
  json_words.emplace_back("--format=json");
  const json report = json::parse(interrupted_itself(json_words, 130), nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["verdict"], "interrupted");
  EXPECT_EQ(report["signal"], "SIGINT");
  EXPECT_LT(report["executions"], 1'000'000'000);
  EXPECT_THAT(interrupted({"replay", stuck(), "--hang-ms", "3600000"}, SIGINT, 130),
              HasSubstr("interrupted by SIGINT before its end"));
}

TEST_F(CliSignal, ACensusSaysThatItIsNotWhole) {
  const Words words = {"hunt", "--generated", "--census", "--seconds", "1h", "-q"};
  EXPECT_THAT(interrupted_itself(words, 130),
              AllOf(HasSubstr("interrupted by SIGINT"), HasSubstr("reached in ")));
  Words json_words = words;
  json_words.emplace_back("--format=json");
  EXPECT_THAT(interrupted_itself(json_words, 130), HasSubstr("\"signal\":\"SIGINT\""));
}

TEST_F(CliSignal, EveryFormatSaysThatAHuntWasInterrupted) {
  const auto hunt = [&](const char* more) {
    return interrupted({"hunt", endless(), "--strategy", "pct", "--seconds", "1h", "-q", more},
                       SIGINT, 130);
  };
  EXPECT_THAT(
      hunt("--format=markdown"),
      AllOf(HasSubstr("### reweave hunt: interrupted by SIGINT: nothing was found so far\n"),
            HasSubstr("```\n  to go on "), Not(HasSubstr("x0a"))));
  EXPECT_THAT(hunt("--format=sarif"), AllOf(HasSubstr("\"executionSuccessful\": false"),
                                            HasSubstr("\"exitSignalName\": \"SIGINT\"")));
  const Words all = {"hunt",      endless(), "--keep-going", "--strategy",   "pct",
                     "--seconds", "1h",      "-q",           "--format=json"};
  EXPECT_THAT(interrupted(all, SIGINT, 130), HasSubstr("\"signal\":\"SIGINT\""));
  for (const char* const format : {"--format=markdown", "--format=junit", "--format=sarif"}) {
    EXPECT_THAT(interrupted({"check", stuck(), "--hang-ms", "3600000", format}, SIGINT, 130),
                HasSubstr("SIGINT"));
  }
}

TEST_F(CliSignal, EachCommandEndsWhenItsTimeIsOver) {
  const Words limit = {"--seconds", "0.3", "--hang-ms", "3600000"};
  const auto limited = [&](Words words) {
    words.insert(words.end(), limit.begin(), limit.end());
    return run(words, 124);
  };
  constexpr const char* kSays = "interrupted by --seconds 0.3";
  EXPECT_THAT(limited({"replay", stuck()}), HasSubstr(kSays));
  EXPECT_THAT(limited({"explain", stuck()}), HasSubstr(kSays));
  EXPECT_THAT(limited({"view", stuck(), "-o", path("v.html")}), HasSubstr(kSays));
  EXPECT_THAT(limited({"shrink", stuck(), "--output", path("s.weave")}), HasSubstr(kSays));
  EXPECT_THAT(limited({"rehunt", edited(), "--output", path("r.weave")}), HasSubstr(kSays));
  EXPECT_THAT(limited({"export", stuck(), "--to", "dot"}), HasSubstr(kSays));
  EXPECT_THAT(limited({"compare", endless(), "--strategy", "pct:2", "--seeds", "100000"}),
              HasSubstr(kSays));
  EXPECT_THAT(run({"gauntlet", "-q", "--seconds", "0.3"}, 124), HasSubstr(kSays));
  const Words zombie = {"bench", "zombie", "-q", "--rounds", "100", "--seconds", "0.3"};
  EXPECT_THAT(run(zombie, 124), AllOf(HasSubstr(kSays), HasSubstr("Totals")));
  const Words condvar = {"bench", "condvar", "-q", "--every", "100", "--seconds", "0.01"};
  EXPECT_THAT(run(condvar, 124), HasSubstr("interrupted by --seconds 0.01"));
  const std::string case_ =
      write("hang.jsonl", R"({"id":"h","chans":0,"slots":0,"funcs":[[["canary",1]]],)"
                          R"("soft":{"out":"ok","trace":[],"bal":[],"left":[],)"
                          R"("runcount":1},"hard":null})"
                          "\n");
  EXPECT_THAT(limited({"conform", case_}), HasSubstr(kSays));
  EXPECT_THAT(limited({"check", stuck()}), HasSubstr(kSays));
  const json report = json::parse(limited({"check", stuck(), "--format=json"}), nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["verdict"], "interrupted");
  EXPECT_EQ(report["signal"], "SIGALRM");
  EXPECT_EQ(report["left"], 1);
}

TEST_F(CliSignal, ACheckWhoseTimeIsOverWritesNothing) {
  const std::string file = stuck();
  std::ifstream in(file);
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  run({"check", file, "--update", "--seconds", "0.3", "--hang-ms", "3600000"}, 124);
  std::ifstream now(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(now), {}), before);
}

TEST_F(CliSignal, ATimeThatNothingCanKeepIsRefused) {
  EXPECT_THAT(run({"replay", stuck(), "--seconds", "1", "--in-process"}, 2),
              HasSubstr("--seconds ends a child"));
  const Words beside = {"view",      write("c.weave", kClean),
                        "--beside",  stuck(),
                        "-o",        path("v.html"),
                        "--seconds", "0.3",
                        "--hang-ms", "3600000"};
  EXPECT_THAT(run(beside, 124), HasSubstr("interrupted by --seconds 0.3"));
}

TEST_F(CliSignal, ARealHangIsStillFound) {
  EXPECT_EQ(
      run_json({"hunt", stuck(), "--hang-ms", "300", "--output", path("f")}, 1)["finding"]["kind"],
      "hang");
}

TEST_F(CliSignal, AReplayThatIsKilledEachTimeHasNoVerdict) {
  Running tool({"replay", stuck(), "--hang-ms", "3600000"});
  const pid_t first = tool.wait_for_child();
  kill(first, SIGKILL);
  kill(tool.wait_for_child(/*other=*/first), SIGKILL);
  const std::string text = tool.finish();
  EXPECT_EQ(tool.exit_code, 69) << text;
  EXPECT_THAT(text, HasSubstr("was ended twice, not by itself"));
}

// What the system does not give is nobody's bug.
TEST_F(CliSignal, ASmallMachineGetsAClearError) {
  const std::string tool = shell_word(REWEAVE_TOOL), file = shell_word(endless());
  const auto limited = [&](const std::string& limit) {
    const ProcessResult result = run_process(
        {"sh", "-c",
         "exec 3>&- 4>&- 5>&- 6>&- 7>&-; ulimit " + limit + "; exec " + tool + " hunt " + file +
             " --executions 10"});  // Whoever runs this test may have left files open.
    EXPECT_EQ(result.code, 69) << limit << "\n" << result.output;
    EXPECT_THAT(result.output, Not(HasSubstr("bug"))) << limit;
    return result.output;
  };
  if (!kHasAddressSanitizer) {  // UBSan looks at memory by a pipe, and cries wolf without one.
    EXPECT_THAT(limited("-n 4"), HasSubstr("Too many open files"));
    const ProcessResult object =
        run_process({"sh", "-c",
                     "exec 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&-; ulimit -n 4; exec " + tool +
                         " replay " + file + " --format=json"});
    EXPECT_EQ(json::parse(object.output, nullptr, false).value("exit_code", 0), 69)
        << object.output;
  }
  EXPECT_THAT(limited("-s 128"), HasSubstr("ulimit -s"));
  if (!kHasAddressSanitizer) {  // Its shadow needs more than any limit.
    EXPECT_THAT(limited("-v 15000"), HasSubstr("Cannot allocate memory"));
  }
}

}  // namespace
}  // namespace reweave::repro
