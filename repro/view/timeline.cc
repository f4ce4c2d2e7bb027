#include "repro/view/timeline.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "repro/explain/deed.h"
#include "repro/file/tasklet_file.h"
#include "scheduler/search/recording.h"

namespace reweave::repro {
namespace {

using nlohmann::ordered_json;
using runtime::Telemetry;
using runtime::WaitKind;
using Record = Telemetry::Record;
using What = Telemetry::What;

// Numbers of tracks are unique in the whole file: viewers do not all keep those of processes apart.
constexpr int kThreads = 1, kTasklets = 2, kObjects = 3;
constexpr int kFirstThread = 1;
constexpr int kInterpreterLock = 50, kObjectTrack = 51;
constexpr int kFirstTasklet = 100;
// Arrows of values are numbered beyond those of waits.
constexpr std::uint64_t kFirstValue = std::uint64_t{1} << 32;

/// What the records and deeds of one execution are called, and whose they are.
class Names {
 public:
  Names(const Telemetry& telemetry, const runtime::ScenarioSubject& subject,
        const Execution& execution)
      : subject_(subject) {
    for (const auto& [number, actor] : telemetry.actors()) {
      paths_[number] = execution.actor_path(actor);
      numbers_.emplace(actor, number);
    }
  }
  std::string site(SiteId site) const { return subject_.site_name(site); }
  /// "tasklet 0.2.1", as everywhere else.
  std::string tasklet(std::int32_t number) const {
    const auto path = paths_.find(number);
    const std::string words = number < 0 ? "makeshift tasklet " : "tasklet ";
    return words + (path == paths_.end() ? std::to_string(number) : path->second);
  }
  std::string channel(std::uint64_t number) const {
    const auto& names = subject_.scenario().channels;
    return number < names.size() ? names[number] : "a channel without a name";
  }
  std::string wait(const Record& record) const {
    const auto at = static_cast<std::size_t>(record.number);
    const auto& locks = subject_.scenario().locks;
    switch (static_cast<WaitKind>(record.value)) {
      case WaitKind::kLock:
        if (record.number < 0) return "waits for a notify";
        return fmt::format("waits for lock {}", at < locks.size() ? locks[at] : std::to_string(at));
      case WaitKind::kSleep:
        return "sleeps";
      case WaitKind::kAsleep:
        return "has nothing to run";
      case WaitKind::kSettle:
        return "waits for the others to settle";
      case WaitKind::kInterpreter:
        return "waits for the interpreter lock";
    }
    return "waits";
  }
  /// Null: none that has taken a step.
  const std::int32_t* number_of(ActorId actor) const {
    const auto at = numbers_.find(actor);
    return at == numbers_.end() ? nullptr : &at->second;
  }

 private:
  const runtime::ScenarioSubject& subject_;
  std::map<std::int32_t, std::string> paths_;
  std::map<ActorId, std::int32_t> numbers_;
};

/// The beginnings of waits that went on until the execution ended.
std::set<const Record*> endless_waits(const Telemetry& telemetry) {
  std::map<std::uint32_t, const Record*> of_threads;  // By their ids.
  std::map<std::int32_t, const Record*> of_tasklets;  // By the numbers of those who wait.
  std::set<const Record*> endless;
  for (const Record& record : telemetry.records()) {
    if (record.what == What::kWaitBegins) of_threads[record.id] = &record;
    const bool begins =
        record.what == What::kTaskletWaitsToSend || record.what == What::kTaskletWaitsToReceive;
    if (begins) of_tasklets[record.number] = &record;
    if (record.value == 0) continue;
    if (record.what == What::kWaitEnds) endless.insert(of_threads[record.id]);
    if (record.what == What::kTaskletWaitEnds) endless.insert(of_tasklets[record.number]);
  }
  return endless;
}

/// Writes one event after the other.
class Writer {
 public:
  Writer(const Names& names, std::set<const Record*> endless)
      : names_(names), endless_(std::move(endless)) {}

