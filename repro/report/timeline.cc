#include "repro/report/timeline.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "repro/file/tasklet_file.h"

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

std::string wait_name(const Record& record) {
  switch (static_cast<WaitKind>(record.value)) {
    case WaitKind::kLock:
      return record.number < 0 ? "waits for a notify"
                               : fmt::format("waits for lock {}", record.number);
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

/// Writes one event after the other.
class Writer {
 public:
  explicit Writer(const std::function<std::string(SiteId)>& site_name) : site_name_(site_name) {}

  void write(const Record& record) {
    now_ = record.time;
    const int thread = kFirstThread + record.thread;
    see_thread(record.thread);
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
        end(kTasklets, see_tasklet(record.number));
        break;
      case What::kWaitBegins:
        begin(kThreads, thread, wait_name(record), {{"wait", record.id}});
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
      lines += line.dump() + ",\n";
    };
    name("process_name", kThreads, kFirstThread, "threads");
    name("process_name", kTasklets, kFirstTasklet, "tasklets");
    name("process_name", kObjects, kObjectTrack, "objects");
    for (const std::int32_t each : threads_)
      name("thread_name", kThreads, kFirstThread + each, fmt::format("thread {}", each));
    name("thread_name", kThreads, kInterpreterLock, "interpreter lock");
    for (const std::int32_t each : tasklets_)
      name("thread_name", kTasklets, kFirstTasklet + each, fmt::format("tasklet {}", each));
    name("thread_name", kObjects, kObjectTrack, "objects");
    std::string events = events_;
    if (events.size() >= 2) events.erase(events.size() - 2, 1);  // The last comma.
    return "{\"traceEvents\":[\n" + lines + events +
           "],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":" + facts.dump() + "}\n";
  }

 private:
  ordered_json event(const char* phase, int process, int track, const std::string& name,
                     const char* category) const {
    return {{"name", name}, {"cat", category}, {"ph", phase},
            {"ts", now_},   {"pid", process},  {"tid", track}};
  }
  void add(const ordered_json& event) { events_ += event.dump() + ",\n"; }

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
    if (record.number >= 0) name += fmt::format(" {}", record.number);
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
    if (record.label == nullptr) return site_name_(record.site);
    const std::string label = record.label;
    return label == "tasklet" ? fmt::format("tasklet {}", record.number) : label;
  }
  void see_thread(std::int32_t number) { threads_.insert(number); }
  int see_tasklet(std::int32_t number) {
    tasklets_.insert(number);
    return kFirstTasklet + number;
  }

  const std::function<std::string(SiteId)>& site_name_;
  std::uint64_t now_ = 0;
  std::int32_t holder_ = -1;
  std::string events_;
  std::map<int, std::vector<std::string>> open_;  // Names of zones, by track; the innermost last.
  std::map<std::uint32_t, std::string> objects_;  // Names of those alive.
  std::set<std::uint32_t> woken_;                 // Waits that somebody has ended.
  std::set<std::int32_t> threads_, tasklets_;
};

}  // namespace

std::string timeline_json(const std::vector<Record>& records,
                          const std::function<std::string(SiteId)>& site_name,
                          const TimelineFacts& facts) {
  Writer writer(site_name);
  writer.hold(0);
  for (const Record& record : records) writer.write(record);
  writer.hold(-1);
  return writer.text({{"clock", "virtual microseconds, and one more for each step"},
                      {"trace_hash", fmt::format("{:016x}", facts.trace_hash)},
                      {"steps", facts.steps}});
}

std::string draw_timeline(const WeaveFile& file, ReplayMode mode) {
  runtime::ScenarioSubject subject(scenario_of(file), settings_of(file));
  runtime::Telemetry telemetry;
  subject.set_watcher(&telemetry);
  Execution execution(file.limits());
  replay(subject, execution, file.schedule.value_or(Schedule{}), mode);
  return timeline_json(telemetry.records(), [&](SiteId site) { return subject.site_name(site); },
                       {.trace_hash = execution.trace_hash(), .steps = execution.steps()});
}

}  // namespace reweave::repro
