// A program for the runtime, written in C++: no scenario language, only Thread's own interface.
//
//   NativeProgram program;
//   Channel* channel = nullptr;
//   Code& receiver = program.code([&](Thread& thread) {
//     return program.receive(thread, channel, "recv");
//   });
//   const Ending ending = program.run([&](Thread& thread) {
//     channel = thread.make_channel(0);
//     program.spawn(thread, receiver);
//     …
//   });
//
// The bodies are NativeCode, so they run on the sliced machine stack and every switch out of one is
// hard. What they capture by reference lives in the test's own frame, above the base of the sliced
// stack, and stays where it is. A program is reset by run(), and may be run again.
//
// StepCode is the soft counterpart: a function whose frame is all there is, cut into steps.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/tasklet/channel.h"
#include "runtime/tasklet/native.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {

/// Code made of steps; each returns an owned value, null with an exception pending, or kUnwind when
/// it is left by a soft switch. What a step switched away for is what the next step begins after.
class StepCode {
 public:
  using Step = std::function<Object*(Thread& thread)>;

  explicit StepCode(std::vector<Step> steps) : steps_(std::move(steps)) {
    code_.execute = &StepCode::execute;
    code_.locals_bytes = sizeof(std::size_t);
    code_.body = this;
  }
  StepCode(const StepCode&) = delete;
  StepCode& operator=(const StepCode&) = delete;

  Code& code() { return code_; }

 private:
  static Object* execute(Thread& thread, FrameRef self, Object* value) {
    const auto& steps = static_cast<const StepCode*>(self.frame->code->body)->steps_;
    auto& next = self.frame->locals<std::size_t>();
    while (value != nullptr && next < steps.size()) {
      thread.release(value);
      value = steps[next++](thread);
      if (value == kUnwind) return kUnwind;
    }
    return value;
  }

  std::vector<Step> steps_;
  Code code_;
};

class NativeProgram : public LedgerNames {
 public:
  using Body = NativeCode::Body;

  Settings settings;
  Runtime runtime;
  Thread& thread = runtime.main_thread();
  Execution execution;
  std::vector<std::string> said;  // What the program said, in order; cleared by run().

  /// A code object that lives as long as the program.
  Code& code(Body body, const std::string& name = "entry") {
    codes_.push_back(std::make_unique<NativeCode>(std::move(body), at(name)));
    return codes_.back()->code();
  }
  Code& steps(std::vector<StepCode::Step> steps) {
    step_codes_.push_back(std::make_unique<StepCode>(std::move(steps)));
    return step_codes_.back()->code();
  }

  /// Runs `main` under the answers of `chooser`.
  Ending run_code(Code& main, Chooser& chooser) {
    said.clear();
    execution.limits() = settings.limits;
    execution.begin(chooser, /*keep_log=*/true);
    return runtime.run(main, settings, execution, *this);
  }
  Ending run(Body main) {
    Ordinary ordinary;
    return run_code(code(std::move(main), "main"), ordinary);
  }
  Ending run(Code& main) {
    Ordinary ordinary;
    return run_code(main, ordinary);
  }

  // ---- For bodies ----

  void say(std::string word) { said.push_back(std::move(word)); }

  /// A tasklet in the run queue, which alone holds it.
  void spawn(Thread& inner, Code& body) { inner.release(spawn_kept(inner, body)); }
  /// The same, held by the caller, too.
  Tasklet* spawn_kept(Thread& inner, Code& body) {
    Tasklet* const tasklet = inner.bind(body);
    inner.release(inner.insert(tasklet));
    return tasklet;
  }

  /// Sends a fresh value; says nothing.
  Object* send(Thread& inner, Channel* channel, std::int64_t payload = 0,
               const std::string& site = "send") {
    Token* const token = inner.make_token();
    token->payload = payload;
    return runtime::send(inner, channel, token, at(site), /*soft=*/false);
  }
  Object* send_exception(Thread& inner, Channel* channel, ExceptionType type,
                         const std::string& site = "sendx") {
    Bomb* const bomb = inner.make_bomb(type);
    return runtime::send(inner, channel, bomb, at(site), /*soft=*/false);
  }
  Object* receive(Thread& inner, Channel* channel, const std::string& site = "recv") {
    return runtime::receive(inner, channel, at(site));
  }
  /// The payload of a value, which is released; -1 for None, -2 for an exception, which is
  /// forgotten.
  static std::int64_t payload(Thread& inner, Object* value) {
    if (value == nullptr) {
      inner.release(inner.take_error());
      return -2;
    }
    const std::int64_t number =
        value->kind == ObjectKind::kToken ? static_cast<Token*>(value)->payload : -1;
    inner.release(value);
    return number;
  }
  /// "deadlock" or "TaskletExit" for the pending exception, which is forgotten; "" if there is
  /// none.
  static std::string error(Thread& inner, Object* value) {
    if (value != nullptr) {
      inner.release(value);
      return "";
    }
    Bomb* const bomb = inner.take_error();
    const std::string text =
        bomb->code != ErrorCode::kNone ? error_code_name(bomb->code) : exception_word(bomb->type);
    inner.release(bomb);
    return text;
  }
  /// Ends the body with the value's success or exception.
  static Object* done(Thread& inner, Object* value) {
    if (value == nullptr) return nullptr;
    inner.release(value);
    return inner.none();
  }

  static std::string exception_word(ExceptionType type) {
    switch (type) {
      case ExceptionType::kValueError:
        return "ValueError";
      case ExceptionType::kTaskletExit:
        return "TaskletExit";
      case ExceptionType::kRuntimeError:
        return "RuntimeError";
      default:
        return "other";
    }
  }

  /// Words of the kept log: "fin", "wcb" … with the first argument, for those asked for.
  std::vector<std::string> events(std::initializer_list<EventKind> kinds) const {
    std::vector<std::string> words;
    for (const Event& event : execution.log()) {
      for (const EventKind kind : kinds) {
        if (static_cast<EventKind>(event.kind) != kind) continue;
        words.push_back(event_info(kind).word +
                        (event.count > 0 ? " " + std::to_string(event.args[0]) : std::string()));
      }
    }
    return words;
  }

  /// The site of that name; a new name is a new site.
  SiteId at(const std::string& name) {
    for (std::size_t i = 0; i < sites_.size(); ++i) {
      if (sites_[i] == name) return SiteId{static_cast<std::uint32_t>(i)};
    }
    sites_.push_back(name);
    return SiteId{static_cast<std::uint32_t>(sites_.size() - 1)};
  }
  std::string site(SiteId id) const override { return sites_.at(static_cast<std::uint32_t>(id)); }
  std::string operation(SiteId id) const override { return site(id); }

 private:
  std::vector<std::string> sites_{"nowhere"};
  std::vector<std::unique_ptr<NativeCode>> codes_;
  std::vector<std::unique_ptr<StepCode>> step_codes_;
};

}  // namespace reweave::runtime
