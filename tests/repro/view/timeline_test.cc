// Timelines, by the rules of the Trace Event Format, of everything in corpora/ and of generated
// programs; and that watching changes nothing.
#include "repro/view/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/oracle/dangling_stack.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/random_walk.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using runtime::ScenarioSubject;
using runtime::Telemetry;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

json parse(const std::string& text) {
  json timeline = json::parse(text, nullptr, false);
  EXPECT_FALSE(timeline.is_discarded()) << text;
  return timeline;
}

/// What breaks the format's rules; empty: nothing.
class Rules {
 public:
  std::vector<std::string> broken(const json& timeline) {
    for (const json& event : timeline.at("traceEvents")) look(event);
    for (const auto& [track, names] : open_)
      if (!names.empty()) say("stays open: ", names.back());
    if (!alive_.empty()) say("does not end: id ", std::to_string(*alive_.begin()));
    if (!arrows_.empty()) say("leads nowhere: id ", std::to_string(*arrows_.begin()));
    for (const auto& [track, process] : tracks_)
      if (!named_tracks_.contains(track)) say("has no name: track ", std::to_string(track));
    for (const auto& [track, process] : tracks_)
      if (!named_processes_.contains(process)) say("has no name: process of ", track);
    return broken_;
  }

 private:
  void say(const std::string& what, const json& which) { broken_.push_back(what + which.dump()); }

  void look(const json& event) {
    for (const char* key : {"name", "ph", "ts", "pid", "tid"})
      if (!event.contains(key)) return say("lacks a field: ", event);
    const std::string phase = event["ph"], name = event["name"];
    const int track = event["tid"], process = event["pid"];
    if (name.empty()) say("has no name: ", event);
    if (phase == "M") {
      (name == "process_name" ? named_processes_.insert(process) : named_tracks_.insert(track));
      if (event["args"]["name"].get<std::string>().empty()) say("names nothing: ", event);
      return;
    }
    if (!tracks_.emplace(track, process).second && tracks_[track] != process)
      say("in two processes: ", event);
    const std::uint64_t time = event["ts"];
    if (time < times_[track]) say("goes back in time: ", event);
    times_[track] = time;
    if (phase == "B") {
      open_[track].push_back(name);
    } else if (phase == "E") {
      std::vector<std::string>& open = open_[track];
      if (open.empty() || open.back() != name) return say("does not nest: ", event);
      open.pop_back();
    } else if (phase == "b") {
      if (!used_.insert(event["id"].get<std::uint64_t>()).second) say("begins twice: ", event);
      alive_.insert(event["id"].get<std::uint64_t>());
      names_[event["id"]] = name;
    } else if (phase == "e") {
      if (alive_.erase(event["id"]) == 0) say("ends without beginning: ", event);
      if (names_[event["id"]] != name) say("ends as another: ", event);
    } else if (phase == "s") {
      if (!arrows_.insert(event["id"].get<std::uint64_t>()).second)
        say("leads away twice: ", event);
      if (open_[track].empty()) say("leads away from nothing: ", event);
    } else if (phase == "f") {
      if (arrows_.erase(event["id"]) == 0) say("comes from nowhere: ", event);
      if (open_[track].empty()) say("leads to nothing: ", event);
    } else if (phase == "C") {
      // The runtime counts for itself.
      if (name == "objects alive" && event["args"]["objects"] != alive_.size())
        say(std::to_string(alive_.size()) + " are alive: ", event);
      for (const auto& [series, value] : event["args"].items())
        if (!value.is_number()) say("plots no number: ", event);
    } else if (phase == "i") {
      if (event["s"] != (event.value("cat", "") == "finding" ? "g" : "t"))
        say("has another scope: ", event);
    } else {
      say("is unknown: ", event);
    }
  }

  std::vector<std::string> broken_;
  std::map<int, std::vector<std::string>> open_;
  std::map<int, std::uint64_t> times_;
  std::map<int, int> tracks_;
  std::set<int> named_tracks_, named_processes_;
  std::set<std::uint64_t> used_, alive_, arrows_;
  std::map<std::uint64_t, std::string> names_;
};

/// One execution of a program with random or ordinary answers, watched and not.
class Watched {
 public:
  Watched(const runtime::Scenario& scenario, const runtime::Settings& settings)
      : subject_(scenario, settings), execution_(settings.limits) {}

