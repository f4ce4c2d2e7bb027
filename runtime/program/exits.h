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

}  // namespace reweave::program
