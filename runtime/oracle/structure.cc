#include "runtime/oracle/structure.h"

#include <string>
#include <utility>

#include "runtime/oracle/parked_frames.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

namespace {

// A member of any queue: alive, and owned by that queue at least.
StructureOracle::Fault member_fault(const Tasklet& tasklet) {
  if (tasklet.dead || tasklet.refs == 0)
    return {"in-queue", &tasklet, FindingKind::kDanglingTasklet};
  if (tasklet.ended) return {"ended-in-queue", &tasklet};
  return {};
}

// What `object` is linked with is alive, or the last. Whoever walks skips the dead, so that it
// makes no difference to take them out; but looking at all that ever lived, at every step, would
// take most of the time. (The last one stays: the next to be made is linked with it.)
template <typename T>
void skip_dead(T* object, T* T::*link) {
  if (object->dead) return;  // It may be poisoned.
  while (object->*link != nullptr && (object->*link)->dead && (object->*link)->*link != nullptr)
    object->*link = (object->*link)->*link;
}

}  // namespace

// What is wrong now was right before the last step: that is the operation to name.
void StructureOracle::judge(Thread& thread, SiteId site) {
  const SiteId before = thread.shared().step_site;
  thread.shared().step_site = site;
  Touched& touched = thread.shared().touched;
  const std::uint64_t step = thread.execution().steps();
  const bool whole = touched.is_whole(step);
  const Fault fault = whole ? look(thread) : look_at_touched(thread);
  touched.looked(step, whole, thread.heap().live_objects());
  if (fault.rule == nullptr) [[likely]]
    return;
  thread.shared().structure_broken = true;
  Finding finding;
  finding.kind = fault.kind;
  finding.step = thread.execution().steps() - 1;
  finding.signature = std::string(finding_kind_name(fault.kind)) + " " + fault.rule + " " +
                      thread.shared().names->operation(before);
  finding.message = std::string("after the operation at ") + thread.shared().names->site(before) +
                    " a rule of the runtime's structure is broken (" + fault.rule + ")";
  if (fault.tasklet != nullptr) {
    sanitizer::unpoison(&fault.tasklet->number, sizeof fault.tasklet->number);
    finding.message += ": " + thread.shared().names->tasklet(fault.tasklet->number);
  }
  if (fault.parked.rule != nullptr)
    finding.message += ": " + describe(fault.parked, *thread.shared().names);
  thread.execution().report(std::move(finding), /*stops=*/true);
  thread.abandon();
}

bool StructureOracle::is_doubtful(const Runtime& runtime) {
  if (!runtime.shared().touched.wanted()) return false;
  if (runtime.shared().structure_broken) return true;
  // One that was stopped had its last look then, or was in the middle of an operation.
  return runtime.main_thread().life().ending.ended && look(runtime.main_thread()).rule != nullptr;
}

void StructureOracle::look_before_stop(Thread& thread) {
  if (thread.shared().touched.wanted() && look(thread).rule != nullptr)
    thread.shared().structure_broken = true;
}

StructureOracle::Fault StructureOracle::look(const Thread& thread) {
  std::uint32_t runnable = 0;
  if (Fault fault = look_at_threads(thread, &runnable); fault.rule != nullptr) return fault;
  const Shared& shared = thread.shared();
  unsigned blocked = 0;
  for (Channel* channel = shared.last_channel; channel != nullptr; channel = channel->made_before) {
    skip_dead(channel, &Channel::made_before);
    if (channel->dead) continue;
    if (Fault fault = look_at_queue(*channel, blocked); fault.rule != nullptr) return fault;
  }
  if (Fault fault = look_at_tasklets(thread, blocked, runnable); fault.rule != nullptr)
    return fault;
  if (Fault fault = look_at_runners(thread); fault.rule != nullptr) return fault;
  const ParkedFrameFault parked = look_at_parked_frames(shared.frames);
  if (parked.rule != nullptr) return {.rule = parked.rule, .parked = parked};
  for (const DictObject* dict = shared.last_dict; dict != nullptr; dict = dict->made_before) {
    if (dict->dead) continue;
    if (Fault fault = look_at_dict(*dict); fault.rule != nullptr) return fault;
  }
  return look_at_saved_stacks(thread);
}