  std::uint64_t run(Chooser& chooser, bool watch) {
    subject_.set_watcher(watch ? &telemetry_ : nullptr);
    execution_.begin(chooser, /*keep_log=*/true);
    subject_.run(execution_);
    return execution_.trace_hash();
  }
  json timeline() const { return parse(timeline_json(telemetry_, subject_, execution_)); }
  const Telemetry& telemetry() const { return telemetry_; }
  std::size_t logged(const std::string& word) const {
    std::size_t count = 0;
    for (const Event& event : execution_.log())
      count += subject_.describe(event).rfind(word, 0) == 0 ? 1 : 0;
    return count;
  }

 private:
  ScenarioSubject subject_;
  Telemetry telemetry_;
  Execution execution_;
};

WeaveFile corpus_file(const std::string& path) {
  const Expected<std::string> text = read_file(path);
  EXPECT_TRUE(text.has_value()) << path;
  Expected<WeaveFile> file = read_weave(*text, path);
  EXPECT_TRUE(file.has_value()) << path;
  return *std::move(file);
}

/// What can be run here: it does not end its process, and shows in this build.
std::vector<std::string> corpus() {
  std::vector<std::string> paths;
  for (const char* folder : {"/scenarios", "/repros"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::string(REWEAVE_CORPORA) + folder)) {
      if (entry.path().extension() != ".weave") continue;
      const WeaveFile file = corpus_file(entry.path());
      bool ends = !runtime::shows_in_this_build(settings_of(file).defects);
      for (const runtime::DefectInfo& info : runtime::all_defects()) {
        ends |=
            settings_of(file).defects.has(info.defect) && runtime::ends_the_process(info.defect);
      }
      if (!ends) paths.push_back(entry.path());
    }
  }
  return paths;
}

TEST(TimelineRules, SeeWhatIsBroken) {
  const auto rules_of = [](const std::string& events) {
    return Rules().broken(
        parse(R"({"traceEvents":[{"name":"process_name","ph":"M","ts":0,"pid":1,"tid":1,)"
              R"("args":{"name":"p"}},{"name":"thread_name","ph":"M","ts":0,"pid":1,"tid":1,)"
              R"("args":{"name":"t"}},)" +
              events + "]}"));
  };
  const auto event = [](const char* phase, const char* name, int ts, int track, int id) {
    return json{{"name", name}, {"ph", phase}, {"ts", ts}, {"pid", 1}, {"tid", track}, {"id", id}}
        .dump();
  };
  EXPECT_THAT(rules_of(event("B", "a", 1, 1, 0) + "," + event("E", "a", 2, 1, 0)), IsEmpty());
  EXPECT_THAT(rules_of(event("B", "a", 1, 1, 0) + "," + event("E", "b", 2, 1, 0)), SizeIs(2));
  EXPECT_THAT(rules_of(event("B", "a", 1, 1, 0)), SizeIs(1));
  EXPECT_THAT(rules_of(event("B", "a", 2, 1, 0) + "," + event("E", "a", 1, 1, 0)), SizeIs(1));
  EXPECT_THAT(rules_of(event("b", "a", 1, 1, 7)), SizeIs(1));
  EXPECT_THAT(rules_of(event("e", "a", 1, 1, 7)), SizeIs(2));
  EXPECT_THAT(rules_of(event("b", "a", 1, 2, 7) + "," + event("e", "a", 1, 2, 7)), SizeIs(1));
}

TEST(Timeline, KeepsTheRulesOfTheFormatForAllOfTheCorpus) {
  std::size_t count = 0;
  for (const std::string& path : corpus()) {
    SCOPED_TRACE(path);
    const WeaveFile file = corpus_file(path);
    const json timeline = parse(draw_timeline(file, ReplayMode::kStrict));
    EXPECT_THAT(Rules().broken(timeline), IsEmpty());
    if (file.verdict && file.verdict->trace_hash) {
      EXPECT_EQ(timeline["otherData"]["trace_hash"],
                fmt::format("{:016x}", *file.verdict->trace_hash))
          << "who watches changes nothing";
    }
    ++count;
  }
  EXPECT_GT(count, 60u);
}

