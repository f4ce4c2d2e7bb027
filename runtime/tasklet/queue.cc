// The run queue, a ring whose head is the running tasklet once a switch is complete, and the queues
// of channels, first come first served.
//
// A run queue is that of the tasklet's own thread, whoever calls.
//
// None of these changes a reference count: each member of a queue is owned by one reference, and
// whoever moves a tasklet moves that reference with it.
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

// What every one of them takes for granted, and no correct runtime breaks.

void Thread::check_floating(const Tasklet* tasklet) {
  check_tasklet(tasklet, "queued");
  require(tasklet->next == nullptr && tasklet->blocked == 0, "queued-twice");
}

void Thread::check_queued(const Tasklet* tasklet) {
  check_tasklet(tasklet, "in-run-queue");
  require(tasklet->in_run_queue(), "not-in-run-queue");
  check_tasklet(tasklet->next, "in-run-queue");
  check_tasklet(tasklet->previous, "in-run-queue");
  require(tasklet->next->previous == tasklet && tasklet->previous->next == tasklet,
          "run-queue-links");
}

void Thread::check_channel(const Channel* channel) {
  require(!channel->dead, "channel-is-gone");
  require((channel->head == nullptr) == (channel->balance == 0), "balance");
  if (channel->head == nullptr) return;
  check_tasklet(channel->head, "in-channel");
  require((channel->head->blocked > 0) == (channel->balance > 0), "balance");
}

void Thread::queue_append(Tasklet* tasklet) {
  check_floating(tasklet);
  require(tasklet->thread != nullptr, "null-thread");
  touched_.add(tasklet);
  Thread& home = *tasklet->thread;
  Tasklet* const head = home.head_;
  if (head == nullptr) {
    home.head_ = tasklet->next = tasklet->previous = tasklet;
  } else {
    check_queued(head);
    tasklet->next = head;
    tasklet->previous = head->previous;
    head->previous->next = tasklet;
    head->previous = tasklet;
  }
  ++home.run_count_;
}

void Thread::queue_insert_after_head(Tasklet* tasklet) {
  Thread& home = *tasklet->thread;
  require(home.head_ != nullptr, "empty-run-queue");
  check_queued(home.head_);
  Tasklet* const head = home.head_;
  home.head_ = head->next;
  queue_append(tasklet);
  home.head_ = head;
}

// Out of `home`'s, which is its own thread's but under a defect.
void Thread::queue_remove(Thread& home, Tasklet* tasklet) {
  check_queued(tasklet);
  touched_.add(tasklet);
  touched_.add(tasklet->next);
  touched_.add(tasklet->previous);
  if (tasklet->next == tasklet) {
    require(home.head_ == tasklet, "run-queue-head");
    home.head_ = nullptr;
  } else {
    if (home.head_ == tasklet) home.head_ = tasklet->next;
    tasklet->next->previous = tasklet->previous;
    tasklet->previous->next = tasklet->next;
  }
  tasklet->next = tasklet->previous = nullptr;
  --home.run_count_;
}

// Undoes the removal of the head.
void Thread::queue_unremove(Tasklet* tasklet) {
  queue_append(tasklet);
  head_ = tasklet;
}

void Thread::channel_append(Channel* channel, Tasklet* tasklet, int direction) {
  channel_insert(channel, nullptr, tasklet, direction);
}

// Before `successor`, who waits there; null: at the end.
void Thread::channel_insert(Channel* channel, Tasklet* successor, Tasklet* tasklet, int direction) {
  check_floating(tasklet);
  check_channel(channel);
  touched_.add(channel);
  touched_.add(tasklet);
  tasklet->blocked = static_cast<std::int8_t>(direction);
  tasklet->channel = channel;
  tasklet->next = successor;
  tasklet->previous = successor == nullptr ? channel->tail : successor->previous;
  (tasklet->previous == nullptr ? channel->head : tasklet->previous->next) = tasklet;
  (successor == nullptr ? channel->tail : successor->previous) = tasklet;
  channel->balance += direction;
}

void Thread::channel_remove(Tasklet* tasklet) {
  Channel* const channel = tasklet->channel;
  for (const Tasklet* const each : {tasklet->previous, tasklet->next, tasklet})
    if (each != nullptr) check_tasklet(each, "in-channel");
  require(channel != nullptr && tasklet->blocked != 0, "not-in-channel");
  require(!channel->dead, "channel-is-gone");
  for (Tasklet* const each : {tasklet->previous, tasklet->next, tasklet})
    if (each != nullptr) touched_.add(each);
  touched_.add(channel);
  (tasklet->previous == nullptr ? channel->head : tasklet->previous->next) = tasklet->next;
  (tasklet->next == nullptr ? channel->tail : tasklet->next->previous) = tasklet->previous;
  channel->balance -= tasklet->blocked;
  tasklet->next = tasklet->previous = nullptr;
  tasklet->blocked = 0;
  tasklet->channel = nullptr;
  check_channel(channel);
}

Tasklet* Thread::channel_pop(Channel* channel) {
  Tasklet* const tasklet = channel->head;
  require(tasklet != nullptr, "balance");
  channel_remove(tasklet);
  return tasklet;
}

}  // namespace reweave::runtime
