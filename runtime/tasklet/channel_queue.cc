#include "runtime/tasklet/channel_queue.h"

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

namespace {

void check_channel(Thread& thread, const Channel* channel) {
  require(thread, !channel->dead, "channel-is-gone");
  // Under live defects both directions may wait in one queue, and some for nothing.
  if (thread.settings().defects.has(Defect::kPeerLookedUpEarly)) return;
  if (thread.settings().defects.has(Defect::kInsertBesideLeaving)) return;
  require(thread, (channel->head == nullptr) == (channel->balance == 0), "balance");
  if (channel->head == nullptr) return;
  check_tasklet(thread, channel->head, "in-channel");
  require(thread, (channel->head->blocked > 0) == (channel->balance > 0), "balance");
}

}  // namespace

void link_in_channel(Thread& thread, Channel* channel, Tasklet* successor, Tasklet* tasklet) {
  thread.shared().touched.add(channel);
  thread.shared().touched.add(tasklet);
  tasklet->channel = channel;
  tasklet->next = successor;
  tasklet->previous = successor == nullptr ? channel->tail : successor->previous;
  (tasklet->previous == nullptr ? channel->head : tasklet->previous->next) = tasklet;
  (successor == nullptr ? channel->tail : successor->previous) = tasklet;
}

void unlink_from_channel(Thread& thread, Tasklet* tasklet) {
  Channel* const channel = tasklet->channel;
  for (const Tasklet* const each : {tasklet->previous, tasklet->next, tasklet})
    if (each != nullptr) check_tasklet(thread, each, "in-channel");
  require(thread, !channel->dead, "channel-is-gone");
  for (Tasklet* const each : {tasklet->previous, tasklet->next, tasklet})
    if (each != nullptr) thread.shared().touched.add(each);
  thread.shared().touched.add(channel);
  (tasklet->previous == nullptr ? channel->head : tasklet->previous->next) = tasklet->next;
  (tasklet->next == nullptr ? channel->tail : tasklet->next->previous) = tasklet->previous;
  tasklet->next = tasklet->previous = nullptr;
  tasklet->blocked = 0;
  tasklet->channel = nullptr;
}

// Before `successor`, who waits there; null: at the end.
void channel_insert(Thread& thread, Channel* channel, Tasklet* successor, Tasklet* tasklet,
                    int direction) {
  check_floating(thread, tasklet);
  check_channel(thread, channel);
  tasklet->blocked = static_cast<std::int8_t>(direction);
  link_in_channel(thread, channel, successor, tasklet);
  channel->balance += direction;
}

void channel_append(Thread& thread, Channel* channel, Tasklet* tasklet, int direction) {
  channel_insert(thread, channel, nullptr, tasklet, direction);
}

int channel_remove(Thread& thread, Tasklet* tasklet) {
  Channel* const channel = tasklet->channel;
  require(thread, channel != nullptr, "not-in-channel");
  // The live defect: who leaves is counted as the balance is, whatever it waited for; and under
  // another one it may have waited for nothing.
  const bool as_balance =
      thread.settings().defects.has(Defect::kPeerLookedUpEarly) || tasklet->is_astray();
  const int waited_for = tasklet->blocked;
  unlink_from_channel(thread, tasklet);  // Checks that the channel is there: it may be gone.
  const int balanced = channel->balance > 0 ? 1 : -1;
  const int direction = as_balance ? balanced : waited_for;
  channel->balance -= direction;
  check_channel(thread, channel);
  return direction;
}

Tasklet* channel_pop(Thread& thread, Channel* channel) {
  Tasklet* const tasklet = channel->head;
  require(thread, tasklet != nullptr, "balance");
  (void)channel_remove(thread, tasklet);
  return tasklet;
}

}  // namespace reweave::runtime
