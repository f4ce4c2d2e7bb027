// Who waits at a channel: a list of tasklets, first come first served, all in one direction.
//
// As in the run queue (run_queue.h) whoever moves a tasklet moves its reference with it.
#pragma once

namespace reweave::runtime {

class Thread;
struct Channel;
struct Tasklet;

/// `thread` is the one that calls; none of these switches. `direction`: 1 sends, -1 receives.
void channel_append(Thread& thread, Channel* channel, Tasklet* tasklet, int direction);
/// Before `successor`, who waits there; null: at the end.
void channel_insert(Thread& thread, Channel* channel, Tasklet* successor, Tasklet* tasklet,
                    int direction);
/// The first who waits leaves.
Tasklet* channel_pop(Thread& thread, Channel* channel);
/// `tasklet` leaves where it is blocked. Returns the direction that is counted no longer.
int channel_remove(Thread& thread, Tasklet* tasklet);
/// The links alone: for those who leave a queue in which they are not counted.
void link_in_channel(Thread& thread, Channel* channel, Tasklet* successor, Tasklet* tasklet);
void unlink_from_channel(Thread& thread, Tasklet* tasklet);

}  // namespace reweave::runtime
