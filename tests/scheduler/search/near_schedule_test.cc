#include "scheduler/search/near_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <csignal>
#include <new>

#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"
#include "scheduler/search/renaming.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

TEST(Renaming, KeepsWhatNothingIsKnownOf) {
  const Renaming names;
  EXPECT_EQ(names.site("deposit+3#1"), "deposit+3#1");
  EXPECT_EQ(names.site("a.out+0x1c"), "a.out+0x1c");
  EXPECT_EQ(names.actor("0.2.1"), "0.2.1");
}

TEST(Renaming, MovesLinesBehindAnInsertion) {
  Renaming names;
  names.learn_site("main.4", "main.6");
  EXPECT_EQ(names.site("main.3"), "main.3");
  EXPECT_EQ(names.site("main.5"), "main.7");
  EXPECT_EQ(names.site("other.5"), "other.5");
  names.learn_site("main.8", "main.8");
  EXPECT_EQ(names.site("main.7"), "main.9");
  EXPECT_EQ(names.site("main.9"), "main.9");
}

TEST(Renaming, TakesThePlacesOfAFunctionAlong) {
  Renaming names;
  names.learn_site("Slot::put+5#2", "Slot::fill+5#2");
  EXPECT_TRUE(names.renames("Slot::put"));
  EXPECT_EQ(names.site("Slot::put+7"), "Slot::fill+7");
  EXPECT_EQ(names.site("operator++1"), "operator++1");
}

TEST(Renaming, MovesYoungerSiblingsAndTheirChildren) {
  Renaming names;
  names.learn_actor("0.2", "0.3");
  EXPECT_EQ(names.actor("0.1"), "0.1");
  EXPECT_EQ(names.actor("0.3.1"), "0.4.1");
  EXPECT_EQ(names.actor("0"), "0");
  names.learn_actor("0.1", "0.1.1");
  EXPECT_EQ(names.actor("0.1"), "0.1.1") << "somebody else makes it now";
}

TEST(Renaming, MovesSiblingsByANumber) {
  Renaming names;
  names.move_siblings("0.2", 1);
  EXPECT_EQ(names.actor("0.1"), "0.1");
  EXPECT_EQ(names.actor("0.2.2"), "0.3.2");
  names.move_siblings("0.1.1", -1);
  EXPECT_EQ(names.actor("0.1.1"), "0.1.1") << "they count from 1";
}

/// Straight code, a question on each line; the finding needs the last of ten answers at three of
/// them, which are known by what they are and not by where.
class Edited : public toys::Toy {
 public:
  struct Line {
    std::string site;
    char what;  // 'x', 'y', 'z': where it matters.
  };
  explicit Edited(std::vector<Line> lines) : lines_(std::move(lines)) {}

  std::string site_name(SiteId site) const override {
    return lines_[static_cast<std::size_t>(site)].site;
  }
  std::optional<SiteId> find_site(std::string_view name) const override {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].site == name) return SiteId{static_cast<std::uint32_t>(i)};
    }
    return std::nullopt;
  }
  void run(Execution& execution) override {
    std::string taken;
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      if (!execution.step(ActorId{0}, SiteId{i})) return;
      const std::uint32_t answer = execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{i}, 10);
      if (answer == 9 && lines_[i].what != ' ') taken += lines_[i].what;
      if (answer == 9 && lines_[i].what == '!')
        execution.report(toys::finding(FindingKind::kLeak, execution.steps(), "leak"), true);
    }
    if (taken == "xyz") {
      execution.report(
          toys::finding(FindingKind::kLostValue, execution.steps(), "lost-value: pick"),
          /*stops=*/false);
    }
  }

 private:
  std::vector<Line> lines_;
};

/// "main.0" … with the three at 4, 11 and 19.
std::vector<Edited::Line> code(const std::string& function, int lines = 24) {
  std::vector<Edited::Line> code;
  for (int i = 0; i < lines; ++i) {
    code.push_back({function + "." + std::to_string(i), i == 4    ? 'x'
                                                        : i == 11 ? 'y'
                                                        : i == 19 ? 'z'
                                                                  : ' '});
  }
  return code;
}

/// The same after a line was put in before that one.
std::vector<Edited::Line> with_line(std::vector<Edited::Line> code, std::size_t before) {
  code.insert(code.begin() + static_cast<std::ptrdiff_t>(before), {"", ' '});
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string& other = code[i == 0 ? 1 : 0].site;
    code[i].site = other.substr(0, other.find('.') + 1) + std::to_string(i);
  }
  return code;
}

