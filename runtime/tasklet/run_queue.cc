#include "runtime/tasklet/run_queue.h"

#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

void check_floating(Thread& thread, const Tasklet* tasklet) {
  check_tasklet(thread, tasklet, "queued");
  require(thread, tasklet->floats(), "queued-twice");
}

namespace {

void check_queued(Thread& thread, const Tasklet* tasklet) {
  check_tasklet(thread, tasklet, "in-run-queue");
  require(thread, tasklet->in_run_queue(), "not-in-run-queue");
  check_tasklet(thread, tasklet->next, "in-run-queue");
  check_tasklet(thread, tasklet->previous, "in-run-queue");
  require(thread, tasklet->next->previous == tasklet && tasklet->previous->next == tasklet,
          "run-queue-links");
}

// The live defect: a tasklet that has left the run queue passes for its head during its schedule
// callback. False: it does not.
bool queue_beside_leaving(Thread& thread, Thread& home, Tasklet* tasklet) {
  Tasklet* const leaving = home.current();
  if (!thread.settings().defects.has(Defect::kInsertBesideLeaving) || leaving->in_run_queue())
    return false;
  require(thread, leaving->channel != nullptr, "inserted-beside-nobody");
  link_in_channel(thread, leaving->channel, leaving, tasklet);
  ++home.queue().count;
  return true;
}

}  // namespace

void queue_append(Thread& thread, Tasklet* tasklet) {
  check_floating(thread, tasklet);
  require(thread, tasklet->thread != nullptr, "null-thread");
  thread.shared().touched.add(tasklet);
  Thread& home = *tasklet->thread;
  Tasklet* const head = home.queue().head;
  if (home.guard().in_schedule_callback && queue_beside_leaving(thread, home, tasklet)) return;
  if (head == nullptr) {
    home.queue().head = tasklet->next = tasklet->previous = tasklet;
  } else {
    check_queued(thread, head);
    tasklet->next = head;
    tasklet->previous = head->previous;
    head->previous->next = tasklet;
    head->previous = tasklet;
  }
  ++home.queue().count;
}

void queue_insert_after_head(Thread& thread, Tasklet* tasklet) {
  Thread& home = *tasklet->thread;
  require(thread, home.queue().head != nullptr, "empty-run-queue");
  check_queued(thread, home.queue().head);
  Tasklet* const head = home.queue().head;
  home.queue().head = head->next;
  queue_append(thread, tasklet);
  home.queue().head = head;
}

// Out of `home`'s, which is its own thread's but under a defect.
void queue_remove(Thread& thread, Thread& home, Tasklet* tasklet) {
  if (tasklet->is_astray()) [[unlikely]] {
    unlink_from_channel(thread, tasklet);
    --home.queue().count;
    return;
  }
  check_queued(thread, tasklet);
  thread.shared().touched.add(tasklet);
  thread.shared().touched.add(tasklet->next);
  thread.shared().touched.add(tasklet->previous);
  if (tasklet->next == tasklet) {
    require(thread, home.queue().head == tasklet, "run-queue-head");
    home.queue().head = nullptr;
  } else {
    if (home.queue().head == tasklet) home.queue().head = tasklet->next;
    tasklet->next->previous = tasklet->previous;
    tasklet->previous->next = tasklet->next;
  }
  tasklet->next = tasklet->previous = nullptr;
  --home.queue().count;
}

void queue_remove(Thread& thread, Tasklet* tasklet) {
  queue_remove(thread, *tasklet->thread, tasklet);
}

// Undoes the removal of the head.
void queue_unremove(Thread& thread, Tasklet* tasklet) {
  queue_append(thread, tasklet);
  thread.queue().head = tasklet;
}

}  // namespace reweave::runtime
