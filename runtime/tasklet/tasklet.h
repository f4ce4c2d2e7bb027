// Tasklets, channels and saved C stacks: the data that the scheduler of tasklets works on.
//
// The fields and their protocol follow Stackless; where a name is Stackless's own it is kept
// (tempval, cstate, balance).
#pragma once

#include <cstdint>

#include "runtime/frame/frame.h"
#include "runtime/life/dict_object.h"
#include "runtime/object/object.h"
#include "runtime/stack/slice.h"
#include "scheduler/question.h"

namespace reweave::runtime {

class Thread;
struct Tasklet;
struct Channel;

/// A saved C stack: the state of a tasklet that was switched away *hard*, or the deep part of a
/// stack that was spilled. The thread's initial stub is one of size 0: whoever is switched to it
/// starts at the top of the stack.
struct CStack {
  Slice slice;
  std::uint32_t nesting_level = 0;  // C-recursive interpreter levels below it; not 0: hard.
  std::uint32_t levels = 0;         // Interpreter levels that the slice has.
  bool stub = false;                // The initial stub: shared, never freed.
  CStack* next = nullptr;           // In the thread's chain of saved stacks, or of free objects.
  CStack* previous = nullptr;
};

/// A place in the ring of all C stacks that belong to somebody, suspended or not: the order in
/// which the end of a thread finds its tasklets.
struct StackPlace {
  StackPlace* next = nullptr;  // Null: in no ring.
  StackPlace* previous = nullptr;
  Tasklet* tasklet = nullptr;  // Null: the stub of a thread.
};

/// What ends a tasklet's wait besides what it waits for: waits.cc.
struct EarlyEnd {
  std::uint32_t timer = 0;    // Of Shared's tasklet timers; 0: its time is not limited.
  std::uint64_t selects = 0;  // Channels of the program, a bit each: that one has a value.
  bool timed_out = false;
};

struct Tasklet : Object {
  std::uint32_t number = 0;  // 0 is main; then in order of creation.
  std::uint32_t serial = 0;  // How many tasklets were made before it.
  ActorId actor{};
  Thread* thread = nullptr;  // Null: it has ended.
  bool is_main = false;      // Of any thread.
  StackPlace stack_place;    // Used if it ever got a C stack, or belongs to a later thread.
  Tasklet* next =
      nullptr;  // In the run queue (a ring) or in one channel's queue (a list); null: floating.
  Tasklet* previous = nullptr;
  Object* tempval = nullptr;  // Owned. Never null, but under a defect.
  FrameRef frame;  // Owned: the frame to go on with. None while running, new and unbound, or dead.
  CStack* cstate = nullptr;    // Never null.
  Channel* channel = nullptr;  // Where it is blocked, or astray.
  std::int8_t blocked = 0;     // -1 in receive, 1 in send.
  bool atomic = false;
  bool ignore_nesting = false;
  bool block_trap = false;
  bool pending_irq = false;  // Its time slice is over, but it could not be interrupted.
  bool zombie = false;       // Its finalizer has begun.
  bool given_up = false;     // It survived its finalizer, and one reference to it is nobody's.
  bool started = false;
  bool ended = false;
  bool dying = false;                 // Its weak references are cleared: nobody finds it any more.
  bool told_of_end = false;           // Its end is in the log already.
  DictObject* locals = nullptr;       // Owned; null: it has none yet.
  Code* bound = nullptr;              // Its function, before it is made runnable.
  Tasklet* next_made = nullptr;       // The tasklet made after it in this execution.
  std::uint32_t recursion_depth = 0;  // Calls in progress; the thread's own for the running one.
  const std::uint64_t* wait_note = nullptr;  // A defect: on its C stack, since when it waits.
  // Number of the token that was handed to its innermost receive, which has not returned; 0: none.
  std::uint32_t expects = 0;
  EarlyEnd early_end;
  bool runs_elsewhere =
      false;  // A defect: it was bound to another thread than the one it sleeps in.
  std::uint32_t left_level = 0;  // Nesting level of its last suspension, if that was hard; else 0.
  std::int32_t said = 0;  // To the program: what its last operation that says something said.
  bool sends_untracked = false;  // What it sends is no token: a None, for instance.

  bool in_run_queue() const { return next != nullptr && channel == nullptr; }
  bool floats() const { return next == nullptr && channel == nullptr; }
  // A defect: it was to enter the run queue, and came into a channel's.
  bool is_astray() const { return channel != nullptr && blocked == 0; }
};

struct Channel : Object {
  static constexpr std::uint32_t kUnnamed = UINT32_MAX;
  std::uint32_t number = 0;  // Of the program's; kUnnamed: the runtime itself uses it.
  Tasklet* head = nullptr;   // Served first.
  Tasklet* tail = nullptr;
  std::int32_t balance = 0;     // Senders waiting, or minus the receivers.
  std::int8_t preference = -1;  // -1 the receiver runs on, 1 the sender, 0 whoever is running.
  bool closing = false;
  bool schedule_all = false;
  Channel* made_before = nullptr;  // The channel made before it in this execution.
};

}  // namespace reweave::runtime
