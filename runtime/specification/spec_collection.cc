// Objects that only hold each other.
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// What it holds goes with it: a thing's; a tasklet's that was left softly, and of which nothing is
// on a C stack.
bool Specification::is_transparent(const Tasklet& tasklet) const {
  if (tasklet.kind != ObjectKind::kTasklet) return true;
  return tasklet.state == Tasklet::State::kSuspended && tasklet.nesting == 0;
}

void Specification::reach(Id id) {
  if (std::exchange(at(id).reached, true)) return;
  reached_.push_back(id);
}

// Alive is what is held by something else than an object, what has C state, what belongs to another
// thread, and all that these reach. The rest is garbage.
bool Specification::find_garbage() {
  garbage_.clear();
  reached_.clear();
  const auto count = static_cast<Id>(tasklet_count_);
  for (Id id = 0; id < count; ++id) {
    at(id).internal = 0;
    at(id).reached = false;
  }
  for (Id id = 0; id < count; ++id) {
    if (!is_transparent(at(id))) continue;
    for (const Id held : at(id).held) ++at(held).internal;
    // It waits on a channel that only it holds: no worker has it for a result, and it is not the
    // one that the pool keeps to wake workers, where a caller waits whose worker went elsewhere.
    const Id waits_on = at(id).blocked != 0 ? at(id).channel : kNobody;
    if (waits_on != kNobody && is_private(waits_on) && waits_on != async_.wake &&
        !channel(waits_on).has_job)
      ++at(id).internal;
  }
  // Locals are a tasklet's whatever it is in the middle of.
  for (Id id = 0; id < count; ++id) {
    if (at(id).state == Tasklet::State::kDestroyed) continue;
    for (Id i = at(id).locals; i != kNobody; i = item(i).next) ++at(item(i).value).internal;
  }
  for (Id id = 0; id < count; ++id) {
    const Tasklet& tasklet = at(id);
    const bool foreign = tasklet.thread != kNobody && elsewhere(id);
    // Without references it is dying already.
    const bool outside = tasklet.references != tasklet.internal || tasklet.references == 0;
    if (outside || foreign || tasklet.has_c_state() || tasklet.main || is_current(id)) reach(id);
  }
  for (std::size_t i = 0; i < reached_.size(); ++i) {
    for (Id j = at(reached_[i]).locals; j != kNobody; j = item(j).next) reach(item(j).value);
    if (!is_transparent(at(reached_[i]))) continue;
    for (const Id held : at(reached_[i]).held) reach(held);
  }
  for (Id id = 0; id < count; ++id) {
    if (!at(id).reached && at(id).state != Tasklet::State::kDestroyed) garbage_.push_back(id);
  }
  return !garbage_.empty();
}

// Its callbacks run while it is whole. No program can find it again meanwhile.
Routine<Value> Specification::collect() {
  if (collecting_ || !find_garbage()) co_return Value{};
  collecting_ = true;
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
  const bool keeps = (gc_debug_ & 2) != 0;
  for (const Id id : garbage_) {
    if (keeps) at(id).dying = false;
    if (keeps) ++at(id).references;
    if (keeps || at(id).kind == ObjectKind::kTuple) continue;  // It cannot be changed.
    if (at(id).blocked != 0) {
      stop_waiting(id);
      --at(id).references;
    }
    at(id).state = Tasklet::State::kUnbound;
    at(id).function = -1;
    co_await forget_frames(id);
    co_await clear_dict(at(id).locals);
  }
  for (const Id id : garbage_) co_await release(id);
  collecting_ = false;
  co_return Value{};
}

}  // namespace reweave::runtime::specification