  /// What somebody did, on his track; `arrow`: of the value that it hands over or takes; 0: none.
  void write(const Deed& deed, std::uint64_t time, std::uint64_t arrow) {
    if (deed.kind == DeedKind::kBegins || deed.kind == DeedKind::kEnds) return;  // Calls show it.
    now_ = time;
    const auto [process, track] = track_of(deed.actor);
    ordered_json instant = event("i", process, track, deed.phrase, deed_kind_name(deed.kind));
    instant["s"] = "t";
    instant["args"] = {{"step", deed.step}, {"event", deed.text}};
    if (!deed.site.empty()) instant["args"]["site"] = deed.site;
    add(instant);
    if (arrow == 0) return;
    const bool gives = deed.kind == DeedKind::kGives;
    ordered_json end = event(gives ? "s" : "f", process, track, deed.value, "value");
    end["id"] = kFirstValue + arrow;
    if (!gives) end["bp"] = "e";
    add(end);
  }

  void write(const Finding& finding, ActorId actor, std::uint64_t time) {
    now_ = time;
    const auto [process, track] = track_of(actor);
    ordered_json instant = event("i", process, track, "FINDING " + finding.signature, "finding");
    instant["s"] = "g";
    instant["args"] = {{"step", finding.step}, {"message", finding.message}};
    add(instant);
  }

  void write(const Record& record) {
    now_ = record.time;
    const int thread = kFirstThread + record.thread;
    see_thread(record.thread);
    const std::string_view end_of_wait = endless_.contains(&record) ? ", never ended" : "";
    switch (record.what) {
      case What::kCallBegins:
        begin(kThreads, thread, call_name(record), {{"tasklet", record.number}});
        break;
      case What::kTaskletCallBegins:
        begin(kTasklets, see_tasklet(record.number), call_name(record),
              {{"thread", record.thread}});
        break;
      case What::kCallEnds:
        end(kThreads, thread);
        break;
      case What::kTaskletCallEnds:
      case What::kTaskletWaitEnds:
        end(kTasklets, see_tasklet(record.number));
        break;
      case What::kTaskletWaitsToSend:
        begin(kTasklets, see_tasklet(record.number),
              fmt::format("waits to send on {}{}", names_.channel(record.value), end_of_wait), {});
        break;
      case What::kTaskletWaitsToReceive:
        begin(kTasklets, see_tasklet(record.number),
              fmt::format("waits to receive from {}{}", names_.channel(record.value), end_of_wait),
              {});
        break;
      case What::kWaitBegins:
        begin(kThreads, thread, fmt::format("{}{}", names_.wait(record), end_of_wait),
              {{"wait", record.id}});
        break;
      case What::kWaitEnds:
        if (woken_.erase(record.id) != 0) {
          ordered_json arrow = event("f", kThreads, thread, "wakes", "wait");
          arrow["id"] = record.id;
          arrow["bp"] = "e";
          add(arrow);
        }
        end(kThreads, thread);
        break;
      case What::kWoke:
        wake(record);
        break;
      case What::kLockPassed:
        hold(record.number);
        break;
      case What::kGilTick:
        tick(thread);
        break;
      case What::kObjectBegins:
        begin_object(record);
        break;
      case What::kObjectEnds:
        end_object(record);
        break;
      case What::kRunQueue:
        plot(kThreads, thread, fmt::format("run queue of thread {}", record.thread), "tasklets",
             record.value);
        break;
      case What::kLiveObjects:
        plot(kObjects, kObjectTrack, "objects alive", "objects", record.value);
        break;
      case What::kVirtualTime:
        plot(kThreads, thread, "virtual time", "microseconds", record.value);
        break;
    }
  }

  /// Who has the interpreter lock from now on; -1: nobody.
  void hold(std::int32_t thread) {
    if (holder_ >= 0) end(kThreads, kInterpreterLock);
    holder_ = thread;
    if (thread < 0) return;
    see_thread(thread);
    begin(kThreads, kInterpreterLock, fmt::format("thread {}", thread), {});
  }

