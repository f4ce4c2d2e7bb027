// Sending and receiving: one action for both directions, after Stackless's generic_channel_action.
//
// Each of these may switch. `soft`: see thread.h.
#pragma once

#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// One action on a channel. `direction` 1: sends `value` (owned); -1: receives, `value` is None.
Object* channel_action(Thread& thread, Channel* channel, int direction, Object* value, bool soft);

/// Sends `value` (owned), which the ledger follows from here on: `site` is where it says that it
/// was sent. A token must not be sent again before it has been received. None, or null with an
/// exception.
Object* send(Thread& thread, Channel* channel, Object* value, SiteId site, bool soft);

/// For a frame that may be left softly a receive is in pieces: open_reception(), take(), and, when
/// the frame has what came (a value, or null and an exception), close_reception(). Only take() may
/// switch.
inline void open_reception(Thread& thread, Reception& reception) {
  reception.interrupted = thread.current()->expects;
  thread.current()->expects = 0;
}
inline Object* take(Thread& thread, Channel* channel, bool soft) {
  return channel_action(thread, channel, -1, thread.none(), soft);
}
void close_reception(Thread& thread, const Reception& reception, SiteId site, Object* value);
/// The same for one that has given up: no ledger is told.
inline void drop_reception(Thread& thread, const Reception& reception) {
  thread.current()->expects = reception.interrupted;
}

/// Receives: the value, or null with the exception that was sent. The ledger is told what came,
/// before the program sees it. The C stack is kept: a hard switch.
inline Object* receive(Thread& thread, Channel* channel, SiteId site) {
  Reception reception;
  open_reception(thread, reception);
  Object* const value = take(thread, channel, /*soft=*/false);
  close_reception(thread, reception, site, value);
  return value;
}

/// The running tasklet receives `value` (owned), which a buffer kept: that, or null and the
/// exception. Does not switch.
inline Object* take_kept(Thread& thread, Object* value) {
  thread.ledger().hand_over(*value, *thread.current(), *thread.current());
  return explode(thread, value);
}
/// Sends a None that carries nothing but a wake-up: no ledger follows it, and it is no result of
/// the program. It is received by take() alone.
inline Object* send_signal(Thread& thread, Channel* channel, bool soft) {
  return channel_action(thread, channel, 1, thread.none(), soft);
}

}  // namespace reweave::runtime
