// `export --to c++`: the file that it writes is compiled with the program's own, and fails as the
// repro does; mended, it passes.

#include <gmock/gmock.h>

#include "repro/file/workdir.h"
#include "tests/repro/compiled.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ExportedTest : public Compiled {
 protected:
  /// Hunts in the program of `text`, and exports the shrunk repro. The signature.
  std::string exported(const std::string& text, const Words& arguments) const {
    Words words = {"hunt", "--output", path("found"), "--",
                   compile("program", {write("program.cc", text)})};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const json hunted = run_json(words, 1);
    run({"shrink", hunted["repro"], "--output", path("small.weave")}, 0);
    run({"export", path("small.weave"), "--to", "c++", "--output", path("kept.cc")}, 0);
    return hunted["finding"]["signature"];
  }
  /// The exported test with the program of `text`.
  ProcessResult tried(const std::string& text) const {
    const std::string test = compile("kept", {write("program.cc", text), path("kept.cc"), "-Wall",
                                              "-Werror", "-Wl,--wrap=main"});
    return run_process({test},
                       {.environment = {"REWEAVE_OUTPUT=" + path("again")}, .timeout_ms = 120'000});
  }
};

constexpr const char* kSlot = R"(#include <condition_variable>
#include <mutex>
#include <thread>

class Slot {
 public:
  void put() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !full_; });
    full_ = true;
    changed_.notify_one();
  }
  void take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return full_; });
    full_ = false;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
};

int main() {
  Slot slot;
  std::thread a(&Slot::put, &slot), b(&Slot::put, &slot);
  std::thread c(&Slot::take, &slot), d(&Slot::take, &slot);
  for (std::thread* thread : {&a, &b, &c, &d}) thread->join();
}
)";

std::string with_notify_all(std::string text) {
  text = with(text, "notify_one", "notify_all");
  return with(text, "notify_one", "notify_all");
}

TEST_F(ExportedTest, FailsAsTheReproDoesAndPassesOnceItIsMended) {
  const std::string signature = exported(kSlot, {});
  const ProcessResult failing = tried(kSlot);
  EXPECT_EQ(failing.code, 1) << failing.output;
  EXPECT_THAT(failing.output, AllOf(HasSubstr("deadlock: " + signature), HasSubstr("after 1 exec"),
                                    Not(HasSubstr("does not follow"))));
  const ProcessResult mended = tried(with_notify_all(kSlot));
  EXPECT_EQ(mended.code, 0) << mended.output;
}

TEST_F(ExportedTest, SearchesWhereTheScheduleDoesNotFitAnyMore) {
  const std::string signature = exported(kSlot, {});
  std::string edited = kSlot;
  for (const std::string head : {"  void put() {\n", "  void take() {\n", "int main() {\n"})
    edited = with(edited, head, head + std::string(20, '\n'));
  const ProcessResult found = tried(edited);
  EXPECT_EQ(found.code, 1) << found.output;
  EXPECT_THAT(found.output,
              AllOf(HasSubstr("does not follow"), HasSubstr("deadlock: " + signature)));
}

constexpr const char* kArguments = R"(#include <cstdlib>
#include <cstring>
#include <thread>

int value = 0;

void add(int times) {
  for (int i = 0; i < times; ++i) ++value;
}

int main(int count, char** words) {
  if (count != 3 || std::strcmp(words[2], "a \"b\" \\ c") != 0) return 9;
  const int times = std::atoi(words[1]);
  std::thread a(add, times), b(add, times);
  a.join();
  b.join();
  return value == 2 * times ? 0 : 4;
}
)";

TEST_F(ExportedTest, GivesTheProgramItsArgumentsAndLooksAtItsExitCode) {
  const std::string signature = exported(kArguments, {"2", "a \"b\" \\ c"});
  EXPECT_EQ(signature, "assertion exit 4 in main");
  const ProcessResult failing = tried(kArguments);
  EXPECT_EQ(failing.code, 1);
  EXPECT_THAT(failing.output, HasSubstr("assertion: " + signature));
}

TEST_F(ExportedTest, KeepsTheSettingsOfTheRepro) {
  // A race that does no harm: only with --races on it is a finding.
  const std::string text = with(kArguments, "value == 2 * times ? 0 : 4", "0");
  const std::string program = compile("program", {write("program.cc", text)});
  const json hunted = run_json(
      {"hunt", "--races", "on", "--output", path("found"), "--", program, "1", "a \"b\" \\ c"}, 1);
  EXPECT_EQ(hunted["finding"]["kind"], "race");
  run({"export", hunted["repro"], "--to", "c++", "--output", path("kept.cc")}, 0);
  const ProcessResult failing = tried(text);
  EXPECT_EQ(failing.code, 1);
  EXPECT_THAT(failing.output,
              HasSubstr("race: " + hunted["finding"]["signature"].get<std::string>()));
}

TEST_F(ExportedTest, SaysHowItIsBuiltAsTheProgramWas) {
  exported(kSlot, {});
  const std::string text = *read_file(path("kept.cc"));
  if (std::string(REWEAVE_CXX).find("clang") == std::string::npos) {
    EXPECT_THAT(text, HasSubstr("//   reweave-c++ -O1 -std=c++20 -g PROGRAM.cc " + path("kept.cc") +
                                " -Wl,--wrap=main -o kept && ./kept\n"));
  } else {
    EXPECT_THAT(text, HasSubstr("//   reweave-c++ FLAGS -g PROGRAM.cc "));  // It notes none.
  }
  // A repro has the name of the program, and so its source: neither is written over.
  std::filesystem::copy(path("small.weave"), path("slot.weave"));
  EXPECT_THAT(
      run({"export", path("slot.weave"), "--to", "c++"}, 0),
      AllOf(HasSubstr(" PROGRAM.cc slot_test.cc "), HasSubstr(" -o slot_test && ./slot_test"),
            HasSubstr("{.name = \"slot_test\"")));
  std::filesystem::remove(path("program"));
  EXPECT_THAT(run({"export", path("slot.weave"), "--to", "c++"}, 0),
              HasSubstr("FLAGS being those with which they were\n// compiled then (-O above all)"));
}

TEST_F(ExportedTest, RefusesWhatIsNoProgramOrHasNoFinding) {
  EXPECT_THAT(run({"export", write("lost.weave", kLostValue), "--to", "c++"}, 2),
              HasSubstr("--to gtest"));
  EXPECT_THAT(run({"export", write("program.weave", "weave 1\nsubject program\ncommand ./none\n"),
                   "--to", "c++"},
                  2),
              HasSubstr("no finding"));
}

}  // namespace
}  // namespace reweave::repro
