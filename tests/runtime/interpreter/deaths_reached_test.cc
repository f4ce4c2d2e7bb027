// What a census of deaths counts: what each operation puts something else in the place of, and what
// the collector finds.
#include "runtime/interpreter/deaths_reached.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/interpreter/reached.h"
#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Counts = std::map<std::string, std::uint64_t>;

constexpr const char* kLast = "the last reference";
constexpr const char* kLoud = "the last reference to what runs code when it dies";
constexpr const char* kFull =
    "the last reference to what holds the last one to two and more of those";
constexpr const char* kShared = "what others hold, too";
constexpr const char* kQuietCycle = "in a cycle";
constexpr const char* kLoudCycle = "in a cycle, and its death runs code";

/// What is not 0, as "place: content".
Counts counts(const std::string& text, Switching switching = Switching::kSoft) {
  Settings settings;
  settings.switching = switching;
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Reached reached(subject.interpreter());
  subject.set_watcher(&reached);
  subject.watch_garbage(&reached.deaths());
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary);
  subject.run(execution);
  EXPECT_THAT(execution.findings(), IsEmpty());
  Counts counts;
  for (const DeathsReached::Row& row : reached.deaths().rows()) {
    if (row.count > 0) counts[std::string(row.what) + ": " + row.state] = row.count;
  }
  return counts;
}

std::string at(const char* place, const char* content) {
  return std::string(place) + ": " + content;
}

/// A program whose main does `operations`, each on a line of its own after a `;`.
std::string main_of(std::string operations) {
  std::string text = "slot a\nslot b\nslot c\nfunction main\n ";
  for (std::size_t i; (i = operations.find("; ")) != std::string::npos;)
    operations.replace(i, 2, "\n ");
  return text + operations + "\nend\nfunction callback\nend\n";
}

TEST(DeathsReached, KnowsEachPairOfAPlaceAndAContentOnce) {
  Settings settings;
  ScenarioSubject subject(parse_scenario(main_of("gc"), "test").value(), settings);
  const DeathsReached deaths(subject.interpreter());
  std::set<std::pair<std::string, std::string>> seen;
  for (const DeathsReached::Row& row : deaths.rows()) {
    EXPECT_TRUE(seen.emplace(row.what, row.state).second) << row.what << ": " << row.state;
    EXPECT_EQ(row.count, 0u);
  }
  EXPECT_EQ(seen.size(), 5u * 5 - 1 + 9 * 2 - 2);
  EXPECT_EQ(seen.count({"a key of the dict", "nothing"}), 0u) << "no entry has one";
  EXPECT_EQ(seen.count({"a channel", kLoudCycle}), 0u) << "nothing refers to one weakly";
}

TEST(DeathsReached, ASlotThatIsFilledOrDropped) {
  EXPECT_THAT(counts(main_of("cell a")), ElementsAre(Pair("a slot: nothing", 1)));
  EXPECT_THAT(counts(main_of("cell a; drop a")),
              ElementsAre(Pair(at("a slot", "nothing"), 1), Pair(at("a slot", kLast), 1)));
  EXPECT_THAT(counts(main_of("cell a; copy a b; drop a; drop b")),
              ElementsAre(Pair("a slot: nothing", 2), Pair(at("a slot", kLast), 1),
                          Pair(at("a slot", kShared), 1)));
}

TEST(DeathsReached, WhoseDeathRunsCodeIsLoud) {
  EXPECT_EQ(counts(main_of("cell a; weakref a callback; drop a")).count(at("a slot", kLoud)), 1u);
  // A reference that calls nobody is none.
  EXPECT_EQ(counts(main_of("record a; ref a b; drop a")).count(at("a slot", kLast)), 1u);
}

// A tasklet that is suspended is killed if it has a C stack, and vanishes without a word if not.
TEST(DeathsReached, ATaskletIsLoudWhereItsStackIsUnwound) {
  const std::string text =
      "slot a\nchannel c\nfunction main\n spawn waits a\n sched\n remove a\n drop a\nend\n"
      "function waits\n schedrm\nend\n";
  EXPECT_EQ(counts(text, Switching::kSoft).count(at("a slot", kLast)), 1u);
  EXPECT_EQ(counts(text, Switching::kSoft).count(at("a slot", kLoud)), 0u);
  EXPECT_EQ(counts(text, Switching::kHard).count(at("a slot", kLoud)), 1u);
}

