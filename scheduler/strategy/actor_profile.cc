#include "scheduler/strategy/actor_profile.h"

namespace reweave {

void ActorProfile::begin(const Execution& execution) {
  execution_ = &execution;
  actors_.assign(1, 0);
  for (Entry& entry : nodes_) {
    entry.taken = 0;
    entry.pending = entry.created;
  }
}

// Whose steps a path's are until it is there: those of the nearest one above that takes steps.
ActorProfile::Node ActorProfile::creator(Node node) const {
  do {
    node = nodes_[node].parent;
  } while (node != 0 && nodes_[node].steps == 0);
  return node;
}

void ActorProfile::adopt(ActorId actor) {
  const ActorOrigin origin = execution_->actor_origin(actor);
  const Node parent = actors_[static_cast<std::size_t>(origin.parent)];
  const auto [place, is_new] =
      children_.emplace(std::pair(parent, origin.ordinal), static_cast<Node>(nodes_.size()));
  if (is_new) nodes_.push_back({.parent = parent});
  const Entry& entry = nodes_[place->second];
  if (entry.steps > 0) nodes_[creator(place->second)].pending -= entry.steps + entry.created;
  actors_.push_back(place->second);
}

ActorProfile::Node ActorProfile::node(ActorId actor) {
  while (actors_.size() < execution_->actor_count())
    adopt(ActorId{static_cast<std::uint32_t>(actors_.size())});
  return actors_[static_cast<std::size_t>(actor)];
}

std::uint64_t ActorProfile::weight(ActorId actor) {
  const Entry& entry = nodes_[node(actor)];
  return (entry.steps > entry.taken ? entry.steps - entry.taken : 0) + entry.pending;
}

void ActorProfile::end() {
  for (Entry& entry : nodes_) entry.steps = entry.taken;
  link();
}

void ActorProfile::link() {
  for (Entry& entry : nodes_) entry.created = 0;
  // A child comes after its parent, so that what it created is complete when it is added.
  for (Node n = static_cast<Node>(nodes_.size()); n-- > 1;) {
    if (nodes_[n].steps > 0) nodes_[creator(n)].created += nodes_[n].steps + nodes_[n].created;
  }
}

}  // namespace reweave
