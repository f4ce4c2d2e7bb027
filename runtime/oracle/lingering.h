// What lingers, cyclic garbage: objects that reference counting would have freed but for a cycle.
//
// Noted whenever the cycle collector finds garbage, before anything of it dies, and once more when
// the program has ended: as a graph of tasklets, channels and things, in order of creation. What
// the frames of a tasklet hold counts as held by the tasklet. A report draws the cycles.
//
// It is off unless asked for (Runtime::watch_garbage); executions without it pay nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/life/references.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

/// What lingered at one moment. Plain data.
struct LingeringMoment {
  struct Node {
    ObjectKind kind{};
    std::uint32_t number = 0;            // What events call it.
    std::vector<std::uint32_t> holds{};  // Indices of nodes, each once, in the order of its fields.
    ActorId actor{};                     // Of a tasklet.
  };
  std::uint64_t step = 0;
  bool at_end = false;        // The program had ended: no collector freed it.
  std::vector<Node> nodes{};  // In order of creation; not empty.
};

class Lingering final : public GarbageWatcher, private ReferenceVisitor {
 public:
  void note(std::uint64_t step, bool at_end, std::span<Object* const> objects) override;
  /// An execution begins.
  void clear() { moments_.clear(); }
  const std::vector<LingeringMoment>& moments() const { return moments_; }

 private:
  void visit(Object* object) override;
  void visit_frame(FrameRef frame) override;

  std::vector<LingeringMoment> moments_;
  std::span<Object* const> objects_;             // Of the moment being noted.
  std::vector<std::uint32_t>* holds_ = nullptr;  // Of the node being noted.
};

}  // namespace reweave::runtime
