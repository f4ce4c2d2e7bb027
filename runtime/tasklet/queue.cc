// The run queue, a ring whose head is the running tasklet once a switch is complete, and the queues
// of channels, first come first served.
//
// None of these changes a reference count: each member of a queue is owned by one reference, and
// whoever moves a tasklet moves that reference with it.
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

void Thread::queue_append(Tasklet* tasklet) {
  CHECK(tasklet->next == nullptr);
  CHECK(tasklet->blocked == 0);
  if (head_ == nullptr) {
    head_ = tasklet->next = tasklet->previous = tasklet;
  } else {
    tasklet->next = head_;
    tasklet->previous = head_->previous;
    head_->previous->next = tasklet;
    head_->previous = tasklet;
  }
  ++run_count_;
}

void Thread::queue_insert_after_head(Tasklet* tasklet) {
  CHECK(head_ != nullptr);
  Tasklet* const head = head_;
  head_ = head->next;
  queue_append(tasklet);
  head_ = head;
}

void Thread::queue_remove(Tasklet* tasklet) {
  CHECK(tasklet->in_run_queue());
  if (tasklet->next == tasklet) {
    CHECK(head_ == tasklet);
    head_ = nullptr;
  } else {
    if (head_ == tasklet) head_ = tasklet->next;
    tasklet->next->previous = tasklet->previous;
    tasklet->previous->next = tasklet->next;
  }
  tasklet->next = tasklet->previous = nullptr;
  --run_count_;
}

void Thread::channel_append(Channel* channel, Tasklet* tasklet, int direction) {
  CHECK(tasklet->next == nullptr);
  CHECK(tasklet->blocked == 0);
  tasklet->blocked = static_cast<std::int8_t>(direction);
  tasklet->channel = channel;
  tasklet->previous = channel->tail;
  if (channel->tail == nullptr) {
    channel->head = tasklet;
  } else {
    channel->tail->next = tasklet;
  }
  channel->tail = tasklet;
  channel->balance += direction;
}

void Thread::channel_push_front(Channel* channel, Tasklet* tasklet, int direction) {
  CHECK(tasklet->next == nullptr);
  CHECK(tasklet->blocked == 0);
  tasklet->blocked = static_cast<std::int8_t>(direction);
  tasklet->channel = channel;
  tasklet->next = channel->head;
  if (channel->head == nullptr) {
    channel->tail = tasklet;
  } else {
    channel->head->previous = tasklet;
  }
  channel->head = tasklet;
  channel->balance += direction;
}

void Thread::channel_remove(Tasklet* tasklet) {
  Channel* const channel = tasklet->channel;
  CHECK(channel != nullptr);
  CHECK(tasklet->blocked != 0);
  (tasklet->previous == nullptr ? channel->head : tasklet->previous->next) = tasklet->next;
  (tasklet->next == nullptr ? channel->tail : tasklet->next->previous) = tasklet->previous;
  channel->balance -= tasklet->blocked;
  tasklet->next = tasklet->previous = nullptr;
  tasklet->blocked = 0;
  tasklet->channel = nullptr;
}

Tasklet* Thread::channel_pop(Channel* channel) {
  Tasklet* const tasklet = channel->head;
  CHECK(tasklet != nullptr);
  channel_remove(tasklet);
  return tasklet;
}

}  // namespace reweave::runtime
