// Code, frames and the two caches of dead frames.
//
// A frame is one activation of a code object and lives on the heap, so that a tasklet can be
// suspended without any C stack: a soft switch just returns to the dispatcher. Who runs is written
// in one rule: *the dispatcher owns one reference to the frame that it executes*; a suspended frame
// is owned by its tasklet, or by the frame that it called.
//
// Dead frames are parked: each code object keeps its last one (the zombie frame), the rest go to a
// shared free list. That is the only memory that is used twice within an execution, which is why
// every reference to a frame carries the generation it was made for: using a parked or recycled
// frame is the finding `dangling-frame`, at the moment of use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/object/object.h"
#include "scheduler/question.h"

namespace reweave::runtime {

class ReferenceVisitor;
class Thread;
struct Frame;
struct GeneratorObject;

/// What a dispatcher gets instead of a value when the C stack is being unwound to let another frame
/// go on: see take_transfer() in evaluation.cc. Never dereferenced.
inline Object* const kUnwind = reinterpret_cast<Object*>(std::uintptr_t{1});

/// A counted reference to a frame, good for one life of it. Plain data: counting is explicit, as
/// for every object.
struct FrameRef {
  Frame* frame = nullptr;
  std::uint32_t generation = 0;
  explicit operator bool() const { return frame != nullptr; }
};

/// Runs `self` until it returns (a value, owned), fails (null, with Thread::error set) or unwinds
/// (kUnwind). `value` is what it waits for, owned; null with an error pending: the error is raised
/// in the frame. May switch tasks.
using Execute = Object* (*)(Thread& thread, FrameRef self, Object* value);

/// Releases what the frame's locals own, before it is parked or freed. May switch tasks.
using ClearLocals = void (*)(Thread& thread, Frame& frame);

/// Tells of every counted reference that the frame's locals hold (life/references.h).
using VisitLocals = void (*)(Frame& frame, ReferenceVisitor& visitor);

/// Whose frame it is, which has it; null: no generator's.
using GeneratorOf = GeneratorObject* (*)(Frame& frame);

struct Code {
  Execute execute = nullptr;
  ClearLocals clear_locals = nullptr;  // Null: the locals own nothing.
  VisitLocals visit_locals = nullptr;  // Null: likewise.
  GeneratorOf generator_of = nullptr;  // Null: frames of it belong to no generator.
  std::uint32_t locals_bytes = 0;
  SiteId entry{};               // Site of the function's entry, for spill questions.
  const void* body = nullptr;   // For `execute`.
  const char* label = nullptr;  // What a timeline calls it; null: it has the name of `entry`.
  FrameRef zombie;              // A parked frame, not counted. Cleared when the arena is.
  bool has_had_zombie = false;  // In this execution.
};

struct Frame : Object {
  Code* code = nullptr;           // Null: parked, and its code object is gone.
  FrameRef back;                  // Who called; owned.
  std::uint64_t parked_step = 0;  // When it was parked last, and by whose release; for the report.
  std::uint32_t parked_by = 0;
  SiteId site{};  // The operation in progress.
  Frame* next_free = nullptr;

  /// The locals: `code->locals_bytes` bytes behind the frame, zeroed when it is made.
  template <typename T>
  T& locals() {
    return *reinterpret_cast<T*>(this + 1);
  }
};

/// How the caches did, for telemetry and tests.
struct FrameCounts {
  std::uint64_t made = 0;
  std::uint64_t from_zombie = 0;
  std::uint64_t from_free_list = 0;
};

/// What the caches hold now: memory that nothing else can use.
struct FrameHoldings {
  std::uint64_t zombies = 0;  // Not bounded: as many as there are codes that ever ran.
  std::uint64_t zombie_bytes = 0;
  std::uint64_t free = 0;  // At most Settings::free_frames_max.
  std::uint64_t free_bytes = 0;
};

/// The shared free list, and which codes keep a zombie. For one execution: frames are arena memory.
struct FrameCache {
  Frame* free = nullptr;
  std::uint32_t free_count = 0;
  FrameCounts counts;
  std::vector<Code*> codes_with_zombie;

  /// Walks both caches; costs nothing while frames come and go.
  FrameHoldings held() const;

  /// Forgets all frames: their memory is gone.
  void clear();
  /// The code objects of earlier executions are gone: their zombies are not looked for again.
  void forget_codes();
  /// The same for one code object, which is about to go: the frame that it kept is kept no longer.
  void forget_code(Code& code);
};

}  // namespace reweave::runtime