const char* const kOld = "0 pick main.4 0 9; 0 pick main.11 0 9; 0 pick main.19 0 9";

Near near(std::vector<Edited::Line> code, const NearOptions& options = {}) {
  Edited subject(std::move(code));
  Isolator isolator;
  return find_near(subject, *parse_one_line(kOld), isolator, Limits{}, options);
}

TEST(NearSchedule, IsTheOldScheduleWhereNothingWasEdited) {
  const Near found = near(code("main"));
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.executions, 1u);
  EXPECT_EQ(found.changes, 0u);
}

TEST(NearSchedule, FollowsALineThatWasPutInBetween) {
  const Near found = near(with_line(code("main"), 8));
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.followed, 3u) << "each of them fits somewhere, but not where it belongs";
  EXPECT_LT(found.executions, 20u);
}

TEST(NearSchedule, FollowsAFunctionToItsNewName) {
  const Near found = near(code("start"));
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.followed, 0u);
  EXPECT_LT(found.executions, 10u) << "what one answer says of the name holds for the others";
  Edited subject(code("start"));
  const Expected<Schedule> schedule = record(subject, found.found->answers);
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->one_line(), "0 pick start.4 0 9; 0 pick start.11 0 9; 0 pick start.19 0 9");
}

TEST(NearSchedule, NeedsFarFewerExecutionsThanAHunt) {
  const Near found = near(with_line(code("start"), 0));
  ASSERT_TRUE(found.found);
  Edited subject(with_line(code("start"), 0));
  RandomWalk walk;
  const Exploration hunt =
      explore(subject, walk, {.budget = {.executions = found.executions * 20}, .seed = 1});
  EXPECT_FALSE(hunt.found) << hunt.statistics.executions;
}

TEST(NearSchedule, GoesOnAfterAFindingThatDoesNotCount) {
  std::vector<Edited::Line> lines = with_line(code("main"), 8);
  lines[11].what = '!';  // Where an old answer still fits.
  NearOptions options;
  options.counts = [](const Finding& finding) { return finding.kind == FindingKind::kLostValue; };
  const Near found = near(lines, options);
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.found->finding.kind, FindingKind::kLostValue);
  ASSERT_TRUE(found.other);
  EXPECT_EQ(found.other->finding.kind, FindingKind::kLeak);
}

/// Somebody sends its process a signal in its first execution, whichever process that is.
class Disturbed final : public Edited {
 public:
  explicit Disturbed(int signal) : Edited(code("main")), signal_(signal) {
    void* const memory = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    runs_ = new (memory) std::atomic<int>(0);
  }
  ~Disturbed() override { munmap(runs_, sizeof(std::atomic<int>)); }

  void run(Execution& execution) override {
    if (runs_->fetch_add(1) == 0) {
      signal(signal_, SIG_DFL);
      raise(signal_);
    }
    Edited::run(execution);
  }

 private:
  int signal_;
  std::atomic<int>* runs_;
};

TEST(NearSchedule, ExecutesOnceMoreWhatDiesOnceAlone) {
  for (const int signal : {SIGKILL, SIGSEGV}) {
    Disturbed subject(signal);
    Isolator isolator;
    int asked = 0;
    NearOptions options;
    options.shows_again = [&](const Found& found) {
      EXPECT_EQ(found.killed, signal == SIGKILL);
      ++asked;
      return false;
    };
    const Near near = find_near(subject, *parse_one_line(kOld), isolator, Limits{}, options);
    EXPECT_EQ(asked, 1);
    ASSERT_TRUE(near.found) << signal;
    EXPECT_EQ(near.found->finding.signature, "lost-value: pick");
    EXPECT_EQ(near.executions, 2u);
  }
}

TEST(NearSchedule, GivesUpWhereTheFindingIsGone) {
  std::vector<Edited::Line> lines = code("main");
  for (Edited::Line& line : lines) line.what = ' ';
  const Near found = near(lines, {.executions_max = 50});
  EXPECT_FALSE(found.found);
  EXPECT_EQ(found.executions, 50u);
  EXPECT_FALSE(found.exhausted);
}

TEST(NearSchedule, GivesTheSameEachTime) {
  const Near a = near(with_line(code("other"), 8)), b = near(with_line(code("other"), 8));
  ASSERT_TRUE(a.found && b.found);
  EXPECT_EQ(a.executions, b.executions);
  EXPECT_LT(a.executions, 50u);
  EXPECT_EQ(a.found->trace_hash, b.found->trace_hash);
}

}  // namespace
}  // namespace reweave
