// A repro is found again after its scenario or its program was edited, in far fewer executions than
// a hunt needs.

#include "repro/file/workdir.h"
#include "tests/repro/compiled.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::string with_all(std::string text, const std::string& old, const std::string& now) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += now.size())
    text.replace(at, old.size(), now);
  return text;
}

class Rehunt : public Compiled {
 protected:
  /// A repro of the finding, shrunk.
  void hunt(const Words& subject, const std::string& small) const {
    Words words = {"hunt", "--output", path("found")};
    words.insert(words.end(), subject.begin(), subject.end());
    unshrunk_ = run_json(words, 1)["repro"];
    run({"shrink", unshrunk_, "--output", small}, 0);
  }
  /// How many executions a fresh hunt needs: the middle one of five seeds.
  std::uint64_t executions_of_a_hunt(const Words& subject) const {
    std::vector<std::uint64_t> counts;
    for (const char* const seed : {"1", "2", "3", "4", "5"}) {
      Words words = {"hunt", "--output", path("fresh"), "--seed", seed};
      words.insert(words.end(), subject.begin(), subject.end());
      counts.push_back(run_json(words, 1)["executions"]);
    }
    std::sort(counts.begin(), counts.end());
    return counts[2];
  }
  json rehunt(const std::string& file, const Words& more = {}) const {
    Words words = {"rehunt", file, "--output", path("again.weave"), "--overwrite"};
    words.insert(words.end(), more.begin(), more.end());
    return run_json(words, 1);
  }

  mutable std::string unshrunk_;
};

// ---- Scenarios ----

class RehuntScenario : public Rehunt {
 protected:
  RehuntScenario() {
    hunt({REWEAVE_CORPORA "/scenarios/noisy.weave", "--profile", "stackless-2012-A"},
         path("small.weave"));
  }
  /// The unshrunk repro with an edit is found again, near its schedule.
  void expect_found(const std::string& name, const std::string& text) const {
    const std::string file = write(name, text);
    const json again = rehunt(file);
    EXPECT_EQ(again["found"], "near");
    EXPECT_EQ(again["finding"]["kind"], "lost-value");
    EXPECT_LT(again["executions"].get<std::uint64_t>() * 5, executions_of_a_hunt({file})) << name;
    run({"check", path("again.weave")}, 0);
  }
};

TEST_F(RehuntScenario, WithoutAnEditIsOneExecution) {
  const json again = rehunt(path("small.weave"));
  EXPECT_EQ(again["found"], "as it stands");
  EXPECT_EQ(again["executions"], 1);
}

TEST_F(RehuntScenario, FindsItAfterALineBefore) {
  const std::string text = *read_file(unshrunk_);
  expect_found("line.weave", with(text, "function loader\n", "function loader\n  emit hello\n"));
}

TEST_F(RehuntScenario, TakesTheScenarioAsItIsNowFromAnotherFile) {
  const std::string now =
      write("now.weave", with(*read_file(REWEAVE_CORPORA "/scenarios/noisy.weave"),
                              "function loader\n", "function loader\n  emit hello\n"));
  const json again = rehunt(unshrunk_, {"--in", now});
  EXPECT_EQ(again["found"], "near");
  EXPECT_EQ(again["finding"]["kind"], "lost-value");
  EXPECT_THAT(*read_file(path("again.weave")), HasSubstr("emit hello"));
  run({"check", path("again.weave")}, 0);
}

TEST_F(RehuntScenario, SaysWhichFileOfTheSubjectCannotBeRead) {
  EXPECT_THAT(run({"rehunt", unshrunk_, "--in", path("none.weave")}, 2),
              HasSubstr(path("none.weave")));
}

TEST_F(RehuntScenario, FindsItAfterARenamedFunction) {
  // The schedule has the old name.
  std::string text = *read_file(unshrunk_);
  const std::size_t end = text.find("\nschedule\n");
  text = with_all(text.substr(0, end), "fetch", "gets") + text.substr(end);
  expect_found("renamed.weave", text);
}

TEST_F(RehuntScenario, FindsItAfterAnExtraTasklet) {
  std::string text = *read_file(unshrunk_);
  text = with(text, "  spawn logger -\n", "  spawn extra -\n  spawn logger -\n");
  expect_found("more.weave", with(text, "function logger\n",
                                  "function extra\n  emit hello\nend\nfunction logger\n"));
}

// ---- Programs ----

/// Both accounts have to lose an update for it to be seen.
constexpr const char* kBank = R"(#include <cstdlib>
#include <mutex>
#include <thread>

struct Account {
  std::mutex mutex;
  int balance = 100;
  int version = 0;
};

Account accounts[2];

void deposit(int which, int amount) {
  Account& account = accounts[which];
  account.mutex.lock();
  const int before = account.balance;
  account.mutex.unlock();
  account.mutex.lock();
  account.balance = before + amount;
  ++account.version;
  account.mutex.unlock();
}

void transfer(int from, int to) {
  for (int i = 0; i < 3; ++i) {
    deposit(from, -1);
    deposit(to, 1);
  }
}

int main() {
  std::thread a(transfer, 0, 1), b(transfer, 1, 0), c(transfer, 0, 1);
  a.join();
  b.join();
  c.join();
  if (accounts[0].balance <= 95 && accounts[1].balance >= 105) std::abort();
}
)";

class RehuntProgram : public Rehunt {
 protected:
  RehuntProgram() {
    compile(kBank);
    hunt({"--", path("bank")}, path("small.weave"));
  }
  void compile(const std::string& text) const {
    Compiled::compile("bank", {write("bank.cc", text)});
  }
  void expect_found(const std::string& text, const std::string& where = "near") const {
    compile(text);
    const json again = rehunt(path("small.weave"));
    EXPECT_EQ(again["found"], where) << again;
    EXPECT_EQ(again["finding"]["signature"], "assertion abort in main") << again;
    EXPECT_LT(again["executions"].get<std::uint64_t>() * 5,
              executions_of_a_hunt({"--", path("bank")}))
        << again["notes"];
    run({"check", path("again.weave")}, 0);
  }
};

