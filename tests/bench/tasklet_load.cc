#include "tests/bench/tasklet_load.h"

#include <string>

#include "runtime/tasklet/channel.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/native.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::bench {

using runtime::Channel;
using runtime::Code;
using runtime::FrameRef;
using runtime::Object;
using runtime::Tasklet;
using runtime::Thread;
using runtime::Token;

class TaskletLoad::Program : public runtime::LedgerNames {
 public:
  Program(What what, std::size_t padding_bytes) : what_(what), padding_bytes_(padding_bytes) {
    for (Code* const code : {&main_, &other_, &leaf_}) {
      code->locals_bytes = sizeof(std::uint64_t);
      code->body = this;
    }
    leaf_.execute = [](Thread&, FrameRef, Object* value) { return value; };
    switch (what) {
      case What::kSoftSwitch:
        main_.execute = other_.execute = &Program::switch_softly;
        break;
      case What::kSpawn:
        main_.execute = &Program::spawn;
        break;
      case What::kChannel:
        main_.execute = &Program::ask;
        other_.execute = &Program::reply;
        break;
      case What::kSpill:
        settings_.spill_levels = 1;  // Every level of C code is one too many.
        break;
      case What::kHardSwitch:
        break;
    }
  }

  void run() {
    const std::uint64_t switches_before = thread_.saved().machine.switches;
    done_ = 0;
    execution_.begin(ordinary_);
    const bool native = what_ == What::kHardSwitch || what_ == What::kSpill;
    const runtime::Ending ending =
        runtime_.run(native ? native_main_.code() : main_, settings_, execution_, *this);
    CHECK(ending.ended);
    CHECK(!ending.failed);
    CHECK(done_ == kBatch);
    CHECK(execution_.findings().empty());
    if (what_ == What::kSpill) CHECK(thread_.saved().spills == kBatch);
    slice_switches_ = thread_.saved().machine.switches - switches_before;
  }

  std::uint64_t slice_switches() const { return slice_switches_; }

  std::string site(SiteId) const override { return "bench"; }
  std::string operation(SiteId) const override { return "bench"; }

 private:
  static Program& of(FrameRef self) {
    return *static_cast<Program*>(const_cast<void*>(self.frame->code->body));
  }
  void start(Thread& thread, Code& code) {
    Tasklet* const tasklet = thread.bind(code);
    thread.release(thread.insert(tasklet));
    thread.release(tasklet);
  }

  // Main and the other one run this; main counts, and ends first.
  static Object* switch_softly(Thread& thread, FrameRef self, Object* value) {
    Program& program = of(self);
    if (self.frame->code == &program.main_) {
      auto& turns = self.frame->locals<std::uint64_t>();
      if (turns == 0) program.start(thread, program.other_);
      if (turns == kBatch / 2) return value;
      ++turns;
      program.done_ += 2;
    }
    thread.release(value);
    return thread.schedule(/*soft=*/true);
  }

  static Object* spawn(Thread& thread, FrameRef self, Object* value) {
    Program& program = of(self);
    if (program.done_ == kBatch) return value;
    ++program.done_;
    thread.release(value);
    program.start(thread, program.leaf_);
    return thread.schedule(/*soft=*/true);
  }

  // Main sends on one channel and receives on the other; the other tasklet does the reverse.
  static Object* ask(Thread& thread, FrameRef self, Object* value) {
    Program& program = of(self);
    auto& steps = self.frame->locals<std::uint64_t>();
    if (steps == 0) {
      program.there_ = thread.make_channel(0);
      program.back_ = thread.make_channel(1);
      program.start(thread, program.other_);
    }
    while (value != runtime::kUnwind && program.done_ < kBatch) {
      if (steps++ % 2 == 0) {
        value = send_after(thread, value, program.there_, /*is_answer=*/steps > 1);
      } else {
        thread.release(value);
        value = program.take(thread, program.back_);
        ++program.done_;
      }
    }
    return value;
  }
  static Object* reply(Thread& thread, FrameRef self, Object* value) {
    Program& program = of(self);
    auto& steps = self.frame->locals<std::uint64_t>();
    while (value != runtime::kUnwind) {
      if (steps++ % 2 == 1) {
        value = send_after(thread, value, program.back_, /*is_answer=*/true);
      } else {
        thread.release(value);
        value = program.take(thread, program.there_);
      }
    }
    return value;
  }
  static Object* take(Thread& thread, Channel* channel) {
    runtime::Reception reception;  // It interrupts none.
    open_reception(thread, reception);
    return runtime::take(thread, channel, /*soft=*/true);
  }
  /// Sends a fresh value; `value` is None or, as an answer, what was received.
  static Object* send_after(Thread& thread, Object* value, Channel* channel, bool is_answer) {
    if (is_answer) close_reception(thread, runtime::Reception{}, SiteId{1}, value);
    thread.release(value);
    return send(thread, channel, thread.make_token(), SiteId{1}, /*soft=*/true);
  }

  // With C code on the stack.
  Object* run_natively(Thread& thread) {
    if (padding_bytes_ > 0) {
      void* const padding = __builtin_alloca(padding_bytes_);
      asm volatile("" : : "r"(padding) : "memory");
      Object* const value = loop_natively(thread);
      asm volatile("" : : "r"(padding) : "memory");
      return value;
    }
    return loop_natively(thread);
  }
  Object* loop_natively(Thread& thread) {
    const bool is_main = thread.current() == thread.main_tasklet();
    if (what_ == What::kHardSwitch && is_main) start(thread, native_other_.code());
    while (done_ < kBatch) {
      if (what_ == What::kSpill) {
        ++done_;
        thread.release(evaluate(thread, make_frame(thread, leaf_, leaf_.entry), thread.none()));
      } else {
        if (is_main) done_ += 2;
        thread.release(thread.schedule(/*soft=*/false));
      }
    }
    return thread.none();
  }

  What what_;
  std::size_t padding_bytes_;
  std::uint64_t done_ = 0;
  std::uint64_t slice_switches_ = 0;
  Code main_, other_, leaf_;
  runtime::NativeCode native_main_{[this](Thread& thread) { return run_natively(thread); }};
  runtime::NativeCode native_other_{[this](Thread& thread) { return run_natively(thread); }};
  Channel* there_ = nullptr;
  Channel* back_ = nullptr;
  runtime::Settings settings_;
  runtime::Runtime runtime_;
  Thread& thread_ = runtime_.main_thread();
  Ordinary ordinary_;
  Execution execution_;
};

TaskletLoad::TaskletLoad(What what, std::size_t padding_bytes)
    : program_(std::make_unique<Program>(what, padding_bytes)) {}
TaskletLoad::~TaskletLoad() = default;

void TaskletLoad::run() { program_->run(); }
std::uint64_t TaskletLoad::slice_switches() const { return program_->slice_switches(); }

}  // namespace reweave::bench
