// A subject that is your own code with explicit points: derive from it, spawn actors, and call
// point() where another one may come in between.
//
//     class Counter final : public reweave::CodeSubject {
//      public:
//       Counter() : CodeSubject({"load", "store"}) {}
//      private:
//       void start() override {              // Before each execution: a fresh state, the actors.
//         value_ = 0;
//         spawn(&Counter::increment, this);
//         spawn(&Counter::increment, this);
//       }
//       static void increment(void* self) {
//         auto& [engine, value] = …
//         engine.point({1, Access::kRead, 1});    // Site 1 is "load"; object 1 is the counter.
//         …
//       }
//       void finish(Execution& execution) override { if (value_ != 2) execution.report(…); }
//     };
//
// explore() hunts in it, record() and replay() repeat what was found, an Isolator survives its
// crashes. The code is compiled once for all strategies.
//
// Guarantee: the same answers give the same execution as long as the code asks nobody else: no
// clock, no address, no thread. Cost: see engine.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/engine/engine.h"
#include "scheduler/machine/plain_stacks.h"
#include "scheduler/subject.h"

namespace reweave {

class CodeSubject : public Subject {
 public:
  void run(Execution& execution) final;
  /// Nothing: code cannot be written down. A kind of such subjects says how one is named.
  std::string text() const override { return {}; }
  std::string site_name(SiteId site) const final;
  std::optional<SiteId> find_site(std::string_view name) const final;
  std::string describe(const Event& event) const override;

 protected:
  /// The names of the sites 1, 2, …, all different, without blanks; "start" is taken: there an
  /// actor is that has passed no point. `stack_bytes`: as PlainStacks.
  explicit CodeSubject(std::vector<std::string> sites,
                       std::size_t stack_bytes = PlainStacks::kStackBytes);

  /// Puts everything back to the beginning and spawns the first actors. On the caller's stack.
  virtual void start() = 0;
  /// After an execution; says what is wrong by execution.report(). On the caller's stack.
  virtual void finish(Execution& /*execution*/) {}

  /// A new actor that calls `body(argument)` and has ended when that returns; no exception may
  /// leave it. From start() or from an actor, whose child it is. Does not switch. Returns its
  /// number, for Engine::make_ready().
  Actor spawn(void (*body)(void* argument), void* argument);

  /// For point(), block(), make_ready(), pick(), …
  Engine& engine() { return engine_; }

 private:
  struct Start {
    CodeSubject* subject;
    void (*body)(void* argument);
    void* argument;
  };
  static void enter(void* start);

  std::vector<std::string> sites_;
  PlainStacks machine_;
  Engine engine_;
  std::vector<Start> starts_;  // By actor.
};

}  // namespace reweave