StructureOracle::Fault StructureOracle::look_at_touched(const Thread& thread) {
  if (Fault fault = look_at_threads(thread, nullptr); fault.rule != nullptr) return fault;
  if (thread.current() != nullptr) {
    if (Fault fault = look_at_place(*thread.current()); fault.rule != nullptr) return fault;
    if (Fault fault = look_at(*thread.current(), /*running=*/true); fault.rule != nullptr)
      return fault;
  }
  const Touched& touched = thread.shared().touched;
  for (const Object* const object : touched.objects()) {
    if (object->dead || object == thread.current()) continue;
    Fault fault;
    if (object->kind == ObjectKind::kTasklet) {
      const auto& tasklet = static_cast<const Tasklet&>(*object);
      fault = look_at_place(tasklet);
      if (fault.rule == nullptr) fault = look_at(tasklet, /*running=*/false);
    } else if (object->kind == ObjectKind::kChannel) {
      fault = look_at_ends(static_cast<const Channel&>(*object));
    } else {
      fault = look_at_dict(static_cast<const DictObject&>(*object));
    }
    if (fault.rule != nullptr) return fault;
  }
  if (Fault fault = look_at_runners(thread); fault.rule != nullptr) return fault;
  const ParkedFrameFault parked =
      look_at_parked_frames(thread.shared().frames, touched.looked_in());
  if (parked.rule != nullptr) return {.rule = parked.rule, .parked = parked};
  return {};
}

// Adds up in `runnable`, if it is not null, how many are in the run queues, after a look at each of
// those.
StructureOracle::Fault StructureOracle::look_at_threads(const Thread& thread,
                                                        std::uint32_t* runnable) {
  if (thread.evaluation().del_post_switch != nullptr) return {"post-switch-left"};
  if (thread.evaluation().transfer_frame || thread.evaluation().transfer_value != nullptr)
    return {"transfer-left"};
  const Shared& shared = thread.shared();
  for (const Thread* const at : shared.lock.threads) {
    const Thread& each = *at;
    if (each.turn().phase == ThreadPhase::kUnused || each.turn().phase == ThreadPhase::kEnded)
      continue;
    if (runnable != nullptr) {
      if (Fault fault = look_at_run_queue(each, *runnable); fault.rule != nullptr) return fault;
    } else if ((each.queue().head == nullptr) != (each.queue().count == 0)) {
      return {"run-count"};
    }
    if (each.turn().phase == ThreadPhase::kAsleep && each.queue().head != nullptr)
      return {"lost-wake-up", each.queue().head};
    const Tasklet* const main = each.main_tasklet();
    if (main != nullptr && !main->dead && !main->ended && main->thread != &each)
      return {"main-of-another-thread", main};
    if (each.turn().lost_atomic) return {"atomic-section-entered", each.current()};
  }
  if (!thread.guard().in_schedule_callback &&
      (thread.current() == nullptr || thread.current() != thread.queue().head))
    return {"current-is-not-head"};
  return {};
}

StructureOracle::Fault StructureOracle::look_at_runners(const Thread& thread) {
  for (std::uint32_t i = 0; i < thread.watchdog().runner_count; ++i) {
    const Tasklet* const runner = thread.watchdog().runners[i];
    if (runner->dead || runner->refs == 0) return {"in-run", runner, FindingKind::kDanglingTasklet};
  }
  return {};
}

