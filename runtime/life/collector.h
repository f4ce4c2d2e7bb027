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
// Objects are in a list, the oldest first. A collection walks through it: whoever is held from
// outside, or was met before, stays where it is; all others are set aside, and those of them that
// are met later go to the list's end. What is still aside at the end is garbage, in that order. So
// one that only a younger one holds changes its place, and a later collection sees it there.
// Channels that are held count as older than everything: those of a program are, though each is
// made when it is first used.
//
// Garbage dies in this order: first all weak references are cleared and their callbacks run, then
// suspended generators are closed, while everything is whole still; then, unless one of them was
// found again by that code, all of it gives up what it holds. What was found again lives on,
// without its weak references, at the end of the list.
//
// Cost: two visits to each object that is alive. Allocates nothing after warm-up, unless two of
// more than kFew that were set aside are met by one object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "runtime/life/references.h"
#include "scheduler/question.h"

namespace reweave::runtime {

class GarbageWatcher;
struct Shared;
struct Tasklet;

class Collector final : private ReferenceVisitor {
 public:
  /// `shared` must outlive it.
  explicit Collector(Shared& shared) : shared_(shared) {
    objects_.reserve(256);
    survivors_.reserve(256);
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
  void list_objects();
  void count_references(const Thread& by);
  void part();
  void take_up_again();
  bool is_kept(const Object& object, const Thread& by) const;
  void reach(Object* object);
  void meet(Object& object);
  void keep_order();
  void lives_on(Object& object);
  void say_goodbye(Thread& by);
  bool all_found_again();
  void log_garbage(Thread& by) const;
  void clear(Thread& by, Object& object);
  static void clear_tasklet(Thread& by, Tasklet& tasklet);
  static void clear_thing(Thread& by, Thing& thing);

  // What `Object::references` says once they are counted.
  static constexpr std::uint16_t kUnmet = 0, kAside = 1, kMet = 2, kHeld = 3;
  static constexpr std::uint16_t kReached = 0xffff;
  static constexpr std::size_t kFew = 64;  // Looking through so many is as fast as a map.
  /// An object in one of its lives.
  struct Life {
    Object* object = nullptr;
    std::uint32_t generation = 0;
  };

  Shared& shared_;
  std::vector<Life> order_;       // The list, as the last collection left it: without the younger.
  std::vector<Object*> objects_;  // The list; without those that it does not contain, in `inner_`.
  std::vector<Object*> inner_;    // Frames and the like, which hold things for others.
  std::vector<Object*> aside_;    // Not met yet.
  std::vector<Object*> met_again_;  // Of those, met just now.
  // Where they are in `aside_`, if these are many.
  std::map<Object*, std::size_t> places_;
  std::vector<Object*> survivors_;  // Reached from outside, in their new order.
  std::vector<Object*> expanding_;  // Whose references are still to be visited.
  std::vector<Object*> found_;      // Tasklets, channels and things that nobody reaches.
  std::vector<Object*> garbage_;    // The same at the beginning; held until all is done.
  std::vector<Object*> kept_;
  std::uint32_t debug_ = 0;
  bool reaching_ = false;  // Follows references; otherwise counts them.
  bool broken_ = false;    // A reference dangles: what is garbage cannot be known.
  bool collecting_ = false;
  std::uint32_t collected_ = 0;
};

/// Frees objects that only refer to each other. For places between two operations of a program. May
/// switch.
void collect_garbage(Thread& thread);
/// The `collect` question, asked under the setting `collect` alone: true if the collector is to run
/// here, before an operation at `site` makes what it needs. Does not switch.
bool asks_to_collect(Thread& thread, SiteId site);

}  // namespace reweave::runtime