TEST(DeathsReached, WhatTakesTwoLoudOnesAlongIsFull) {
  const std::string chain =
      "record a; record b; record c; weakref b callback; weakref c callback; "
      "setcell b c; drop c; setcell a b; drop b; ";
  EXPECT_EQ(counts(main_of(chain + "drop a")).count(at("a slot", kFull)), 1u);
  // Where somebody else holds one of them it does not die.
  EXPECT_EQ(counts(main_of(chain + "getcell a b; drop a")).count(at("a slot", kFull)), 0u);
}

TEST(DeathsReached, ACellOrRecordThatGetsAnotherContent) {
  EXPECT_EQ(counts(main_of("cell a; cell b; setcell a b"))["a cell or record: nothing"], 1u);
  const Counts twice = counts(main_of("record a; cell b; setcell a b; drop b; setcell a -"));
  EXPECT_EQ(twice.at("a cell or record: nothing"), 1u);
  EXPECT_EQ(twice.at(at("a cell or record", kLast)), 1u);
}

TEST(DeathsReached, ALocalThatIsReplacedDeletedOrCleared) {
  const Counts found =
      counts(main_of("cell a; setlocal 1 a; drop a; cell a; setlocal 1 a; dellocal 1; "
                     "setlocal 1 a; weakref a callback; drop a; clearlocals"));
  EXPECT_EQ(found.at(at("a local", kLast)), 1u) << "of the first cell";
  EXPECT_EQ(found.at(at("a local", kShared)), 1u) << "of the second";
  EXPECT_EQ(found.at(at("a local", kLoud)), 1u);
  // The running tasklet's alone.
  EXPECT_EQ(counts(main_of("clearlocals; dellocal 1")).size(), 0u);
}

TEST(DeathsReached, ValuesAndKeysOfTheDict) {
  const Counts found = counts(
      main_of("cell a; cell b; setkey a b; drop b; cell b; setkey a b; delkey a; setkey a b; "
              "drop a; clearkeys"));
  EXPECT_EQ(found.at(at("a value of the dict", kLast)), 1u);
  EXPECT_EQ(found.at(at("a value of the dict", kShared)), 2u);
  EXPECT_EQ(found.at(at("a key of the dict", kLast)), 1u);
  EXPECT_EQ(found.at("a value of the dict: nothing"), 1u) << "after it was deleted";
}

TEST(DeathsReached, WhatTheCollectorFindsInACycle) {
  const Counts quiet = counts(main_of("cell a; setcell a a; drop a; gc"));
  EXPECT_EQ(quiet.at(at("a cell", kQuietCycle)), 1u);
  EXPECT_EQ(quiet.count(at("a cell", kLoudCycle)), 0u);
  const Counts loud = counts(main_of("record a; weakref a callback; setcell a a; drop a; gc"));
  EXPECT_EQ(loud.at(at("a record", kLoudCycle)), 1u);
  EXPECT_EQ(loud.count(at("a record", kQuietCycle)), 0u);
}

TEST(DeathsReached, WhatAProgramLeavesAtItsEndIsNotWhatTheCollectorFound) {
  const Counts left = counts(main_of("cell a; setcell a a; drop a"));
  EXPECT_EQ(left.count(at("a cell", kQuietCycle)), 0u);
}

TEST(DeathsReached, TaskletsInACycleByHowFarTheyHaveCome) {
  const std::string text =
      "slot a\nslot b\nfunction main\n cell a\n bind other b\n setcell a b\n"
      " STARTS\n drop b\n drop a\n gc\nend\n"
      "function other\n setlocal 1 a\n schedrm\nend\n";
  const auto with = [&](const std::string& operation) {
    std::string copy = text;
    return counts(copy.replace(copy.find("STARTS"), 6, operation));
  };
  EXPECT_EQ(with("run b").count(at("a tasklet that is suspended", kQuietCycle)), 1u);
  // Without the local it is in no cycle: it dies with the cell, and the collector finds nothing.
  EXPECT_EQ(with("drop b").count(at("a tasklet that has not begun", kQuietCycle)), 0u);
}

}  // namespace
}  // namespace reweave::runtime