// That it is linked with its neighbours, in the queue that it says it is in.
StructureOracle::Fault StructureOracle::look_at_place(const Tasklet& tasklet) {
  if (tasklet.blocked == 0) {
    if (tasklet.channel != nullptr) return {"channel-but-not-blocked", &tasklet};
    if ((tasklet.next == nullptr) != (tasklet.previous == nullptr)) return {"links", &tasklet};
    if (tasklet.next == nullptr || tasklet.thread == nullptr) return {};
    if (Fault fault = member_fault(tasklet); fault.rule != nullptr) return fault;
    if (tasklet.next->dead || tasklet.next->previous != &tasklet || tasklet.previous->dead ||
        tasklet.previous->next != &tasklet)
      return {"run-queue-links", &tasklet};
    return {};
  }
  const Channel* const channel = tasklet.channel;
  if (channel == nullptr) return {"blocked-without-channel", &tasklet};
  if (channel->dead) return {"blocked-in-no-queue", &tasklet};
  if (Fault fault = member_fault(tasklet); fault.rule != nullptr) return fault;
  if ((channel->balance > 0) != (tasklet.blocked > 0) || channel->balance == 0)
    return {"direction", &tasklet};
  const auto is_at = [&tasklet](const Tasklet* neighbour, Tasklet* Tasklet::*back,
                                const Tasklet* end) {
    if (neighbour == nullptr) return end == &tasklet;
    return !neighbour->dead && neighbour->*back == &tasklet;
  };
  if (!is_at(tasklet.previous, &Tasklet::next, channel->head) ||
      !is_at(tasklet.next, &Tasklet::previous, channel->tail))
    return {"channel-links", &tasklet};
  return {};
}

// The first and the last of a channel's queue.
StructureOracle::Fault StructureOracle::look_at_ends(const Channel& channel) {
  if ((channel.head == nullptr) != (channel.balance == 0) ||
      (channel.tail == nullptr) != (channel.balance == 0))
    return {"balance"};
  for (const Tasklet* const end : {channel.head, channel.tail}) {
    if (end == nullptr) continue;
    if (Fault fault = member_fault(*end); fault.rule != nullptr) return fault;
    if (end->channel != &channel) return {"channel-links", end};
    if (Fault fault = look_at_place(*end); fault.rule != nullptr) return fault;
  }
  return {};
}

// A ring of as many as are counted. In the running thread its head is the running tasklet; but
// while the schedule callback runs, the head is the next one already, and the running one may have
// left. In one that ends a defect leaves tasklets that belong to no thread any more; all others are
// counted.
StructureOracle::Fault StructureOracle::look_at_run_queue(const Thread& thread,
                                                          std::uint32_t& runnable) {
  const Tasklet* const head = thread.queue().head;
  if (head == nullptr) {
    if (thread.queue().count != 0) return {"run-count"};
  } else {
    const Tasklet* tasklet = head;
    for (std::uint32_t count = thread.queue().count; count > 0; --count) {
      if (Fault fault = member_fault(*tasklet); fault.rule != nullptr) return fault;
      if (tasklet->blocked != 0 || tasklet->channel != nullptr) return {"blocked-in-run-queue"};
      const bool left_behind = tasklet->thread == nullptr && thread.life().ended_main != nullptr;
      if (tasklet->thread != &thread && !left_behind) return {"foreign-in-run-queue", tasklet};
      if (!left_behind) ++runnable;
      const Tasklet* const next = tasklet->next;
      if (next == nullptr || next->dead || next->previous != tasklet)
        return {"run-queue-links", tasklet};
      tasklet = next;
      if (tasklet == head && count != 1) return {"run-count"};
    }
    if (tasklet != head) return {"run-count"};
  }
  return {};
}

// As many as the balance says, all in one direction, linked both ways.
StructureOracle::Fault StructureOracle::look_at_queue(const Channel& channel, unsigned& blocked) {
  const int direction = channel.balance > 0 ? 1 : -1;
  const Tasklet* previous = nullptr;
  const Tasklet* tasklet = channel.head;
  for (std::int32_t left = channel.balance * direction; left > 0; --left) {
    if (tasklet == nullptr) return {"balance"};
    if (Fault fault = member_fault(*tasklet); fault.rule != nullptr) return fault;
    if (tasklet->blocked != direction) return {"direction", tasklet};
    if (tasklet->channel != &channel || tasklet->previous != previous)
      return {"channel-links", tasklet};
    ++blocked;
    previous = tasklet;
    tasklet = tasklet->next;
  }
  if (tasklet != nullptr || (previous == nullptr && channel.head != nullptr)) return {"balance"};
  if (channel.tail != previous) return {"channel-links"};
  return {};
}

