#include "runtime/life/collector.h"

#include <algorithm>
#include <utility>

#include "runtime/life/closure.h"
#include "runtime/life/dict_object.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/weakref.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/tempval.h"
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
  order_.clear();
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
    meet(*object);
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

// Somebody who is reached refers to it.
void Collector::meet(Object& object) {
  std::uint16_t& state = object.references;
  // Who waits in a channel is met with it, whenever the channel itself was made.
  if (!is_container(object.kind) || object.kind == ObjectKind::kChannel) {
    if (state == kReached) return;
    state = kReached;
    expanding_.push_back(&object);
  } else if (state == kUnmet) {
    state = kMet;
  } else if (state == kAside) {
    state = kMet;
    met_again_.push_back(&object);
  }
}

// All that it refers to, itself or through what is in no list, is met.
void Collector::reach(Object* object) {
  object->references = kReached;
  expanding_.push_back(object);
  while (!expanding_.empty()) {
    Object* const next = expanding_.back();
    expanding_.pop_back();
    visit_references(*next, *this);
  }
}

// Whatever its count says. One without references is being destroyed right now: what it has given
// up already cannot be told from what it has not.
bool Collector::is_kept(const Object& object, const Thread& by) const {
  if (object.refs == 0 && !by.settings().defects.has(Defect::kDyingStaysTracked)) return true;
  if (object.kind != ObjectKind::kTasklet) return false;
  const auto& tasklet = static_cast<const Tasklet&>(object);
  if (tasklet.cstate == nullptr || !tasklet.cstate->stub) return true;
  if (tasklet.thread != nullptr && tasklet.thread != &by) return true;
  return tasklet.is_main || &tasklet == by.current() || &tasklet == by.queue().head ||
         &tasklet == by.guard().switching_to;
}

// Those that the last collection has put in order, and after them the younger ones.
void Collector::list_objects() {
  for (const Life& life : order_) {
    if (life.object->dead || life.object->generation != life.generation) continue;
    life.object->references = kReached;
    objects_.push_back(life.object);
  }
  const bool ordered = !objects_.empty();
  shared_.heap.for_each([&](Object& object) {
    if (object.dead || holds_nothing(object)) return;
    if (!is_container(object.kind)) {
      inner_.push_back(&object);
    } else if (!ordered || object.references != kReached) {
      objects_.push_back(&object);
    }
  });
  for (Object* const object : objects_) object->references = 0;
}

// Who is held from outside.
void Collector::count_references(const Thread& by) {
  reaching_ = false;
  for (Object* const object : objects_) visit_references(*object, *this);
  for (Object* const object : inner_) visit_references(*object, *this);
  for (Object* const object : garbage_) visit(object);
  for (const auto* const list : {&objects_, &inner_}) {
    for (Object* const object : *list) {
      const bool held = object->references != object->refs || is_kept(*object, by);
      object->references = held ? kHeld : kUnmet;
    }
  }
}

// Who is reached is in `survivors_` then, who is not in `aside_`.
void Collector::part() {
  reaching_ = true;
  for (Object* const object : inner_)
    if (object->references == kHeld) reach(object);
  // The program's channels are older than all else, though each is made when it is first used: who
  // waits in one keeps his place. So does who waits in one that call_async or a nap holds.
  for (Object* const object : objects_) {
    if (object->references == kHeld && object->kind == ObjectKind::kChannel) reach(object);
  }
  // The list grows while it is walked through.
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    Object* const object = objects_[i];
    if (object->references == kUnmet) {
      object->references = kAside;
      aside_.push_back(object);
      continue;
    }
    reach(object);
    survivors_.push_back(object);
    take_up_again();
  }
}

// Who was put aside and is met after all is looked at once more, in the order of before.
void Collector::take_up_again() {
  if (met_again_.size() > 1) {
    const bool few = aside_.size() <= kFew;
    for (std::size_t i = places_.size(); !few && i < aside_.size(); ++i)
      places_.emplace(aside_[i], i);
    std::ranges::sort(met_again_, {}, [this, few](Object* object) {
      if (!few) return places_.at(object);
      return static_cast<std::size_t>(std::ranges::find(aside_, object) - aside_.begin());
    });
  }
  objects_.insert(objects_.end(), met_again_.begin(), met_again_.end());
  met_again_.clear();
}

