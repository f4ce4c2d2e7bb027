// Subjects for the tests of the engine: code on stacks of its own, W1 and W5 of the performance
// notes among them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/engine/engine.h"
#include "scheduler/machine/borrowed_threads.h"
#include "scheduler/machine/plain_stacks.h"
#include "tests/scheduler/toys.h"

namespace reweave::toys {

/// Any bodies, actor i+1 runs the i-th; all are children of the root, which does nothing.
class Actors : public Toy {
 public:
  using Body = std::function<void(Engine& engine)>;

  explicit Actors(std::vector<Body> bodies, Machine* machine = nullptr)
      : bodies_(std::move(bodies)), machine_(machine != nullptr ? machine : &plain()) {
    for (std::uint32_t i = 0; i < bodies_.size(); ++i) starts_.push_back({this, i});
  }
  Actors(const Actors&) = delete;
  Actors& operator=(const Actors&) = delete;

  std::function<void()> before = [] {};
  std::function<void(Execution&)> after = [](Execution&) {};
  std::function<bool(Engine&)> idle;

  void run(Execution& execution) override {
    before();
    engine.begin(execution, *machine_);
    if (idle) {
      engine.set_idle(
          [](void* self) {
            auto& actors = *static_cast<Actors*>(self);
            return actors.idle(actors.engine);
          },
          this);
    }
    for (Start& start : starts_) engine.spawn(0, &Actors::enter, &start);
    ended = engine.run();
    after(execution);
  }
  std::uint32_t sites() const override { return Pending::kStart + 1; }

  static Machine& plain() {
    static PlainStacks machine(std::size_t{256} << 10);
    return machine;
  }
  static Machine& borrowed() {
    static BorrowedThreads machine;
    return machine;
  }

  Engine engine;
  Ended ended{};

 private:
  struct Start {
    Actors* actors;
    std::uint32_t body;
  };
  static void enter(void* argument) {
    const Start& start = *static_cast<Start*>(argument);
    start.actors->bodies_[start.body](start.actors->engine);
    start.actors->engine.leave();
  }

  std::vector<Body> bodies_;
  std::vector<Start> starts_;
  Machine* machine_;
};

/// W1: two threads read a counter and write it back one higher; a point before each.
class RacyCounter : public Actors {
 public:
  explicit RacyCounter(Machine* machine = nullptr) : Actors({body(), body()}, machine) {
    before = [this] {
      counter_ = 0;
      trace.clear();
    };
    after = [this](Execution& execution) {
      if (ended == Ended::kCompleted && counter_ != 2) {
        execution.report(
            finding(FindingKind::kAssertion, execution.steps(), "assertion: lost update"), false);
      }
    };
  }
  std::string trace;  // Who ran, part by part: begin to load, load to store, store to end.

 private:
  Body body() {
    return [this](Engine& on) {
      note(on);
      on.point({1, Access::kRead, 1});
      note(on);
      const int seen = counter_;
      on.point({2, Access::kWrite, 1});
      note(on);
      counter_ = seen + 1;
    };
  }
  void note(Engine& on) { trace += static_cast<char>('0' + on.current()); }

  volatile int counter_ = 0;
};

}  // namespace reweave::toys
