// `reweave campaign`: what it finds, and what it survives.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "scheduler/base/prng.h"
#include "tests/repro/campaign/signatures.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A process that is not waited for at once; killed with everything that it started.
class Background {
 public:
  explicit Background(const std::vector<std::string>& argv) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(open("/dev/null", O_RDWR), 0);
    for (const int fd : {1, 2}) dup2(output_, fd);
    execvp(words[0], words.data());
    _exit(127);
  }
  ~Background() {
    if (pid_ > 0) stop(SIGKILL);
    close(output_);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int stop(int number) {
    kill(pid_, number);
    return wait();
  }

  /// All that it has written so far.
  std::string output() const {
    std::string text(static_cast<std::size_t>(lseek(output_, 0, SEEK_END)), '\0');
    const ssize_t count = pread(output_, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }

 private:
  int output_ = memfd_create("output", MFD_CLOEXEC);
  pid_t pid_ = 0;
};

class Campaign : public Cli {
 protected:
  void SetUp() override { write("many.weave", kManyBugs); }
  Words run_words(const std::string& folder, const Words& more = {}) const {
    Words words = {"campaign", "run",          path(folder), path("many.weave"),
                   "--quiet",  "--executions", "24000"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Words argv(const Words& words) const {
    Words all = {tool()};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  std::set<std::string> signatures_in(const std::string& folder) const {
    const ProcessResult status = spawn({"campaign", "status", path(folder), "--format=json"});
    const nlohmann::json report = nlohmann::json::parse(status.output, nullptr, false);
    EXPECT_TRUE(report.is_object()) << status.output;
    EXPECT_FALSE(report.contains("notes")) << status.output;
    return signatures_of(report);
  }
  /// Every repro gives its verdict, and has a report; no file is half of one.
  void expect_whole(const std::string& folder) const {
    for (const auto& entry : fs::directory_iterator(path(folder) + "/repros")) {
      ASSERT_EQ(entry.path().extension(), ".weave") << entry.path();
      EXPECT_TRUE(fs::exists(path(folder) + "/reports/" + entry.path().stem().string() + ".txt"))
          << entry.path();
    }
    EXPECT_THAT(run({"check", path(folder) + "/repros"}, 0), HasSubstr(" 0 failed"));
  }
  std::map<std::string, std::string> content_of(const std::string& folder) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path(folder))) {
      if (!entry.is_regular_file() || entry.path().extension() == ".lock") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[fs::relative(entry.path(), path(folder)).string()] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }
};

TEST_F(Campaign, FindsEachSignatureOnceAndTellsItInOneObject) {
  const nlohmann::json report = run_json(run_words("c"), 1);
  EXPECT_EQ(report["stopped_by"], "executions");
  EXPECT_EQ(report["executions"], 24'000);
  EXPECT_EQ(report["waiting"], 0);
  EXPECT_EQ(report["unconfirmed"], 0);
  EXPECT_GE(report["signatures"].size(), 3u) << report.dump(1);
  EXPECT_GE(report["arms"].size(), 5u);
  for (const nlohmann::json& row : report["signatures"]) EXPECT_GE(row["times"], 1) << row;
  expect_whole("c");
  EXPECT_THAT(run({"campaign", "status", path("c")}, 1), HasSubstr("Good-Turing estimate"));
}

TEST_F(Campaign, GoesOnWhereItStopped) {
  const std::set<std::string> whole = signatures_of(run_json(run_words("whole"), 1));
  Words half = run_words("c");
  half[6] = "9000";
  run(half, 1);
  const nlohmann::json report = run_json(run_words("c"), 1);
  EXPECT_EQ(report["executions"], 24'000);
  EXPECT_EQ(signatures_of(report), whole);
  const nlohmann::json again = run_json(run_words("c"), 1);
  EXPECT_EQ(again["units"], report["units"]);
}

TEST_F(Campaign, WithOneJobDoesTheSameEachTime) {
  run(run_words("a", {"--jobs", "1"}), 1);
  run(run_words("b", {"--jobs", "1"}), 1);
  auto a = content_of("a"), b = content_of("b");
  std::erase_if(a, [](const auto& file) { return !file.first.starts_with("repros"); });
  std::erase_if(b, [](const auto& file) { return !file.first.starts_with("repros"); });
  EXPECT_FALSE(a.empty());
  EXPECT_EQ(a, b);
}

TEST_F(Campaign, StopsWhereEverythingWasTried) {
  const nlohmann::json report = run_json(
      {"campaign", "run", path("c"), write("clean.weave", kClean), "--quiet", "--jobs", "2"}, 0);
  EXPECT_EQ(report["stopped_by"], "exhausted");
  EXPECT_EQ(report["verdict"], "clean");
}

TEST_F(Campaign, IsNotCleanWhereNothingWasAskedOrALimitStoppedAll) {
  const std::string one = write("one.weave", "weave 1\nfunction main\n  emit a\nend\n");
  const std::string many =
      write("actors.weave",
            "weave 1\nfunction main\n  loop 50\n    spawn f -\n  end\nend\nfunction f\nend\n");
  const auto run_in = [&](const std::string& folder, const Words& more) {
    Words words = {"campaign", "run", path(folder), "--quiet", "--executions", "20", "--jobs", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_json(words, 0);
  };
  const nlohmann::json unexplored = run_in("a", {one});
  EXPECT_EQ(unexplored["verdict"], "unexplored") << unexplored;
  EXPECT_THAT(unexplored["notes"][0].get<std::string>(), HasSubstr("nothing was explored"));
  EXPECT_THAT(run({"campaign", "status", path("a")}, 0), HasSubstr("nothing was explored"));
  const nlohmann::json stopped = run_in("b", {many, "--actors-max", "10"});
  EXPECT_EQ(stopped["verdict"], "stopped") << stopped;
  EXPECT_THAT(run({"campaign", "status", path("b")}, 0), HasSubstr("a limit stopped every"));
}

TEST_F(Campaign, StopsWhenLittleIsLeftByAnEstimate) {
  const nlohmann::json report = run_json(
      {"campaign", "run", path("c"), path("many.weave"), "--quiet", "--left-one-in", "3000"}, 1);
  EXPECT_EQ(report["stopped_by"], "little-left");
  EXPECT_GE(report["left"]["one_in"], 3'000);
  EXPECT_EQ(report["left"]["method"], "Good-Turing");
}

TEST_F(Campaign, EightShardsInOneFolderFindWhatOneProcessFindsWithTheSameBudget) {
  const std::set<std::string> whole = signatures_of(run_json(run_words("whole"), 1));
  {
    std::vector<std::unique_ptr<Background>> shards;
    for (int shard = 1; shard <= 8; ++shard) {
      shards.push_back(std::make_unique<Background>(
          argv(run_words("shared", {"--jobs", "1", "--shard", std::to_string(shard) + "/8"}))));
    }
    // A node that is killed changes nothing but time: it is started anew.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    shards[2]->stop(SIGKILL);
    shards[2] =
        std::make_unique<Background>(argv(run_words("shared", {"--jobs", "1", "--shard", "3/8"})));
    for (const auto& shard : shards) {
      const int code = shard->wait();
      EXPECT_TRUE(code == 0 || code == 1) << code << "\n" << shard->output();
    }
  }
  EXPECT_EQ(signatures_in("shared"), whole);
  expect_whole("shared");
  const nlohmann::json status = run_json({"campaign", "status", path("shared")}, 1);
  EXPECT_EQ(status["executions"], 24'000);
  EXPECT_EQ(status["shards"], 8);
}

TEST_F(Campaign, SurvivesToBeKilledAtAnyMoment) {
  const char* const wanted = std::getenv("REWEAVE_KILLS");
  const int kills = wanted == nullptr ? 10 : std::atoi(wanted);
  const std::set<std::string> whole = signatures_of(run_json(run_words("whole"), 1));
  Prng prng(1);
  int killed = 0;
  std::set<std::string> before;
  for (int round = 0; killed < kills; ++round) {
    const std::string folder = "c" + std::to_string(round);
    int code = 137;
    while (code == 137 && killed < kills) {
      Background campaign(argv(run_words(folder)));
      std::this_thread::sleep_for(std::chrono::microseconds(prng.below(800'000)));
      code = campaign.stop(SIGKILL);
      killed += code == 137 ? 1 : 0;
      if (fs::exists(path(folder) + "/shards")) {
        const std::set<std::string> now = signatures_in(folder);
        EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()))
            << "a finding was lost";
        before = now;
      }
    }
    const nlohmann::json end = run_json(run_words(folder), 1);
    EXPECT_EQ(end["executions"], 24'000);
    EXPECT_EQ(signatures_of(end), whole);
    expect_whole(folder);
    before.clear();
  }
}

TEST_F(Campaign, OnCtrlCTellsWhatWasDoneAndGoesOnLater) {
  Words words = run_words("c");
  words[6] = "100000000";
  Background campaign(argv(words));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  const int code = campaign.stop(SIGINT);
  EXPECT_TRUE(code == 1 || code == 130) << code << "\n" << campaign.output();
  EXPECT_EQ(run_json({"campaign", "status", path("c")}, code == 1 ? 1 : 0)["waiting"], 0);
}

TEST_F(Campaign, ThatIsTheSameAsOneAtWorkIsRefused) {
  Words words = run_words("c");
  words[6] = "100000000";
  Background campaign(argv(words));
  const auto is_locked = [&] {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path("c") + "/shards", error)) {
      if (entry.path().extension() == ".json") return true;
    }
    return false;
  };
  for (int i = 0; i < 500 && !is_locked(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_THAT(run(words, 69), HasSubstr("another campaign does the same work"));
  // With another seed it works beside it.
  Words other = run_words("c", {"--seed", "5"});
  other[6] = "1000";
  run(other, 1);
}

TEST_F(Campaign, DrawsAPageWithCurves) {
  write("an <odd> & name.weave", kManyBugs);
  Words words = run_words("c");
  words[3] = path("an <odd> & name.weave");
  const nlohmann::json report = run_json(words, 1);
  const std::string page = *read_file(path("c") + "/status.html");
  for (const nlohmann::json& row : report["signatures"]) {
    EXPECT_THAT(page, HasSubstr("<td>" + row["signature"].get<std::string>() + "</td>"));
  }
  EXPECT_THAT(page, HasSubstr("24,000 executions"));
  EXPECT_THAT(page, HasSubstr("an &lt;odd&gt; &amp; name.weave"));
  EXPECT_THAT(page, Not(HasSubstr("<odd>")));
  EXPECT_THAT(page, Not(HasSubstr("http-equiv=\"refresh\""))) << "it has ended";
  // The last point of the curve is what there is now, at the right upper corner.
  EXPECT_THAT(page, HasSubstr(" 970.0,12.0\"><title>shard 1 of 1, seed 1</title>"));

  run({"campaign", "status", path("c"), "--html", path("page.html")}, 1);
  EXPECT_EQ(*read_file(path("page.html")), page);
  run({"campaign", "status", path("c"), "--html", path("no/such/page.html")}, 74);
}

TEST_F(Campaign, IsNotCleanBeforeWhatItFoundIsConfirmed) {
  run_json(run_words("c"), 1);
  const std::string waiting = path("c") + "/new/another/1";
  fs::create_directories(waiting);
  for (const auto& entry : fs::directory_iterator(path("c") + "/repros"))
    fs::rename(entry.path(), waiting + "/" + entry.path().filename().string());
  nlohmann::json report = run_json({"campaign", "status", path("c")}, 1);
  EXPECT_EQ(report["verdict"], "finding");
  EXPECT_TRUE(report["signatures"].empty());

  fs::create_directories(path("c") + "/unconfirmed");
  for (const auto& entry : fs::directory_iterator(waiting))
    fs::rename(entry.path(), path("c") + "/unconfirmed/" + entry.path().filename().string());
  report = run_json({"campaign", "status", path("c")}, 3);
  EXPECT_EQ(report["verdict"], "nondeterministic");
}

TEST_F(Campaign, SaysThatAFolderIsReadOnly) {
  const std::string folder = path("c");
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                              fs::perms::others_exec);
  Words words = {"setpriv", "--reuid", "65534", "--clear-groups"};
  if (geteuid() != 0) words.clear();
  fs::permissions(folder_.root(), fs::perms::all);
  for (const std::string& word : argv(run_words("c"))) words.push_back(word);
  const ProcessResult result = run_process(words, {.timeout_ms = 60'000});
  EXPECT_EQ(result.code, 74) << result.output;
  EXPECT_THAT(result.output, HasSubstr("no file can be written there: Permission denied"));
  EXPECT_THAT(run({"campaign", "status", folder}, 2), HasSubstr("not the folder of a campaign"));
}

TEST_F(Campaign, ThatFindsTheDiskFullLosesNothingAndGoesOn) {
  const std::string folder = path("disk");
  fs::create_directories(folder);
  // In a mount namespace of its own: a disk of 64 KiB, most of which is used.
  const std::string script = "mount -t tmpfs -o size=64k none " + folder + " || exit 77\n" +
                             "mkdir " + folder + "/c && head -c 40960 /dev/zero > " + folder +
                             "/filler\n" + shell_word(tool()) + " campaign run " + folder + "/c " +
                             path("many.weave") + " --quiet --executions 24000; echo code $?\nrm " +
                             folder + "/filler\n" + shell_word(tool()) + " campaign run " + folder +
                             "/c " + path("many.weave") +
                             " --quiet --executions 24000 --format=json; echo code $?\n" +
                             shell_word(tool()) + " check " + folder + "/c/repros\n";
  const ProcessResult result =
      run_process({"unshare", "-m", "sh", "-c", script}, {.timeout_ms = 120'000});
  if (result.code == 77 || result.output.find("unshare") != std::string::npos)
    GTEST_SKIP() << "no tmpfs can be mounted here: " << result.output;
  EXPECT_THAT(result.output, HasSubstr("No space left on device"));
  const std::size_t first = result.output.find("code "),
                    second = result.output.find("code ", first + 1);
  EXPECT_EQ(result.output.substr(first, 7), "code 74") << result.output;
  EXPECT_EQ(result.output.substr(second, 6), "code 1") << result.output;
  EXPECT_THAT(result.output, HasSubstr("\"executions\":24000"));
  EXPECT_THAT(result.output, HasSubstr(" 0 failed"));
}

TEST_F(Campaign, DoesTheSameWhereTheClockJumps) {
  // AddressSanitizer otherwise wants to be the first library.
  const Words jumping = {"LD_PRELOAD=" REWEAVE_JUMPING_CLOCK,
                         "ASAN_OPTIONS=verify_asan_link_order=0"};
  const ProcessResult year =
      run_process({"date", "+%Y"}, {.environment = jumping, .timeout_ms = 60'000});
  const int shown = std::atoi(year.output.c_str());
  ASSERT_TRUE(shown < 2010 || shown > 2050) << "the clock does not jump: " << year.output;

  run(run_words("still", {"--jobs", "1"}), 1);
  run(run_words("jumping", {"--jobs", "1"}), 1, jumping);
  auto still = content_of("still"), jumped = content_of("jumping");
  std::erase_if(still, [](const auto& file) { return !file.first.starts_with("repros"); });
  std::erase_if(jumped, [](const auto& file) { return !file.first.starts_with("repros"); });
  EXPECT_FALSE(still.empty());
  EXPECT_EQ(jumped, still);

  // A budget of time is neither over at once nor never.
  Words words = {"campaign", "run",       path("timed"), path("many.weave"),
                 "--quiet",  "--seconds", "1",           "--format=json"};
  const auto begin = std::chrono::steady_clock::now();
  const std::string output = run(words, 1, jumping);
  const auto spent = std::chrono::steady_clock::now() - begin;
  EXPECT_THAT(output, HasSubstr("\"stopped_by\":\"seconds\""));
  EXPECT_GE(spent, std::chrono::seconds(1));
  EXPECT_LT(spent, std::chrono::seconds(60));
}

TEST_F(Campaign, MergesInWhateverOrderAndTwiceIsAsGoodAsOnce) {
  for (const char* const seed : {"1", "2", "3"}) {
    Words words = run_words(std::string("seed") + seed, {"--seed", seed});
    words[6] = "5000";
    run(words, 1);
  }
  const auto merged = [&](const std::string& into, const Words& from) {
    for (const std::string& one : from) run({"campaign", "merge", path(into), path(one)}, 0);
    return content_of(into);
  };
  const auto all = merged("a", {"seed1", "seed2", "seed3"});
  EXPECT_EQ(merged("b", {"seed3", "seed1", "seed2"}), all);
  EXPECT_EQ(merged("b", {"seed2", "seed2", "b", "a"}), all);
  const nlohmann::json status = run_json({"campaign", "status", path("a")}, 1);
  EXPECT_EQ(status["executions"], 15'000);
  EXPECT_EQ(status["shards"], 3);
  expect_whole("a");
}

TEST_F(Campaign, MergePassesOverWhatCannotBeReadAndTakesTheRest) {
  run(run_words("from"), 1);
  const std::set<std::string> found = signatures_in("from");
  write("from/repros/aaa.weave", "reweave no-such-version\n");
  write("from/repros/scenario.weave", kClean);
  write("from/shards/zzz.json", "{");
  fs::create_directories(path("from/new/some-shard/7"));
  fs::copy(*fs::directory_iterator(path("from/repros")), path("from/new/some-shard/7/late.weave"));
  for (int time = 0; time < 2; ++time) {
    const std::string output = run({"campaign", "merge", path("to"), path("from")}, 2);
    EXPECT_THAT(output, HasSubstr("aaa.weave"));
    EXPECT_THAT(output, HasSubstr("zzz.json"));
    EXPECT_THAT(output, HasSubstr("1 file left out that state"));
    EXPECT_EQ(signatures_in("to"), found);
    const nlohmann::json status = run_json({"campaign", "status", path("to")}, 1);
    EXPECT_EQ(status["executions"], 24'000);
    EXPECT_EQ(status["waiting"], 1) << "the one in new/";
  }
}

TEST_F(Campaign, MinimizeLeavesEachSignatureItsBestRepro) {
  run({"hunt", path("many.weave"), "--keep-going", "--executions", "2000", "--output", path("raw")},
      1);
  run({"campaign", "merge", path("c"), path("raw")}, 0);
  const std::set<std::string> before = signatures_in("c");
  const nlohmann::json report = run_json({"campaign", "minimize", path("c")}, 0);
  EXPECT_EQ(signatures_of(report), before);
  std::uint64_t answers = 0;
  for (const nlohmann::json& row : report["signatures"])
    answers += row["answers"].get<std::uint64_t>();
  EXPECT_LE(answers, 4u) << report.dump(1);
  EXPECT_THAT(run({"check", path("c") + "/repros"}, 0), HasSubstr(" 0 failed"));
}

TEST_F(Campaign, TriageTellsNewSignaturesFromKnownOnes) {
  run({"hunt", path("many.weave"), "--keep-going", "--executions", "2000", "--output", path("raw")},
      1);
  const nlohmann::json all = run_json({"campaign", "triage", path("raw")}, 0);
  ASSERT_GE(all["signatures"].size(), 3u);
  const std::string known = all["signatures"][0]["best"];
  const nlohmann::json report =
      run_json({"campaign", "triage", path("raw"), "--baseline", known}, 1);
  std::size_t count = 0;
  for (const nlohmann::json& row : report["signatures"]) {
    EXPECT_EQ(row["known"], row["signature"] == all["signatures"][0]["signature"]);
    count += row["known"] ? 1 : 0;
  }
  EXPECT_EQ(count, 1u);
  run({"campaign", "triage", path("raw"), "--baseline", path("raw")}, 0);
  // A larger copy is what nobody needs.
  fs::copy_file(known, path("raw") + "/zz-copy.weave");
  EXPECT_THAT(run({"campaign", "triage", path("raw"), "--keep-best"}, 0), HasSubstr("zz-copy"));
  EXPECT_FALSE(fs::exists(path("raw") + "/zz-copy.weave"));
  EXPECT_TRUE(fs::exists(known));
}

#ifdef REWEAVE_PROGRAMS

TEST_F(Campaign, HuntsInAProgram) {
  const nlohmann::json report = run_json({"campaign", "run", path("c"), "--quiet", "--executions",
                                          "2000", "--", REWEAVE_PROGRAMS "/hunted_lost_update"},
                                         1);
  EXPECT_EQ(report["executions"], 2'000);
  EXPECT_GE(report["signatures"].size(), 1u) << report.dump(1);
  expect_whole("c");
}

/// Processes with that word in their environment.
std::size_t processes_with(const std::string& word) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream in(entry.path() / "environ", std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    count += text.find(word) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_F(Campaign, ThatIsKilledLeavesNobodyBehind) {
  const std::string mark = "CAMPAIGN_TEST_MARK=" + path("mark");
  Words words = {"env", mark};
  for (const std::string& word : argv(
           {"campaign", "run", path("c"), "--quiet", "--", REWEAVE_PROGRAMS "/hunted_lost_update"}))
    words.push_back(word);
  {
    Background campaign(words);
    // The campaign, the tool, the program: one after another ends and is started anew.
    auto most = processes_with(mark);
    for (int i = 0; i < 10'000 && most < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      most = std::max(most, processes_with(mark));
    }
    EXPECT_GE(most, 3u);
    campaign.stop(SIGKILL);
  }
  for (int i = 0; i < 1'000 && processes_with(mark) > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(processes_with(mark), 0u);
}

#endif

TEST_F(Campaign, SaysWhatIsWrong) {
  EXPECT_THAT(run({"campaign"}, 2), HasSubstr("say what to do"));
  EXPECT_THAT(run({"campaign", "rum"}, 2), HasSubstr("run"));
  EXPECT_THAT(run({"campaign", "run", path("c")}, 2), HasSubstr("say in what to hunt"));
  EXPECT_THAT(run({"campaign", "run", path("c"), path("none.weave")}, 2), HasSubstr("none.weave"));
  EXPECT_THAT(run({"campaign", "triage", path("none")}, 2), HasSubstr("there is no such"));
  EXPECT_THAT(run({"campaign", "merge", path("c"), path("none")}, 2), HasSubstr("no such folder"));
  EXPECT_THAT(run({"campaign", "--help"}, 0), HasSubstr("minimize"));
}

}  // namespace
}  // namespace reweave::repro
