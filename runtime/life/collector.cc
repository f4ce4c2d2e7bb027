#include "runtime/life/collector.h"

#include <algorithm>
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

namespace {

bool holds_nothing(const Object& object) {
  return object.kind == ObjectKind::kNone || object.kind == ObjectKind::kToken ||
         object.kind == ObjectKind::kBomb || object.kind == ObjectKind::kWeakRef;
}

bool is_container(ObjectKind kind) {
  return kind == ObjectKind::kTasklet || kind == ObjectKind::kChannel || is_thing(kind);
}

void set_dying(Object& object, bool dying) {
  if (object.kind == ObjectKind::kTasklet) static_cast<Tasklet&>(object).dying = dying;
}

}  // namespace

void Collector::forget() {
  garbage_.clear();
  kept_.clear();
  debug_ = 0;
  collecting_ = false;
  collected_ = 0;
}

void Collector::visit(Object* object) {
  if (object == nullptr || object->kind == ObjectKind::kNone) return;
  if (object->dead) {
    broken_ = true;
  } else if (holds_nothing(*object)) {
    return;
  } else if (reaching_) {
    reach(object);
  } else if (object->references + 1 < kReached) {
    // One that is referred to more often than can be counted passes for held from outside.
    ++object->references;
  }
}

void Collector::visit_frame(FrameRef frame) {
  if (frame.frame->generation == frame.generation) {
    visit(frame.frame);
  } else {
    broken_ = true;
  }
}

void Collector::reach(Object* object) {
  if (object->references == kReached) return;
  object->references = kReached;
  reached_.push_back(object);
}

// Whatever its count says. One without references is being destroyed right now: what it has given
// up already cannot be told from what it has not.
bool Collector::is_kept(const Object& object, const Thread& by) const {
  if (object.refs == 0 && !by.settings().defects.has(Defect::kDyingStaysTracked)) return true;
  if (object.kind != ObjectKind::kTasklet) return false;
  const auto& tasklet = static_cast<const Tasklet&>(object);
  if (tasklet.cstate == nullptr || !tasklet.cstate->stub) return true;
  if (tasklet.thread != nullptr && tasklet.thread != &by) return true;
  return tasklet.is_main || &tasklet == by.current_ || &tasklet == by.head_ ||
         &tasklet == by.switching_to_;
}

// Fills `found_`; what `garbage_` holds does not count as held from outside. False: nothing.
bool Collector::find(const Thread& by) {
  broken_ = reaching_ = false;
  found_.clear();
  runtime_.heap_.for_each([this](Object& object) {
    if (!object.dead && !holds_nothing(object)) objects_.push_back(&object);
  });
  for (Object* const object : objects_) visit_references(*object, *this);
  for (Object* const object : garbage_) visit(object);
  reaching_ = true;
  for (Object* const object : objects_) {
    if (object->references != object->refs || is_kept(*object, by)) reach(object);
  }
  for (std::size_t i = 0; i < reached_.size(); ++i) visit_references(*reached_[i], *this);
  for (Object* const object : objects_) {
    if (is_container(object->kind) && object->references != kReached) found_.push_back(object);
    object->references = 0;
  }
  objects_.clear();
  reached_.clear();
  return !broken_ && !found_.empty();
}

void Collector::note_lingering(const Thread& by, bool at_end, GarbageWatcher& watcher) {
  if (collecting_ || !find(by)) return;
  watcher.note(by.execution_->steps(), at_end, found_);
}

void Collector::collect(Thread& by) {
  if (runtime_.garbage_watcher_ != nullptr)
    note_lingering(by, /*at_end=*/false, *runtime_.garbage_watcher_);
  if (collecting_ || !find(by)) return;
  collecting_ = true;
  for (Object* const object : found_) {
    ++object->refs;  // Not retain(): under a defect it may be half dead, and have none.
    garbage_.push_back(object);
  }
  if ((debug_ & kLogs) != 0) log_garbage(by);
  say_goodbye(by);
  const bool dies = find(by) && all_found_again();
  if (dies && (debug_ & kKeeps) != 0) {
    for (Object* const object : garbage_) {
      set_dying(*object, false);
      kept_.push_back(retain(object));
    }
  } else if (dies) {
    collected_ += static_cast<std::uint32_t>(garbage_.size());
    // Who waits in a channel must have left it before it loses what it goes on with.
    for (const bool channels : {true, false}) {
      for (Object* const object : garbage_) {
        if ((object->kind == ObjectKind::kChannel) == channels) clear(by, *object);
      }
    }
  } else {
    for (Object* const object : garbage_) set_dying(*object, false);
  }
  for (Object* const object : garbage_) by.release(object);
  garbage_.clear();
  collecting_ = false;
}

