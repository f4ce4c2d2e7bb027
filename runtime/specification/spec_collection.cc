// Objects that only hold each other.
#include <algorithm>
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// What it holds goes with it: a thing's, unless it runs; a tasklet's that was left softly, and of
// which nothing is on a C stack, and that of the generators that such a one runs.
bool Specification::is_transparent(const Tasklet& tasklet) const {
  if (tasklet.kind != ObjectKind::kTasklet && tasklet.runner != kNobody)
    return is_transparent(tasklets_[static_cast<std::size_t>(tasklet.runner)]);
  if (tasklet.kind != ObjectKind::kTasklet) return !tasklet.running;
  return tasklet.state == Tasklet::State::kSuspended && tasklet.nesting == 0;
}

void Specification::meet(Id id) {
  if (at(id).met == Tasklet::Met::kNot) at(id).met = Tasklet::Met::kYes;
  if (at(id).met != Tasklet::Met::kAside) return;
  at(id).met = Tasklet::Met::kAgain;
  meets_again_ = true;
}

// What frames of the tasklet hold, from the outermost one up to that of a generator; kNobody: to
// the innermost one.
void Specification::meet_frames(Id tasklet, Id up_to) {
  for (const Id held : at(tasklet).held) {
    meet(held);
    if (at(held).runner != tasklet) continue;
    for (const Id inner : at(held).held) meet(inner);
    if (held == up_to) return;
  }
}

// All that it holds is met. A generator that runs holds the frames that wait for its value.
void Specification::reach(Id id) {
  for (Id i = at(id).locals; i != kNobody; i = item(i).next) meet(item(i).value);
  if (!is_transparent(at(id))) return;
  if (at(id).runner != kNobody) return meet_frames(at(id).runner, id);
  if (is_tasklet(id)) {
    meet_frames(id, kNobody);
  } else {
    for (const Id held : at(id).held) meet(held);
  }
  const auto meet_waiting = [this](Id reply) {
    for (const Id waiting : channel(reply).waiting) meet(waiting);
  };
  if (at(id).job_reply != kNobody) meet_waiting(at(id).job_reply);
  if (at(id).told_reply != kNobody) meet_waiting(at(id).told_reply);
  for (const Id reply : at(id).calls) meet_waiting(reply);
}

// Somebody has it for the result of a job who is no object: the pool, or a C stack. A worker that
// was left softly in the middle of the job holds it by its frames, and so does who tells that the
// job will not be done. A caller on a C stack has it, too.
bool Specification::is_kept_for_job(Id reply) {
  const auto count = static_cast<Id>(tasklet_count_);
  for (Id id = 0; id < count; ++id) {
    const std::vector<Id>& calls = at(id).calls;
    const bool waits = std::find(calls.begin(), calls.end(), reply) != calls.end();
    if (waits && !is_transparent(at(id))) return true;
  }
  if (!channel(reply).has_job) return false;
  for (Id id = 0; id < count; ++id) {
    const bool has_it = at(id).job_reply == reply || at(id).told_reply == reply;
    if (has_it && is_transparent(at(id))) return false;
  }
  return true;
}

// In the order that the last collection has left, and then the younger ones.
void Specification::list_objects() {
  using Met = Tasklet::Met;
  listed_.clear();
  const auto count = static_cast<Id>(tasklet_count_);
  for (Id id = 0; id < count; ++id) at(id).met = Met::kUnlisted;
  const auto list = [this](Id id) {
    if (at(id).met != Met::kUnlisted || at(id).state == Tasklet::State::kDestroyed) return;
    at(id).met = Met::kNot;
    listed_.push_back(id);
  };
  for (const Life& life : order_)
    if (at(life.object).number == life.number) list(life.object);
  for (Id id = 0; id < count; ++id) list(id);
}

