// The cycle collector: objects that only refer to each other die, too.
//
// Nobody outside can reach a group of objects whose counts are explained by references from within
// it. So every reference that an object holds is counted at its target (references.h); what has
// more than those is held from outside, by a queue, a slot or C++ code; whatever that reaches is
// alive, and the rest is garbage. References that nobody can name only ever keep something alive.
//
// Kept as well: what is being destroyed already; a tasklet with a saved C stack, for nobody knows
// what is in it; and the tasklets of other threads.
//
// Garbage dies in order of creation: first all weak references are cleared and their callbacks run,
// while everything is whole still; then, unless one of them was found again by a callback, all of
// it gives up what it holds. What was found again lives on, without its weak references.
//
// Cost: two visits to each object that is alive. Allocates nothing after warm-up.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/life/references.h"

namespace reweave::runtime {

class GarbageWatcher;
struct Tasklet;

class Collector final : private ReferenceVisitor {
 public:
  /// `runtime` must outlive it.
  explicit Collector(Runtime& runtime) : runtime_(runtime) {
    objects_.reserve(256);
    reached_.reserve(256);
  }

  /// Frees what is garbage now. `by`: the running thread, at a place where it may switch. Callbacks
  /// and finalizers run, so this may switch. No exception may be pending. While it is under way,
  /// further calls do nothing.
  void collect(Thread& by);
  /// Tells `watcher` what collect() would free, and frees nothing. `at_end`: the program has ended.
  /// Does not switch.
  void note_lingering(const Thread& by, bool at_end, GarbageWatcher& watcher);
  /// Under way: some callback of garbage has not returned.
  bool collecting() const { return collecting_; }
  /// As gc.set_debug(): what is found to be garbage is logged (kLogs), and kept for ever instead of
  /// freed (kKeeps), as if in gc.garbage. Its weak references are cleared all the same.
  static constexpr std::uint32_t kLogs = 1, kKeeps = 2;
  void debug(std::uint32_t flags) { debug_ = flags; }
  /// What it has kept for that reason; counted.
  const std::vector<Object*>& kept() const { return kept_; }
  /// How many objects, but for frames, it has freed in this execution.
  std::uint32_t collected() const { return collected_; }
  /// An execution begins: what the last one left is gone.
  void forget();

 private:
  void visit(Object* object) override;
  void visit_frame(FrameRef frame) override;
  bool find(const Thread& by);
  bool is_kept(const Object& object, const Thread& by) const;
  void reach(Object* object);
  void say_goodbye(Thread& by);
  bool all_found_again() const;
  void log_garbage(Thread& by) const;
  void clear(Thread& by, Object& object);
  static void clear_tasklet(Thread& by, Tasklet& tasklet);
  static void clear_thing(Thread& by, Thing& thing);

  static constexpr std::uint16_t kReached = 0xffff;

  Runtime& runtime_;
  std::vector<Object*> objects_;  // All that hold references, in order of creation.
  std::vector<Object*> reached_;  // From outside.
  std::vector<Object*> found_;    // Tasklets, channels and things that nobody reaches.
  std::vector<Object*> garbage_;  // The same at the beginning; held until all is done.
  std::vector<Object*> kept_;
  std::uint32_t debug_ = 0;
  bool reaching_ = false;  // Follows references; otherwise counts them.
  bool broken_ = false;    // A reference dangles: what is garbage cannot be known.
  bool collecting_ = false;
  std::uint32_t collected_ = 0;
};

}  // namespace reweave::runtime