void Collector::log_garbage(Thread& by) const {
  for (Object* const object : garbage_) {
    if (object->kind == ObjectKind::kChannel) continue;
    const auto number = object->kind == ObjectKind::kTasklet
                            ? static_cast<const Tasklet*>(object)->number
                            : static_cast<const Thing*>(object)->number;
    by.log(EventKind::kCollectable,
           {static_cast<std::int32_t>(object->kind), static_cast<std::int32_t>(number)});
  }
}

// Callbacks may switch, and other tasklets may run; none of them finds what is dying.
void Collector::say_goodbye(Thread& by) {
  for (Object* const object : garbage_) {
    set_dying(*object, true);
    by.clear_references(object);
  }
  for (Object* const object : garbage_) {
    if (object->kind == ObjectKind::kTasklet) {
      by.tell_of_end(static_cast<Tasklet*>(object));
    } else {
      by.call_weakrefs(object);
    }
  }
}

// Both lists are in order of creation. There may be more garbage by now: that is for next time.
bool Collector::all_found_again() const {
  auto found = found_.begin();
  for (const Object* const object : garbage_) {
    found = std::find(found, found_.end(), object);
    if (found == found_.end()) return false;
  }
  return true;
}

void Collector::clear(Thread& by, Object& object) {
  if (object.kind == ObjectKind::kChannel) {
    by.empty_channel(static_cast<Channel*>(&object));
  } else if (object.kind == ObjectKind::kTasklet) {
    clear_tasklet(by, static_cast<Tasklet&>(object));
  } else {
    clear_thing(by, static_cast<Thing&>(object));
  }
}

void Collector::clear_tasklet(Thread& by, Tasklet& tasklet) {
  const FrameRef frame = tasklet.frame;
  tasklet.frame = FrameRef{};
  Object* const tempval = by.claim(&tasklet);
  by.release_value(&tasklet, tempval, ReleaseReason::kHolderFinalized);
  if (frame) by.release_frame(frame);
  if (tasklet.locals != nullptr) by.dict_clear(tasklet.locals);
}

void Collector::clear_thing(Thread& by, Thing& thing) {
  switch (thing.kind) {
    case ObjectKind::kCell:
    case ObjectKind::kRecord:
      by.set_cell(static_cast<Cell*>(&thing), nullptr);
      break;
    case ObjectKind::kFunction: {
      Tuple* const closure = std::exchange(static_cast<FunctionObject&>(thing).closure, nullptr);
      if (closure != nullptr) by.release(closure);
      break;
    }
    case ObjectKind::kGenerator: {
      const FrameRef frame = std::exchange(static_cast<GeneratorObject&>(thing).frame, FrameRef{});
      if (frame) by.release_frame(frame);
      break;
    }
    default:
      break;  // A tuple cannot be changed: others cut the cycle.
  }
}

// ---- Where it is asked ----

void Thread::collect() {
  touched_.look_at_everything();
  runtime_.collector_.collect(*this);
}

void Thread::debug_collector(std::uint32_t flags) { runtime_.collector_.debug(flags); }

bool Thread::asks_to_collect(SiteId site) {
  // Without a tasklet outside the run queues, and without things, there is no garbage.
  const bool possible =
      (heap_.live(ObjectKind::kTasklet) > run_count_ || heap_.live_things() > 0) &&
      !runtime_.collector_.collecting();
  return execution_->ask(QuestionKind::kCollect, current_->actor, site, possible ? 2 : 1) != 0;
}

}  // namespace reweave::runtime