TEST_F(RehuntProgram, FindsItAfterALineBefore) {
  expect_found(with(kBank, "{\n  Account& account",
                    "{\n  if (amount == 7) std::abort();\n  Account& account"));
}

TEST_F(RehuntProgram, FindsItAfterAnExtraLock) {
  expect_found(with(with(kBank, "Account accounts[2];", "Account accounts[2];\nstd::mutex all;"),
                    "  account.mutex.lock();\n  const int",
                    "  all.lock();\n  all.unlock();\n  account.mutex.lock();\n  const int"));
}

TEST_F(RehuntProgram, FindsItAfterARenamedFunction) {
  expect_found(with_all(kBank, "deposit", "change_balance"));
}

// What a command did before its hunt, and so where its own objects lie, decides nothing.
TEST_F(RehuntProgram, HuntsAsAHuntDoes) {
  compile(with_all(kBank, "deposit", "change_balance"));
  Words hunt = {"hunt", "--output", path("fresh"), "--", path("bank")};
  const std::uint64_t executions = run_json(hunt, 1)["executions"];
  for (const char* const near : {"0", "0", "1", "2", "3"}) {
    const json again = rehunt(path("small.weave"), {"--near", near});
    if (again["found"] == "near") continue;
    EXPECT_EQ(again["found"], "hunt");
    EXPECT_EQ(again["hunted"], std::to_string(executions)) << near;
  }
}

// A name that was changed is no reason to believe that nothing is wrong any more.
TEST_F(RehuntProgram, IsWhatACheckAsksForWhereTheScheduleDoesNotFit) {
  compile(with_all(kBank, "deposit", "change_balance"));
  const std::string file = path("small.weave"), before = *read_file(file);
  const std::string log = run({"check", file}, 3);
  EXPECT_THAT(
      log, AllOf(HasSubstr("still fit: nothing is found, which proves nothing\n"),
                 HasSubstr("rehunt " + file), HasSubstr("check " + file + " --update --mended")));
  EXPECT_LT(log.find(" rehunt "), log.find(" --update")) << log;
  EXPECT_THAT(run({"check", file, "--update"}, 3),
              AllOf(HasSubstr("so that nothing was written"), HasSubstr("rehunt " + file)));
  EXPECT_EQ(*read_file(file), before);
  run({"rehunt", file, "-o", file, "--overwrite"}, 1);
  run({"check", file}, 0);
}

TEST_F(RehuntProgram, SaysThatItIsGone) {
  compile(with(with(kBank, "  account.mutex.unlock();\n", ""),
               "  account.mutex.lock();\n  account.balance", "  account.balance"));
  const json again =
      run_json({"rehunt", path("small.weave"), "--near", "50", "--executions", "200"}, 0);
  EXPECT_EQ(again["executions"], 200);
  EXPECT_EQ(again["verdict"], "clean");
  EXPECT_THAT(run({"rehunt", path("small.weave"), "--near", "50", "--executions", "200"}, 0),
              AllOf(HasSubstr("--executions 2000 --seed 2"),
                    HasSubstr("check " + path("small.weave") + " --update --mended")));
  // What it names does what it says.
  EXPECT_THAT(run({"check", path("small.weave"), "--update", "--mended"}, 0),
              HasSubstr("now: nothing is found"));
  run({"check", path("small.weave")}, 0);
}

TEST_F(RehuntProgram, WritesNothingOverWhatIsThere) {
  const std::string before = *read_file(path("small.weave"));
  EXPECT_THAT(run({"rehunt", path("small.weave"), "--output", path("small.weave")}, 2),
              HasSubstr("--overwrite"));
  EXPECT_EQ(*read_file(path("small.weave")), before);
}

/// Who has nothing but the log of a failing check is told what to do.
TEST_F(Rehunt, IsNamedWhereACheckFails) {
  const std::string repro = hunted(kLostValue);
  const std::string text = *read_file(repro);
  const std::string mended =
      write("mended.weave", with(text, "defects post-switch-clear\n", "defects none\n"));
  EXPECT_THAT(run({"check", mended}, 4),
              AllOf(HasSubstr("it did not show"), HasSubstr("rehunt " + mended),
                    HasSubstr("check " + mended + " --update")));
  run({"check", mended, "--update"}, 0);
  const std::string back = write(
      "back.weave", with(*read_file(mended), "defects none\n", "defects post-switch-clear\n"));
  const std::string log = run({"check", back}, 4);
  EXPECT_THAT(log, AllOf(HasSubstr("unexpected lost-value"), HasSubstr("explain " + back)));
  EXPECT_THAT(run({"check", back, "--format=github"}, 4), HasSubstr("%0Ato see why:"));
  // The command as it stands in the log.
  EXPECT_THAT(run({"explain", back}, 1), HasSubstr("lost-value"));

  const std::string edited =
      write("edited.weave", std::string(kLostValue) + "schedule\n  0.1 spill nowhere.7 0 1\nend\n");
  EXPECT_THAT(run({"replay", edited}, 3), HasSubstr("rehunt " + edited));
}

TEST_F(Rehunt, NeedsASchedule) {
  EXPECT_THAT(run({"rehunt", write("clean.weave", kClean)}, 2),
              AllOf(HasSubstr("no schedule"), HasSubstr("reweave hunt")));
}

}  // namespace
}  // namespace reweave::repro