  /// The names of all tracks that were used, then the events.
  std::string text(const ordered_json& facts) const {
    std::string lines;
    const auto name = [&](const char* what, int process, int track, const std::string& text) {
      const ordered_json line = {{"name", what},   {"ph", "M"},    {"ts", 0},
                                 {"pid", process}, {"tid", track}, {"args", {{"name", text}}}};
      lines += line.dump(-1, ' ', true) + ",\n";
    };
    name("process_name", kThreads, kFirstThread, "threads");
    name("process_name", kTasklets, kFirstTasklet, "tasklets");
    name("process_name", kObjects, kObjectTrack, "objects");
    for (const std::int32_t each : threads_)
      name("thread_name", kThreads, kFirstThread + each, fmt::format("thread {}", each));
    name("thread_name", kThreads, kInterpreterLock, "interpreter lock");
    for (const std::int32_t each : tasklets_)
      name("thread_name", kTasklets, kFirstTasklet + each, names_.tasklet(each));
    name("thread_name", kObjects, kObjectTrack, "objects");
    std::string events = events_;
    if (events.size() >= 2) events.erase(events.size() - 2, 1);  // The last comma.
    return "{\"traceEvents\":[\n" + lines + events +
           "],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":" + facts.dump(-1, ' ', true) + "}\n";
  }

 private:
  ordered_json event(const char* phase, int process, int track, const std::string& name,
                     const char* category) const {
    return {{"name", name}, {"cat", category}, {"ph", phase},
            {"ts", now_},   {"pid", process},  {"tid", track}};
  }
  void add(const ordered_json& event) { events_ += event.dump(-1, ' ', true) + ",\n"; }

  void begin(int process, int track, const std::string& name, const ordered_json& args) {
    open_[track].push_back(name);
    ordered_json begins = event("B", process, track, name, "zone");
    if (!args.empty()) begins["args"] = args;
    add(begins);
  }
  void end(int process, int track) {
    std::vector<std::string>& open = open_[track];
    const std::string name = open.empty() ? "" : open.back();
    if (!open.empty()) open.pop_back();
    add(event("E", process, track, name, "zone"));
  }

  void wake(const Record& record) {
    if (record.id == 0) return;  // He does not wait.
    woken_.insert(record.id);
    ordered_json arrow = event("s", kThreads, kFirstThread + record.thread, "wakes", "wait");
    arrow["id"] = record.id;
    add(arrow);
  }
  void tick(int track) {
    ordered_json tick = event("i", kThreads, track, "GIL tick", "lock");
    tick["s"] = "t";
    add(tick);
  }
  void begin_object(const Record& record) {
    const auto kind = static_cast<runtime::ObjectKind>(record.value);
    std::string name = runtime::object_kind_name(kind);
    if (kind == runtime::ObjectKind::kTasklet && record.number >= 0) {
      name = names_.tasklet(record.number);
    } else if (record.number >= 0) {
      name += fmt::format(" {}", record.number);
    }
    if (kind == runtime::ObjectKind::kFrame && call_name(record) != "")
      name += " " + call_name(record);
    objects_[record.id] = name;
    ordered_json begins = event("b", kObjects, kObjectTrack, name, "object");
    begins["id"] = record.id;
    begins["args"] = {{"bytes", record.bytes}, {"thread", record.thread}};
    add(begins);
  }
  void end_object(const Record& record) {
    ordered_json ends = event("e", kObjects, kObjectTrack, objects_[record.id], "object");
    ends["id"] = record.id;
    add(ends);
    objects_.erase(record.id);
  }
  void plot(int process, int track, const std::string& name, const char* unit,
            std::uint64_t value) {
    ordered_json point = event("C", process, track, name, "plot");
    point["args"] = {{unit, value}};
    add(point);
  }

  std::string call_name(const Record& record) const {
    if (record.label == nullptr) return names_.site(record.site);
    const std::string label = record.label;
    return label == "tasklet" ? names_.tasklet(record.number) : label;
  }
  void see_thread(std::int32_t number) { threads_.insert(number); }
  int see_tasklet(std::int32_t number) {
    tasklets_.insert(number);
    return kFirstTasklet + number;
  }

  /// Process and track: those of who never took a step are the first thread's.
  std::pair<int, int> track_of(ActorId actor) {
    const std::int32_t* const number = names_.number_of(actor);
    if (number != nullptr) return {kTasklets, see_tasklet(*number)};
    see_thread(0);
    return {kThreads, kFirstThread};
  }