TEST(Timeline, OfGeneratedProgramsToo_AndWhoWatchesChangesNothing) {
  RandomWalk walk;
  std::set<std::string> phases, names;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    SCOPED_TRACE(index);
    runtime::Settings settings;
    settings.switching = index % 2 == 0 ? runtime::Switching::kSoft : runtime::Switching::kHard;
    settings.limits.steps_max = index % 5 == 0 ? 40 : 400;
    settings.gil_ticks = static_cast<std::uint32_t>(index % 4);
    settings.collect = index % 3 == 0;
    const auto& defects = runtime::all_defects();
    const runtime::Defect defect = defects[index % defects.size()].defect;
    if (index % 2 == 1 && !runtime::ends_the_process(defect)) settings.defects.add(defect);
    Prng prng = Prng(11).split(index);
    runtime::Scenario scenario;
    runtime::generate_scenario(prng, {}, scenario);
    Watched watched(scenario, settings);
    const auto run = [&](bool watch) {
      walk.begin(Prng(index), index);
      return watched.run(walk, watch);
    };
    const std::uint64_t unwatched = run(false);
    ASSERT_THAT(watched.telemetry().records(), IsEmpty());
    ASSERT_EQ(run(true), unwatched);
    const json timeline = watched.timeline();
    ASSERT_THAT(Rules().broken(timeline), IsEmpty());
    for (const json& event : timeline["traceEvents"]) {
      phases.insert(event["ph"]);
      names.insert(event["name"]);
    }
    const std::size_t recorded = watched.telemetry().records().size();
    ASSERT_EQ(run(false), unwatched);
    ASSERT_EQ(watched.telemetry().records().size(), recorded) << "recorded although it is off";
  }
  EXPECT_THAT(phases, testing::IsSupersetOf({"B", "E", "b", "e", "C", "M", "s", "f", "i"}));
  EXPECT_THAT(names,
              testing::IsSupersetOf(
                  {"waits to send on c0", "waits to receive from c0", "has nothing to run",
                   "objects alive", "sleeps", "waits for lock 0", "waits for a notify", "GIL tick",
                   "waits for the interpreter lock", "waits for the others to settle"}));
}

// ---- One timeline, looked at closely ----

struct Zone {
  std::string name;
  std::uint64_t begin = 0, end = 0;
  std::size_t depth = 0;
};

/// Zones of a track in the order of their ends.
std::vector<Zone> zones_of(const json& timeline, const std::string& track) {
  int number = -1;
  std::vector<Zone> open, zones;
  for (const json& event : timeline["traceEvents"]) {
    if (event["ph"] == "M" && event["args"]["name"] == track && event["name"] == "thread_name")
      number = event["tid"];
    if (event["tid"] != number) continue;
    if (event["ph"] == "B") open.push_back({event["name"], event["ts"], 0, open.size()});
    if (event["ph"] != "E") continue;
    open.back().end = event["ts"];
    zones.push_back(open.back());
    open.pop_back();
  }
  return zones;
}

json condvar() {
  return parse(draw_timeline(corpus_file(std::string(REWEAVE_CORPORA) + "/scenarios/condvar.weave"),
                             ReplayMode::kStrict));
}

TEST(Timeline, ShowsThatOneWaiterPollsAndTheOtherDoesNot) {
  const json timeline = condvar();
  std::vector<std::uint64_t> sleeps;
  for (const Zone& zone : zones_of(timeline, "thread 1"))
    if (zone.name == "sleeps") sleeps.push_back((zone.end - zone.begin) / 1000);
  EXPECT_THAT(sleeps, ElementsAre(1, 2, 4, 8, 16, 32, 50));
  std::vector<std::string> waiter;
  for (const Zone& zone : zones_of(timeline, "thread 2")) {
    waiter.push_back(zone.name);
    if (zone.name == "waits for a notify") {
      EXPECT_EQ((zone.end - zone.begin) / 1000, 64u);
    }
  }
  EXPECT_THAT(waiter, ElementsAre("waits for a notify", "waiter", "thread", "tasklet 0.2"));
  std::vector<int> arrow;  // From main to the waiter.
  for (const json& event : timeline["traceEvents"])
    if (event["name"] == "wakes") arrow.push_back(event["tid"]);
  EXPECT_THAT(arrow, ElementsAre(1, 3));
}

