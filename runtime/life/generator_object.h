// Generators: frames that can be left in the middle and gone on with, by whoever asks for the next
// value.
//
// The frame belongs to the generator object. Asking for a value runs it one interpreter level
// deeper, as a call through C; at a `yield` it returns, but is not at its end, and is kept. So a
// generator is suspended without any C stack.
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
/// The last reference is gone: it is closed. False: somebody refers to it again. May switch, hard.
bool close_last(Thread& thread, GeneratorObject* generator);
/// Raises GeneratorExit where it is suspended; nothing, if it did not begin, has ended, runs, or
/// was closed before. No exception may be pending. The caller holds it. May switch, hard.
void close_generator(Thread& thread, GeneratorObject* generator);

}  // namespace reweave::runtime
