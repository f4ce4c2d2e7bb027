// The census: when a program has ended, does every count equal the references that exist?
//
// Findings:
//   refcount          a count is lower than the references that there are: one was given back that
//                     nobody had; or higher, though the object is still referred to
//   leak              alive, and nobody refers to it
//   structure         a parked frame breaks a rule (oracle/parked_frames.h)
//   dangling-tasklet  destroyed, and still referred to; the same for dangling-frame
//
// Cyclic garbage is no leak: its counts are explained, by references from within. It is counted as
// `lingering`.
//
// C++ code that is suspended in a saved stack holds references that nobody can name (references.h).
// So where a saved stack is left at the program's end, only what no such reference can explain is
// reported: counts that are too low, and what dangles.
//
// Cost: at the end of an execution one visit to each object that is then alive; if all agrees
// nothing else. Allocates nothing after warm-up, asks nothing, changes nothing that outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/life/references.h"
#include "scheduler/finding.h"

namespace reweave::runtime {

class Census final : private ReferenceVisitor {
 public:
  Census() { met_.reserve(256); }

  /// Looks at `runtime`, whose program has just ended, and reports to its execution. `host` names
  /// the references that are held outside of the runtime.
  void take(Runtime& runtime, const RootHolder& host);

  /// Of the last one: objects that only other unreachable objects refer to.
  std::uint32_t lingering() const { return lingering_; }

 private:
  void visit(Object* object) override;
  void visit_frame(FrameRef frame) override;
  void look_at_caches();
  void visit_roots(const RootHolder& host);
  void visit_thread(const Thread& thread);
  bool reached_agree() const;
  void count_the_rest();
  void judge(Object& object, bool strict);
  void report(FindingKind kind, Object& object, const char* how);
  std::string name_of(Object& object) const;
  void forget();

  static constexpr std::uint16_t kReferencesMax = 0xffff;  // More are not told apart.

  Runtime* runtime_ = nullptr;
  std::vector<Object*> met_;  // Everything that was referred to, or found in the heap.
  bool all_met_ = false;      // Nothing is added to it any more.
  Object* dangling_ = nullptr;
  std::uint32_t lingering_ = 0;
};

}  // namespace reweave::runtime