// The polling thread takes the lock for each look; while all sleep nobody has it.
TEST(Timeline, ShowsWhoHasTheInterpreterLock) {
  std::uint64_t held = 0;
  std::size_t looks = 0;
  const std::vector<Zone> zones = zones_of(condvar(), "interpreter lock");
  for (const Zone& zone : zones) {
    held += zone.end - zone.begin;
    looks += zone.name == "thread 1" ? 1 : 0;
  }
  EXPECT_EQ(looks, 8u);
  EXPECT_EQ(held, 24u) << "one for each step, nothing while virtual time passes";
}

TEST(Timeline, ZonesOfThreadsAreUnwoundOnASwitchAndThoseOfTaskletsAreNot) {
  const json timeline = condvar();
  std::vector<std::string> thread, tasklet;
  for (const Zone& zone : zones_of(timeline, "thread 0"))
    thread.push_back(std::to_string(zone.depth) + " " + zone.name);
  EXPECT_THAT(thread, ElementsAre("1 main", "0 tasklet 0", "2 turn", "1 worker", "0 tasklet 0.3",
                                  "2 turn", "1 worker", "0 tasklet 0.4", "2 sleeps", "2 sleeps",
                                  "1 main", "0 tasklet 0"));
  for (const Zone& zone : zones_of(timeline, "tasklet 0.3")) tasklet.push_back(zone.name);
  EXPECT_THAT(tasklet, ElementsAre("turn", "worker"));
}

