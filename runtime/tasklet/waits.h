// Waits that something else ends, too: a time that is over, or a value on another channel. The real
// thing has neither; its programs help themselves with tasklets that do nothing but watch.
//
// A time is over when nothing else of the tasklet's thread can run and virtual time has come that
// far: the thread sleeps until then, and the others of its tasklets run before it.
#pragma once

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// Until end_early_end() a blocking receive of the running tasklet also ends, with None, when it is
/// `until` (Clock::kNever: without an end) and nothing else of its thread can run, or when a value
/// is to be had on a channel of the program in `selects`, a bit for each. `outer` keeps what was in
/// force: in a callback, of the operation that it interrupts. Does not switch.
void begin_early_end(Thread& thread, EarlyEnd& outer, std::uint64_t until, std::uint64_t selects);
/// True: its time was over. Does not switch.
bool end_early_end(Thread& thread, const EarlyEnd& outer);
/// A value is to be had on this channel of the program: who selects it becomes runnable, and looks.
/// Does not switch.
void wake_selectors(Thread& thread, std::uint32_t channel);
/// The first sender who waits goes on: what he sends, owned; null: nobody waits, or one whose
/// thread has ended. Does not switch.
Object* relieve_sender(Thread& thread, Channel* channel);
/// Nothing of this thread can run. False: nor does any of its tasklets wait for a time. Else the
/// thread has slept, and something can run now, or it is worth looking again. May switch threads.
bool await_timer(Thread& thread);

}  // namespace reweave::runtime
