// Generators: frames that can be left in the middle and gone on with, by whoever asks for the next
// value.
//
// The frame belongs to the generator object. Asking for a value runs it one interpreter level
// deeper, as a call through C; at a `yield` it returns, but is not at its end, and is kept. So a
// generator is suspended without any C stack. A `for` loop runs it at its own level, as a soft call
// does; so a tasklet can be switched away softly in the middle of it, and vanish there: then the
// generator ends with the tasklet's other frames, and none of its blocks runs.
//
// One that dies while it is suspended is closed first: GeneratorExit is raised where it yielded, in
// whichever tasklet is current, so that its `finally` blocks run. That is its finalizer, which runs
// once, and which may switch, store the generator somewhere, or yield again; then it is not asked
// again, and loses its frame.
#pragma once

#include "runtime/frame/frame.h"

namespace reweave::runtime {

class Thread;

struct GeneratorObject : Thing {
  FrameRef frame;  // Owned. None: it has ended.
  bool begun = false;
  bool running = false;  // Somebody waits for its next value.
  bool closed = false;   // Its finalizer has begun.
  bool yielded = false;  // The value that it returned last was yielded, and not its end.

  /// Can be asked for a value: does not run, and has not ended.
  bool is_ready() const { return frame && !running; }
  /// In the middle of its function, which close_generator() ends then.
  bool is_suspended() const { return frame && begun && !running && !closed; }
};

/// Will run `frame` (owned), which did not begin; owned. Null with MemoryError: the frame is
/// released. `frame` without one, and MemoryError pending: null, too.
GeneratorObject* make_generator(Thread& thread, FrameRef frame);
/// Runs it until it yields; in `execute` of its frame that is a return after `generator->yielded`
/// was set. The value, owned; null with StopIteration at its end and ever after, with ValueError if
/// it is running, or with what it raised, which ends it. The caller holds it. May switch, hard.
Object* next_value(Thread& thread, GeneratorObject* generator);
/// The same at the level of the running frame, where is_ready(): kUnwind. When that frame goes on,
/// end_soft_turn() has to follow.
Object* begin_soft_turn(Thread& thread, GeneratorObject* generator);
/// What next_value() would return. `value`: what the running frame goes on with.
Object* end_soft_turn(Thread& thread, GeneratorObject* generator, Object* value);
/// Nobody will go on with the frame, nor with its callers: the generators whose frames are among
/// them end, and the reference to it (owned; may be none) is released. May switch.
void drop_frames(Thread& thread, FrameRef innermost);
/// The same of a tasklet. `on_c_stack`: its C stack, which nobody will ever unwind, refers to
/// frames: those stay, and no generator ends. May switch.
void give_up_frames(Thread& thread, FrameRef innermost, bool on_c_stack);
/// The last reference is gone: it is closed. False: somebody refers to it again. May switch, hard.
bool close_last(Thread& thread, GeneratorObject* generator);
/// Raises GeneratorExit where it is suspended; nothing, if it did not begin, has ended, runs, or
/// was closed before. No exception may be pending. The caller holds it. May switch, hard.
void close_generator(Thread& thread, GeneratorObject* generator);

}  // namespace reweave::runtime