TEST(Timeline, ObjectsLiveFromTheirCreationToTheirDeath) {
  std::map<std::string, std::vector<std::uint64_t>> lives;
  const json timeline = condvar();
  for (const json& event : timeline["traceEvents"]) {
    if (event.value("cat", "") == "object") lives[event["name"]].push_back(event["ts"]);
  }
  EXPECT_THAT(lives["tasklet 0.3"], ElementsAre(3, 9));
  EXPECT_THAT(lives["tasklet 0.4"], ElementsAre(4, 9));
  EXPECT_THAT(lives["frame poll"], ElementsAre(11, 113'024));
}

/// What is marked on tracks, where arrows begin and end, and who waits at which channel.
struct Shown {
  explicit Shown(const json& timeline) {
    std::map<int, std::string> tracks;
    for (const json& event : timeline["traceEvents"]) {
      const std::string phase = event["ph"], name = event["name"];
      if (phase == "M" && name == "thread_name") tracks[event["tid"]] = event["args"]["name"];
      if (phase == "i") marks.push_back(tracks[event["tid"]] + ": " + name);
      if (phase == "s" || phase == "f")
        arrows.push_back(phase + " " + tracks[event["tid"]] + ": " + name);
    }
    for (const auto& [number, track] : tracks) {
      for (const Zone& zone : zones_of(timeline, track))
        if (zone.name.starts_with("waits to")) waits.push_back(track + " " + zone.name);
    }
  }
  std::vector<std::string> marks, arrows, waits;
};

TEST(Timeline, ShowsTheWayOfAValueAndWhoWaitsForIt) {
  const Expected<WeaveFile> file = read_weave(
      "weave 1\n\nchannel data\n\nfunction main\n  spawn reader -\n  sched\n  send data\n"
      "  sched\nend\n\nfunction reader\n  recv data\nend\n",
      "value.weave");
  ASSERT_TRUE(file.has_value());
  const Shown shown(parse(draw_timeline(*file, ReplayMode::kStrict)));
  EXPECT_THAT(shown.waits, ElementsAre("tasklet 0.1 waits to receive from data"));
  EXPECT_THAT(shown.arrows, ElementsAre("s tasklet 0: v1", "f tasklet 0.1: v1"));
  EXPECT_THAT(
      shown.marks,
      ElementsAre("tasklet 0: makes 0.1 runnable", "tasklet 0.1: waits for a sender on data",
                  "tasklet 0: sends v1 on data", "tasklet 0.1: gets v1 from data",
                  "tasklet 0: finds the last reference to 0.1 gone: releases it",
                  "tasklet 0: has sent v1"));
}

// A callback spills the stack of the sender, and his value is wiped.
TEST(Timeline, ShowsSpillsCallbacksAndTheFinding) {
  const Shown shown(parse(draw_timeline(
      corpus_file(std::string(REWEAVE_CORPORA) + "/repros/defects/spill-drops-tempval.weave"),
      ReplayMode::kStrict)));
  EXPECT_THAT(
      shown.marks,
      ElementsAre("tasklet 0: sends v1 on data", "tasklet 0: calls the channel callback of data",
                  "tasklet 0: SPILLS its stack to the heap: 24 levels",
                  "tasklet 0: gets its stack back (24 levels)",
                  "tasklet 0: waits for a receiver on data",
                  "tasklet 0: gets the deadlock error: nobody can go on",
                  "tasklet 0: dies of RuntimeError:deadlock, and with it the program",
                  "tasklet 0: FINDING lost-value send spill"));
  EXPECT_THAT(shown.arrows, IsEmpty()) << "nobody got it";
}

/// "track: name" of all waits, each of which is to have a width.
std::vector<std::string> waits_of(const std::string& text) {
  const Expected<WeaveFile> file = read_weave(text, "endless.weave");
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().message);
  if (!file) return {};
  const json timeline = parse(draw_timeline(*file, ReplayMode::kStrict));
  EXPECT_THAT(Rules().broken(timeline), IsEmpty());
  std::set<std::string> tracks;
  for (const json& event : timeline["traceEvents"])
    if (event["name"] == "thread_name") tracks.insert(event["args"]["name"]);
  std::vector<std::string> waits;
  for (const std::string& track : tracks) {
    for (const Zone& zone : zones_of(timeline, track)) {
      if (!zone.name.starts_with("waits")) continue;
      EXPECT_LT(zone.begin, zone.end) << track << zone.name;
      waits.push_back(track + ": " + zone.name);
    }
  }
  return waits;
}

// Those for locks are ended by the error that says so.
TEST(Timeline, ShowsTheLastWaits) {
  EXPECT_THAT(waits_of("weave 1\n\nlock a\nlock b\n\nfunction main\n  tstart 1 other\n"
                       "  lock a\n  sleep 10\n  lock b\nend\n\n"
                       "function other\n  lock b\n  sleep 10\n  lock a\nend\n"),
              testing::IsSupersetOf({"thread 0: waits for lock b", "thread 1: waits for lock a"}));
  EXPECT_THAT(waits_of("weave 1\n\nchannel x\nchannel y\n\nfunction main\n  spawn a\n"
                       "  spawn b\n  sched\nend\n\nfunction a\n  recv x\nend\n\n"
                       "function b\n  send y\nend\n"),
              ElementsAre("tasklet 0.1: waits to receive from x, never ended",
                          "tasklet 0.2: waits to send on y, never ended"));
}

TEST(Timeline, ShowsEveryTickOfTheInterpreterLock) {
  const Expected<WeaveFile> file = read_weave(
      "weave 1\n\nsettings\n  gil-ticks 3\nend\n\nword a\n\nfunction main\n  tstart 1 other\n"
      "  loop 6\n    emit a\n  end\n  sleep 10\nend\n\nfunction other\n  loop 6\n    emit a\n"
      "  end\nend\n",
      "ticks.weave");
  ASSERT_TRUE(file.has_value());
  Watched watched(scenario_of(*file), settings_of(*file));
  Ordinary ordinary;
  (void)watched.run(ordinary, true);
  std::size_t ticks = 0, waits = 0;
  const json timeline = watched.timeline();
  EXPECT_THAT(Rules().broken(timeline), IsEmpty());
  for (const json& event : timeline["traceEvents"]) {
    ticks += event["name"] == "GIL tick" ? 1 : 0;
    waits += event["name"] == "waits for the interpreter lock" && event["ph"] == "B" ? 1 : 0;
  }
  EXPECT_EQ(ticks, watched.logged("giltick"));
  EXPECT_EQ(waits, ticks);
  EXPECT_GT(ticks, 3u);
}

TEST(Timeline, IsTheSameEveryTimeAndSaysWhichClock) {
  const WeaveFile file = corpus_file(std::string(REWEAVE_CORPORA) + "/scenarios/download.weave");
  const std::string text = draw_timeline(file, ReplayMode::kStrict);
  EXPECT_EQ(draw_timeline(file, ReplayMode::kStrict), text);
  EXPECT_EQ(parse(text)["otherData"]["clock"], "virtual microseconds, and one more for each step");
}

}  // namespace
}  // namespace reweave::repro
