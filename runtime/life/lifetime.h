// How tasklets are made, and how objects die. Death is where the runtime calls back: finalizers and
// weak references run in whatever tasklet is current, from inside a release, one interpreter level
// deeper.
#pragma once

#include "runtime/object/object.h"

namespace reweave::runtime {

class Thread;
struct Channel;
struct Tasklet;

/// One that has no frame yet and belongs to `thread`; owned.
Tasklet* make_tasklet(Thread& thread);

/// The last reference goes: Thread::release(). What is dead already was given away once before,
/// which is a finding that ends the execution. May switch.
void destroy(Thread& thread, Object* object);
/// Who is blocked on a channel that dies waits for nobody any more. May switch.
void empty_channel(Thread& thread, Channel* channel);
/// Calls the weak references of a tasklet that dies, and logs its end: once, for the collector does
/// it before anything of its garbage is destroyed. May switch.
void tell_of_end(Thread& thread, Tasklet* tasklet);

/// A number for the new life of a thing.
void number_thing(Thread& thread, Thing* thing);
/// The last reference to a thing is gone: closure.h, record.h, generator_object.h. May switch.
void destroy_thing(Thread& thread, Thing* thing);

}  // namespace reweave::runtime
