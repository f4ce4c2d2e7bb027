// Generators: frames that can be left in the middle and gone on with, by whoever asks for the next
// value.
//
// The frame belongs to the generator object. Asking for a value runs it one interpreter level
// deeper, as a call through C; at a `yield` it returns, but is not at its end, and is kept. So a
// generator is suspended without any C stack, and dies by simply losing its frame.
#pragma once

#include "runtime/frame/frame.h"

namespace reweave::runtime {

struct GeneratorObject : Thing {
  FrameRef frame;        // Owned. None: it has ended.
  bool running = false;  // Somebody waits for its next value.
  bool yielded = false;  // The value that it returned last was yielded, and not its end.
};

}  // namespace reweave::runtime
