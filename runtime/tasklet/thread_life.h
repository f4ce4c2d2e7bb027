// The beginning and the end of a thread: what it is entered with, and what its end has to find.
#pragma once

#include <cstdint>

#include "runtime/stack/fiber.h"
#include "runtime/tasklet/tasklet.h"

namespace reweave::runtime {

/// How a thread's main tasklet ended.
struct Ending {
  bool ended = false;   // False: the execution was stopped before.
  bool failed = false;  // Main's function left by an exception.
  ExceptionType exception{};
  ErrorCode code{};
  std::uint32_t token = 0;
};

struct ThreadLife {
  Fiber fiber;
  Code* main_code = nullptr;
  Ending ending;
  ActorId actor{};   // Of its main tasklet.
  ActorId nobody{};  // A makeshift main tasklet, which has no number; 0: not made yet.
  StackPlace stub_place;
  Tasklet* ended_main = nullptr;        // The main tasklet that has ended; owned, twice.
  Tasklet* leaves_ring_last = nullptr;  // Its end does not take its C stack out of the ring.
};

/// The whole life of a thread but the first one: what its fiber runs.
void fiber_entry(void* thread);
/// The main function of a thread that has ended: kills its tasklets that have a C stack.
Object* reap(Thread& self, FrameRef frame, Object* value);
/// A tasklet of this thread gets a frame: it begins on a fresh C stack, which is the last one.
void give_new_stack(Thread& thread, Tasklet* tasklet);
/// Makes it a tasklet of this thread. Runnable, or with C state: RuntimeError.
Object* bind_thread(Thread& thread, Tasklet* tasklet);

}  // namespace reweave::runtime
