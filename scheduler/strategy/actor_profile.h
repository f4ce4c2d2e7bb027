// How many steps each actor took in the last execution, to know how many it has still to take in
// this one.
//
// Actors are told apart by their paths, as everywhere: "the second child of the first child of the
// root" is the same one in another interleaving. What an actor has before it includes the actors
// that it has not created yet. Counts are those of the whole last execution, finding or not; before
// the first one nobody knows anything, and every weight is 0.
//
// Actors that take no steps of their own (the root of a toy, a tasklet where threads are scheduled)
// are counted with nothing; the steps of those that they create belong, until then, to the nearest
// one above that takes steps.
//
// Cost: a look-up in a map for each actor created; nothing is allocated once all paths are known.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "scheduler/execution.h"

namespace reweave {

class ActorProfile {
 public:
  using Node = std::uint32_t;  // A path that was ever seen; 0 is the root.

  ActorProfile() { nodes_.emplace_back(); }

  /// A new execution; it must live until end().
  void begin(const Execution& execution);
  /// The steps that `actor` has still to take, with those of the actors that it has still to
  /// create.
  std::uint64_t weight(ActorId actor);
  /// `actor` has taken a step.
  void count(ActorId actor) { ++nodes_[node(actor)].taken; }
  /// The execution is over: what it counted is what the next one goes by.
  void end();
  /// Instead of end(): the next one goes by other counts, `steps(node)` for each path.
  template <typename Steps>
  void expect(const Steps& steps) {
    for (Node n = 0; n < nodes_.size(); ++n) nodes_[n].steps = steps(n);
    link();
  }

  /// The path of an actor, as a number that is the same in every execution.
  Node node(ActorId actor);
  /// How many paths there are.
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Entry {
    Node parent = 0;
    std::uint64_t steps = 0;    // Taken in the last execution.
    std::uint64_t created = 0;  // In the last execution: by those that it created, and so on.
    std::uint64_t taken = 0;    // In this execution.
    std::uint64_t pending = 0;  // Of `created`: of actors that are not there yet.
  };

  void adopt(ActorId actor);
  void link();
  Node creator(Node node) const;

  const Execution* execution_ = nullptr;
  std::vector<Entry> nodes_;                                 // A parent before its children.
  std::map<std::pair<Node, std::uint32_t>, Node> children_;  // By parent and ordinal.
  std::vector<Node> actors_;                                 // Of this execution.
};

}  // namespace reweave