void Specification::count_references() {
  const auto count = static_cast<Id>(tasklet_count_);
  for (Id id = 0; id < count; ++id) at(id).internal = 0;
  for (Id id = 0; id < count; ++id) {
    if (!is_transparent(at(id))) continue;
    for (const Id held : at(id).held) ++at(held).internal;
    // It waits on a channel that only objects hold: it is not kept for a result, and not the one
    // that the pool keeps to wake workers, where a caller waits whose worker went elsewhere.
    const Id waits_on = at(id).blocked != 0 ? at(id).channel : kNobody;
    if (waits_on != kNobody && is_private(waits_on) && waits_on != async_.wake &&
        waits_on != waiting_room_ && !is_kept_for_job(waits_on))
      ++at(id).internal;
  }
  // Locals are a tasklet's whatever it is in the middle of.
  for (Id id = 0; id < count; ++id) {
    if (at(id).state == Tasklet::State::kDestroyed) continue;
    for (Id i = at(id).locals; i != kNobody; i = item(i).next) ++at(item(i).value).internal;
  }
  for (const Id id : garbage_) ++at(id).internal;
}

// By something else than an object; or it has C state, or belongs to another thread.
bool Specification::is_held(Id id) const {
  const Tasklet& tasklet = at(id);
  const bool foreign = tasklet.thread != kNobody && elsewhere(id);
  // Without references it is dying already.
  const bool outside = tasklet.references != tasklet.internal || tasklet.references == 0;
  return outside || foreign || tasklet.has_c_state() || tasklet.main || is_current(id);
}

// Alive is what is held, and all that these reach. The rest is garbage. Who is met only after its
// turn goes to the end of the list.
bool Specification::find_garbage() {
  using Met = Tasklet::Met;
  count_references();
  list_objects();
  aside_.clear();
  survivors_.clear();
  found_.clear();
  meets_again_ = false;
  for (std::size_t i = 0; i < listed_.size(); ++i) {
    const Id id = listed_[i];
    if (at(id).met == Met::kNot && !is_held(id)) {
      at(id).met = Met::kAside;
      aside_.push_back(id);
      continue;
    }
    at(id).met = Met::kYes;
    reach(id);
    survivors_.push_back(id);
    if (!std::exchange(meets_again_, false)) continue;
    for (const Id other : aside_) {
      if (at(other).met != Met::kAgain) continue;
      at(other).met = Met::kYes;
      listed_.push_back(other);
    }
  }
  for (const Id id : aside_)
    if (at(id).met == Met::kAside) found_.push_back(id);
  return !found_.empty();
}

// Its callbacks run while it is whole, and then the finalizers of generators, which may make
// something of it reachable again: then all of it lives on.
Routine<Value> Specification::collect() {
  if (collecting_) co_return Value{};
  const bool finds = find_garbage();
  const auto list = [this](Id id) { order_.push_back({id, at(id).number}); };
  order_.clear();
  for (const Id id : survivors_) list(id);
  if (!finds) co_return Value{};
  collecting_ = true;
  garbage_ = found_;
  if ((gc_debug_ & 1) != 0) {
    for (const Id id : garbage_) log_object(EventKind::kCollectable, id);
  }
  for (const Id id : garbage_) {
    ++at(id).references;
    at(id).dying = true;
    clear_references(id);
  }
  for (const Id id : garbage_) {
    if (is_tasklet(id)) {
      co_await tell_of_end(id);
    } else {
      co_await call_weakrefs(id);
    }
  }
  for (const Id id : garbage_) co_await close(id);
  find_garbage();
  const bool dies = std::all_of(garbage_.begin(), garbage_.end(), [this](Id id) {
    return std::find(found_.begin(), found_.end(), id) != found_.end();
  });
  const bool keeps = (gc_debug_ & 2) != 0;
  for (const Id id : garbage_) {
    if (!dies || keeps) {
      at(id).dying = false;
      list(id);
      if (dies) ++at(id).references;
      continue;
    }
    if (at(id).kind == ObjectKind::kTuple) continue;  // It cannot be changed.
    if (at(id).blocked != 0) {
      stop_waiting(id);
      --at(id).references;
    }
    at(id).state = Tasklet::State::kUnbound;
    at(id).function = -1;
    // What the frame of a generator holds that somebody runs goes with that one's frames.
    if (at(id).runner == kNobody) co_await forget_frames(id);
    co_await clear_dict(at(id).locals);
  }
  for (const Id id : garbage_) co_await release(id);
  garbage_.clear();
  collecting_ = false;
  co_return Value{};
}

}  // namespace reweave::runtime::specification
