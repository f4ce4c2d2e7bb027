// What threads, objects and places are called in everything that people read: findings, traces,
// timelines. One name for one thing everywhere, and the same in every process: no addresses.
//
//   thread 0.2 (worker, started in main at bank.cc:31)
//   mutex 'accounts_lock', mutex 'forks[2]', mutex 'bank.lock'; without debug information 'bank+8'
//   mutex #1, first locked in Slot::put at slot.cc:9
//
// A thread is its path in the tree of threads, as schedules have it, and what it was called by
// pthread_setname_np or else the function that it runs. An object with static storage is the
// variable that it is, or lies in; any other is a number among those of its kind, in the order in
// which they were used.
#pragma once

#include <string>

#include "runtime/program/control.h"

namespace reweave::program {

/// "worker (bank.cc:31)"; without debug information "worker+0x1c".
std::string place_words(const void* caller);
/// "worker at bank.cc:31".
std::string place_in_words(const void* caller);

/// Looks at what a new thread was given, from which its name is made later. Called where it is
/// created.
void note_beginning(Thread& thread);
/// "worker": what the thread runs, or what it calls itself. "" if that is not known.
std::string thread_name(const Thread& thread);
/// "thread 0.2 (worker)"; `whole`: and where it was started.
std::string thread_words(Control& control, ThreadId id, bool whole);

/// "read 4 bytes of ", "used "; with `now` "reads 4 bytes of ".
std::string use_words(Access access, std::uint32_t bytes, bool now);

/// "mutex 'accounts_lock'". `bytes`: how long an access is; 0: the size of the object is that of
/// its kind. `otherwise`: its kind where nobody has used it. `whole`: also where it was used first.
std::string object_words(Control& control, const void* object, std::uint32_t bytes,
                         const char* otherwise, bool whole);

/// "thread 0.2 (taker)", "thread 0.2 (taker), thread 0.3 (taker) and 4 more", "nobody".
std::string woken_words(Control& control, const Wakes& woken);

/// "reads 'counter'": what a step of the history did. "": nothing that a reader of a trace looks
/// for.
std::string step_words(Control& control, const Step& step);

}  // namespace reweave::program