  const Names& names_;
  const std::set<const Record*> endless_;
  std::uint64_t now_ = 0;
  std::int32_t holder_ = -1;
  std::string events_;
  std::map<int, std::vector<std::string>> open_;  // Names of zones, by track; the innermost last.
  std::map<std::uint32_t, std::string> objects_;  // Names of those alive.
  std::set<std::uint32_t> woken_;                 // Waits that somebody has ended.
  std::set<std::int32_t> threads_, tasklets_;
};

/// A deed or a finding, and when it was.
struct Mark {
  std::uint64_t time = 0;
  std::uint64_t arrow = 0;  // Of the value that a deed hands over or takes; 0: none.
  const Deed* deed = nullptr;
  const Finding* finding = nullptr;
  ActorId actor{};
};

/// All of them in their order; those after the last step, too, are in the last one.
std::vector<Mark> marks_of(const std::vector<Deed>& deeds, const std::vector<Finding>& findings,
                           const Telemetry& telemetry, const Names& names) {
  std::vector<Mark> marks;
  std::map<std::string, std::size_t> given;  // Where each value was handed over last.
  std::size_t step = 0, told = 0;
  std::uint64_t arrows = 0;
  Mark now;
  const auto tell_before = [&](std::uint64_t number) {
    for (; told < findings.size() && findings[told].step < number && findings[told].step != 0;
         ++told)
      marks.push_back({.time = now.time, .finding = &findings[told], .actor = now.actor});
  };
  for (const Deed& deed : deeds) {
    tell_before(deed.step);
    for (; step < telemetry.steps().size() && telemetry.steps()[step].step <= deed.step; ++step)
      now.time = telemetry.steps()[step].time;
    now.actor = deed.actor;
    marks.push_back({.time = now.time, .deed = &deed, .actor = deed.actor});
    if (deed.value.empty() || names.number_of(deed.actor) == nullptr) continue;
    if (deed.kind == DeedKind::kGives) given[deed.value] = marks.size() - 1;
    const auto at = given.find(deed.value);
    if (deed.kind != DeedKind::kTakes || at == given.end()) continue;
    marks[at->second].arrow = marks.back().arrow = ++arrows;
    given.erase(at);
  }
  for (; told < findings.size(); ++told)
    marks.push_back({.time = now.time, .finding = &findings[told], .actor = now.actor});
  return marks;
}

}  // namespace

std::string timeline_json(const Telemetry& telemetry, const runtime::ScenarioSubject& subject,
                          const Execution& execution) {
  const Names names(telemetry, subject, execution);
  const std::vector<Deed> deeds = deeds_of(subject, execution);
  Writer writer(names, endless_waits(telemetry));
  writer.hold(0);
  auto records = telemetry.records().begin();
  for (const Mark& mark : marks_of(deeds, execution.findings(), telemetry, names)) {
    // What is seen when a step begins was so before its deeds.
    for (; records != telemetry.records().end() && records->time <= mark.time; ++records)
      writer.write(*records);
    if (mark.deed != nullptr) writer.write(*mark.deed, mark.time, mark.arrow);
    if (mark.finding != nullptr) writer.write(*mark.finding, mark.actor, mark.time);
  }
  for (; records != telemetry.records().end(); ++records) writer.write(*records);
  writer.hold(-1);
  return writer.text({{"clock", "virtual microseconds, and one more for each step"},
                      {"trace_hash", fmt::format("{:016x}", execution.trace_hash())},
                      {"steps", execution.steps()}});
}

std::string draw_timeline(const WeaveFile& file, ReplayMode mode) {
  runtime::ScenarioSubject subject(scenario_of(file), settings_of(file));
  runtime::Telemetry telemetry;
  subject.set_watcher(&telemetry);
  Execution execution(file.limits());
  replay(subject, execution, file.schedule.value_or(Schedule{}), mode, /*keep_log=*/true);
  return timeline_json(telemetry, subject, execution);
}

}  // namespace reweave::repro
