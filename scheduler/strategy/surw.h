// SURW: uniform over the orders of the steps that touch one object, whatever else happens between
// them.
//
// After Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025.
// Each execution takes one object that the last one saw touched by at least two actors, at least
// half of all, and changed by one of them; the more it was touched, the likelier. Which actor makes
// the next access to it is drawn beforehand, in proportion to the accesses that each has still to
// make (as URW does for all steps, urw.h); another actor that comes to an access is held until that
// one has made its own. Between the accesses everybody goes on by random priorities, drawn for each
// step. So where nobody waits and the counts are right, each order of the accesses is as likely as
// any other, and each interleaving of the rest has some chance.
//
//     accesses to the object:  A 3, B 1      AAAB AABA ABAA BAAA     1/4 each, however long A and B
//                                                                   run before, between and after
//
// If all that could go on are held, the actor is drawn again among them: the one drawn first waits
// for somebody. In the first execution, and where no object is fit, there are only the priorities.
//
// Only `run` is answered so; yes/no kinds, `pick` and `fire` as in the random walk. An execution
// depends on what the one before it counted. Cost: a look-up in a map for each step.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "scheduler/strategy/actor_profile.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

class Surw final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return true; }
  void pass(const Question& question) override { watch(question, 0); }
  /// Learns from an execution that another strategy answers, between attach() and end(): the answer
  /// to a question, or 0 at a point that was passed.
  void watch(const Question& question, std::uint32_t answer);
  bool end(const Execution& execution) override;

  /// What the execution takes its order from; nothing if no object is fit.
  std::optional<ObjectId> object() const { return object_; }

 private:
  /// How one actor touched one object.
  struct Touches {
    std::uint64_t last = 0;  // In the last execution: how often, …
    bool changed = false;    // … and whether it changed it.
    std::uint64_t now = 0;   // In this execution.
    bool changes = false;
  };

  void take_object();
  bool at_access(const Option& option) const {
    return object_ && option.next.access != Access::kNone && option.next.object == *object_;
  }
  void select(std::span<const Option> among);
  void hand_on_to_children();
  void take(const Option& option);

  Prng prng_{0};
  Swarm swarm_;
  StepPriorities priorities_;
  ActorProfile accesses_;  // To the object.
  std::map<std::pair<ObjectId, ActorProfile::Node>, Touches> touches_;
  const Execution* execution_ = nullptr;
  std::optional<ObjectId> object_;
  std::optional<ActorId> selected_;  // Who makes the next access.
  std::uint32_t actors_ = 0;         // How many there were when somebody was selected last.
  std::vector<std::uint64_t> weights_;
  std::vector<Option> candidates_;
  std::vector<bool> touched_;  // By actor's path: it touched something in the last execution.
};

}  // namespace reweave