// Fills `found_`; what `garbage_` holds does not count as held from outside. False: nothing.
bool Collector::find(const Thread& by) {
  broken_ = false;
  found_.clear();
  survivors_.clear();
  list_objects();
  count_references(by);
  part();
  for (Object* const object : aside_)
    if (object->references == kAside) found_.push_back(object);
  for (auto* const list : {&objects_, &inner_}) {
    for (Object* const object : *list) object->references = 0;
    list->clear();
  }
  aside_.clear();
  places_.clear();
  return !broken_ && !found_.empty();
}

void Collector::keep_order() {
  if (broken_) return;
  order_.clear();
  for (Object* const object : survivors_) order_.push_back({object, object->generation});
}

void Collector::note_lingering(const Thread& by, bool at_end, GarbageWatcher& watcher) {
  if (collecting_ || !find(by)) return;
  watcher.note(by.execution().steps(), at_end, found_);
}

void Collector::collect(Thread& by) {
  if (shared_.garbage_watcher != nullptr)
    note_lingering(by, /*at_end=*/false, *shared_.garbage_watcher);
  if (collecting_) return;
  const bool finds = find(by);
  keep_order();
  if (!finds) return;
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
      lives_on(*object);
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
    for (Object* const object : garbage_) lives_on(*object);
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

void Collector::lives_on(Object& object) {
  set_dying(object, false);
  order_.push_back({&object, object.generation});
}

// Callbacks may switch, and other tasklets may run; none of them finds what is dying. A generator
// that is closed may.
void Collector::say_goodbye(Thread& by) {
  for (Object* const object : garbage_) {
    set_dying(*object, true);
    clear_references(object);
  }
  for (Object* const object : garbage_) {
    if (object->kind == ObjectKind::kTasklet) {
      tell_of_end(by, static_cast<Tasklet*>(object));
    } else {
      call_weakrefs(by, object);
    }
  }
  for (Object* const object : garbage_) {
    if (object->kind == ObjectKind::kGenerator)
      close_generator(by, static_cast<GeneratorObject*>(object));
  }
}

// There may be more garbage by now: that is for next time.
bool Collector::all_found_again() {
  for (Object* const object : found_) object->references = kMet;
  bool all = true;
  for (const Object* const object : garbage_) all = all && object->references == kMet;
  for (Object* const object : found_) object->references = 0;
  return all;
}

void Collector::clear(Thread& by, Object& object) {
  if (object.kind == ObjectKind::kChannel) {
    empty_channel(by, static_cast<Channel*>(&object));
  } else if (object.kind == ObjectKind::kTasklet) {
    clear_tasklet(by, static_cast<Tasklet&>(object));
  } else {
    clear_thing(by, static_cast<Thing&>(object));
  }
}

void Collector::clear_tasklet(Thread& by, Tasklet& tasklet) {
  const FrameRef frame = tasklet.frame;
  tasklet.frame = FrameRef{};
  Object* const tempval = claim(by, &tasklet);
  release_value(by, &tasklet, tempval, ReleaseReason::kHolderFinalized);
  drop_frames(by, frame);
  if (tasklet.locals != nullptr) dict_clear(by, tasklet.locals);
}

void Collector::clear_thing(Thread& by, Thing& thing) {
  switch (thing.kind) {
    case ObjectKind::kCell:
    case ObjectKind::kRecord:
      set_cell(by, static_cast<Cell*>(&thing), nullptr);
      break;
    case ObjectKind::kFunction: {
      Tuple* const closure = std::exchange(static_cast<FunctionObject&>(thing).closure, nullptr);
      if (closure != nullptr) by.release(closure);
      break;
    }
    case ObjectKind::kGenerator: {
      const FrameRef frame = std::exchange(static_cast<GeneratorObject&>(thing).frame, FrameRef{});
      if (frame) release_frame(by, frame);
      break;
    }
    default:
      break;  // A tuple cannot be changed: others cut the cycle.
  }
}

// ---- Where it is asked ----

void collect_garbage(Thread& thread) {
  thread.shared().touched.look_at_everything();
  thread.shared().collector.collect(thread);
}

bool asks_to_collect(Thread& thread, SiteId site) {
  // Without a tasklet outside the run queues, and without things, there is no garbage.
  const bool possible = (thread.heap().live(ObjectKind::kTasklet) > thread.queue().count ||
                         thread.heap().live_things() > 0) &&
                        !thread.shared().collector.collecting();
  return thread.execution().ask(QuestionKind::kCollect, thread.current()->actor, site,
                                possible ? 2 : 1) != 0;
}

}  // namespace reweave::runtime