// Whoever says that it is in a queue is in one: then there are as many of them as members, and
// nobody is in two.
StructureOracle::Fault StructureOracle::look_at_tasklets(const Thread& thread, unsigned blocked,
                                                         unsigned runnable) {
  std::uint32_t queued = 0;
  for (Tasklet* tasklet = thread.shared().first_tasklet; tasklet != nullptr;
       tasklet = tasklet->next_made) {
    skip_dead(tasklet, &Tasklet::next_made);
    if (tasklet->dead) continue;
    if (tasklet->blocked != 0) {
      if (blocked-- == 0) return {"blocked-in-no-queue", tasklet};
      if (tasklet->channel == nullptr) return {"blocked-without-channel", tasklet};
    } else {
      if (tasklet->channel != nullptr) return {"channel-but-not-blocked", tasklet};
      if (tasklet->next != nullptr && tasklet->thread != nullptr) ++queued;
      if ((tasklet->next == nullptr) != (tasklet->previous == nullptr)) return {"links", tasklet};
    }
    if (Fault fault = look_at(*tasklet, tasklet == thread.current()); fault.rule != nullptr)
      return fault;
  }
  if (blocked != 0) return {"blocked-in-two-queues"};
  if (queued != runnable) return {"queued-in-no-queue"};
  return {};
}

StructureOracle::Fault StructureOracle::look_at(const Tasklet& tasklet, bool running) {
  if (tasklet.tempval == nullptr) return {"left", &tasklet, FindingKind::kNullTempval};
  const CStack* const saved = tasklet.cstate;
  if (saved == nullptr) return {"null-cstate", &tasklet};
  if (saved->stub != (saved->nesting_level == 0)) return {"nesting-level", &tasklet};
  if (!running && tasklet.frame && tasklet.frame.frame->generation != tasklet.frame.generation)
    return {"suspended", &tasklet, FindingKind::kDanglingFrame};
  if (!running && !tasklet.started && tasklet.recursion_depth != 0)
    return {"recursion-depth-before-start", &tasklet};
  return {};
}

// As many entries and dummies as are counted, each entry where a search finds it, and room for the
// end of a search that finds nothing.
StructureOracle::Fault StructureOracle::look_at_dict(const DictObject& object) {
  const Dict& dict = object.dict();
  if (!dict.is_first_table() && DictTable::of(dict.begin())->dead) return {"dict-table"};
  std::size_t used = 0, fill = 0;
  for (const DictEntry& entry : dict) {
    if (entry.value == nullptr) {
      fill += entry.key == DictEntry::kNeverUsed ? 0 : 1;
      continue;
    }
    ++used;
    ++fill;
    if (dict.find(entry.key, entry.hash) != entry.value) return {"dict-entry"};
    if (entry.value->dead || entry.value->refs == 0) return {"dict-value"};
    if (!object.counts_keys) continue;
    const Object* const key = DictKey{entry.key, entry.hash}.object();
    if (key->dead || key->refs == 0) return {"dict-key"};
  }
  if (used != dict.used() || fill != dict.fill() || fill >= dict.size()) return {"dict-count"};
  return {};
}

StructureOracle::Fault StructureOracle::look_at_saved_stacks(const Thread& thread) {
  for (const CStack* saved = &thread.saved().chain; saved->next != &thread.saved().chain;
       saved = saved->next) {
    if (saved->next->previous != saved) return {"saved-stack-links"};
    if (saved->next->stub || saved->next->nesting_level == 0) return {"nesting-level"};
  }
  return {};
}

}  // namespace reweave::runtime
