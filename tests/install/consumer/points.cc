// A stranger's code with points of its own, against the installed library: two threads that
// increment a counter (6 points), found, recorded and replayed; and 4 x 100 yields (404 points).

#include <scheduler/engine/code_subject.h>
#include <scheduler/search/explore.h>
#include <scheduler/search/recording.h>
#include <scheduler/strategy/pos.h>
#include <scheduler/strategy/random_walk.h>

#include <cstdio>

namespace {

using reweave::Access;

class Counter final : public reweave::CodeSubject {
 public:
  Counter() : CodeSubject({"load", "store"}) {}

 private:
  void start() override {
    value_ = 0;
    spawn(&Counter::increment, this);
    spawn(&Counter::increment, this);
  }
  static void increment(void* argument) {
    Counter& self = *static_cast<Counter*>(argument);
    self.engine().point({1, Access::kRead, 1});
    const int seen = self.value_;
    self.engine().point({2, Access::kWrite, 1});
    self.value_ = seen + 1;
  }
  void finish(reweave::Execution& execution) override {
    if (value_ == 2) return;
    execution.report({reweave::FindingKind::kAssertion, execution.steps(), "assertion: lost update",
                      "An increment was lost."},
                     /*stops=*/false);
  }

  volatile int value_ = 0;
};

class Yields final : public reweave::CodeSubject {
 public:
  Yields() : CodeSubject({"yield"}) {}

 private:
  void start() override {
    for (int i = 0; i < 4; ++i) spawn(&Yields::yield, this);
  }
  static void yield(void* argument) {
    Yields& self = *static_cast<Yields*>(argument);
    for (int i = 0; i < 100; ++i) self.engine().point({1, Access::kNone, 0});
  }
};

}  // namespace

int main() {
  Counter counter;
  reweave::Pos pos;
  const reweave::Exploration hunt =
      reweave::explore(counter, pos, {.budget = {.executions = 1'000}, .seed = 1});
  if (!hunt.found) return 1;
  const auto schedule = reweave::record(counter, hunt.found->answers);
  if (!schedule) return 2;
  reweave::Execution again;
  reweave::replay(counter, again, *schedule, reweave::ReplayMode::kStrict);
  std::printf("%s: %s\n", hunt.found->finding.signature.c_str(), schedule->one_line().c_str());
  if (again.trace_hash() != hunt.found->trace_hash || again.findings().size() != 1) return 3;

  Yields yields;
  reweave::RandomWalk walk;
  const reweave::Exploration idle =
      reweave::explore(yields, walk, {.budget = {.executions = 100}, .seed = 1});
  return idle.statistics.steps == 100 * 400 ? 0 : 4;
}
