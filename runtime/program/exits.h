// What runs at the end of a thread and of the process: destructors of thread_local objects and
// keys, exit handlers.
#pragma once

#include <vector>

#include "runtime/program/control.h"

namespace reweave::program {

/// The values that the main thread gave its keys before the first execution.
const std::vector<void*>& initial_key_values();
/// Remembers keys and the main thread's values as they are now; put_back_keys() goes back to it.
void keep_keys();
void put_back_keys();
/// Calls the destructors of the keys that have a value, at most four rounds, as POSIX says.
void run_key_destructors(Thread& thread);
/// What exit() calls: handlers, destructors of static objects. On a thread of the program.
void run_exit_handlers();
/// From here on nothing: the process goes on after each body, and its handlers are a fuzzing
/// engine's.
void leave_exit_handlers();
/// A static object in a function was made, as its guard says. Under AddressSanitizer guards are not
/// put back with the object: unmake_statics() does it, between executions.
void note_made_static(void* guard);
void unmake_statics();

}  // namespace reweave::program
