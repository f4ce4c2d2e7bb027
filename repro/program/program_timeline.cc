#include "repro/program/program_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "runtime/program/control.h"
#include "runtime/program/names.h"

namespace reweave::repro {
namespace {

using nlohmann::ordered_json;
using program::Did;
using program::Step;
using program::ThreadId;

constexpr int kThreads = 1, kLocks = 2;
constexpr int kFirstThread = 1, kFirstLock = 10'001;  // Numbers of tracks are unique in the file.

class Drawing {
 public:
  Drawing() : control_(program::control()), history_(control_.history()) {}

  std::string draw() {
    name("process_name", kThreads, kFirstThread, "threads");
    name("process_name", kLocks, kFirstLock, "locks");
    for (std::size_t i = 0; i < control_.thread_count(); ++i) {
      const ThreadId id{static_cast<std::uint32_t>(i)};
      name("thread_name", kThreads, track(static_cast<std::uint32_t>(i)),
           program::thread_words(control_, id, /*whole=*/false));
    }
    for (std::uint64_t i = history_.dropped(); i < history_.count(); ++i) show(i);
    close_run();
    for (const auto& [thread, at] : waits_) {
      const Step& begin = history_.step(at);
      slice(kThreads, track(thread), program::step_words(control_, begin) + kOpenWait, "wait",
            begin.number, now_ + 1, begin.caller);
    }
    for (const Holding& holding : held_) show_held(holding, now_ + 1, kOpenHold);
    if (!control_.told().empty()) {
      ordered_json told = event("i", kThreads, track(runner_), "FINDING " + control_.told(), now_);
      told["s"] = "g";
      add(told);
    }
    std::string all;
    for (const std::string& line : lines_) all += (all.empty() ? "" : ",\n") + line;
    return "{\"traceEvents\":[\n" + all +
           "\n],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":{\"clock\":\"steps\"}}\n";
  }

 private:
  // Behind the name of what goes on to the end: nobody saw it end.
  static constexpr const char *kOpenWait = ", never ended", *kOpenHold = ", never given back";

  struct Holding {
    const void* lock = nullptr;
    std::uint32_t thread = 0;
    std::uint64_t since = 0;
    const void* where = nullptr;
    int slot = 0;  // Of the tracks of its lock: readers hold it side by side.
  };

  static int track(std::uint32_t thread) { return kFirstThread + static_cast<int>(thread); }

  ordered_json event(const char* phase, int process, int on, const std::string& what,
                     std::uint64_t at) const {
    return {{"name", what}, {"ph", phase}, {"ts", at}, {"pid", process}, {"tid", on}};
  }
  void add(const ordered_json& json) {
    lines_.push_back(json.dump(-1, ' ', true, ordered_json::error_handler_t::replace));
  }
  void name(const char* what, int process, int on, const std::string& text) {
    ordered_json line = event("M", process, on, what, 0);
    line["args"] = {{"name", text}};
    add(line);
  }
  void slice(int process, int on, const std::string& what, const char* category,
             std::uint64_t begin, std::uint64_t end, const void* where) {
    ordered_json line = event("X", process, on, what, begin);
    line["dur"] = end > begin ? end - begin : 1;
    line["cat"] = category;
    if (where != nullptr) line["args"] = {{"at", program::place_words(where)}};
    add(line);
  }

  void close_run() {
    if (now_ == 0) return;
    slice(kThreads, track(runner_), "runs", "run", run_begin_, now_ + 1, nullptr);
  }

  void show(std::uint64_t index) {
    const Step& step = history_.step(index);
    if (now_ == 0 || step.thread != runner_) {
      close_run();
      runner_ = step.thread;
      run_begin_ = step.number;
    }
    now_ = step.number;
    if (step.did == Did::kWaited) {
      waits_[step.thread] = index;
      return;
    }
    if (step.did == Did::kWentOn) show_wait(step);
    follow_lock(step);
    if (step.did == Did::kWentOn) return;
    const std::string words = program::step_words(control_, step);
    if (!words.empty())
      slice(kThreads, track(step.thread), words, "step", now_, now_ + 1, step.caller);
  }

  /// A wait has ended: it is drawn, with an arrow from whoever ended it.
  void show_wait(const Step& end) {
    const auto at = waits_.find(end.thread);
    if (at == waits_.end()) return;
    const Step& begin = history_.step(at->second);
    slice(kThreads, track(end.thread), program::step_words(control_, begin), "wait", begin.number,
          end.number, begin.caller);
    if (const Step* const cause = cause_of(begin, at->second, end)) {
      ordered_json from = event("s", kThreads, track(cause->thread), "lets go on", cause->number);
      ordered_json to = event("f", kThreads, track(end.thread), "lets go on", end.number);
      ++arrows_;
      for (ordered_json* const one : {&from, &to}) {
        (*one)["cat"] = "wait";
        (*one)["id"] = arrows_;
      }
      to["bp"] = "e";
      add(from);
      add(to);
    }
    waits_.erase(at);
  }

  /// The last step of another thread, since the wait began, that let it go on.
  const Step* cause_of(const Step& begin, std::uint64_t from, const Step& end) const {
    const Step* cause = nullptr;
    for (std::uint64_t i = from; i < history_.count(); ++i) {
      const Step& step = history_.step(i);
      if (step.number >= end.number) break;
      if (step.thread == end.thread) continue;
      const bool joined = begin.wait == program::WaitKind::kJoin && step.did == Did::kEnded &&
                          step.thread == begin.other;
      const bool changed = step.did == Did::kCalled && step.object == begin.object &&
                           step.access != Access::kRead && step.access != Access::kAcquire;
      if (joined || changed) cause = &step;
    }
    return cause;
  }

  void follow_lock(const Step& step) {
    if (step.gave != nullptr) {
      const auto at = std::find_if(held_.begin(), held_.end(), [&](const Holding& holding) {
        return holding.lock == step.gave && holding.thread == step.thread;
      });
      if (at != held_.end()) {
        show_held(*at, now_, "");
        held_.erase(at);
      }
    }
    const program::ObjectUse* const use =
        step.took == nullptr ? nullptr : history_.use_of(step.took);
    if (use == nullptr || !use->locked) return;
    Holding holding{step.took, step.thread, step.number, step.caller};
    const auto is_in_slot = [&holding](const Holding& other) {
      return other.lock == holding.lock && other.slot == holding.slot;
    };
    while (std::any_of(held_.begin(), held_.end(), is_in_slot)) ++holding.slot;
    held_.push_back(holding);
  }

  void show_held(const Holding& holding, std::uint64_t end, const char* behind) {
    auto [at, is_new] = lock_tracks_.try_emplace(
        {holding.lock, holding.slot}, kFirstLock + static_cast<int>(lock_tracks_.size()));
    if (is_new) {
      std::string words = program::object_words(control_, holding.lock, 0, "lock", /*whole=*/false);
      if (holding.slot != 0) words += ", another reader";
      name("thread_name", kLocks, at->second, words);
    }
    slice(kLocks, at->second,
          "held by " + program::thread_words(control_, ThreadId{holding.thread}, false) + behind,
          "lock", holding.since, end, holding.where);
  }

  program::Control& control_;
  const program::History& history_;
  std::vector<std::string> lines_;
  std::uint64_t now_ = 0, run_begin_ = 0;
  std::uint32_t runner_ = 0;
  std::uint64_t arrows_ = 0;
  std::map<std::uint32_t, std::uint64_t> waits_;  // By thread: the step with which it began.
  std::vector<Holding> held_;                     // In the order in which they were taken.
  std::map<std::pair<const void*, int>, int> lock_tracks_;  // Looked up, never gone through.
};

}  // namespace

std::string program_timeline() { return Drawing().draw(); }

}  // namespace reweave::repro
