// How things are made, changed and destroyed: cells, functions, records; see generator_object.cc
// for generators, weakref.cc for weak references.
#include <utility>

#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

void Thread::number_thing(Thing* thing) { thing->number = ++runtime_.thing_count_; }

template <typename T>
T* Thread::make_thing(ObjectKind kind, std::size_t extra) {
  T* const thing = heap_.make<T>(kind, extra);
  number_thing(thing);
  return thing;
}
template Reference* Thread::make_thing<Reference>(ObjectKind kind, std::size_t extra);
template GeneratorObject* Thread::make_thing<GeneratorObject>(ObjectKind kind, std::size_t extra);

Cell* Thread::make_cell() {
  if (lacks_memory()) return nullptr;
  return make_thing<Cell>(ObjectKind::kCell);
}

void Thread::set_cell(Cell* cell, Object* content) {
  Object* const old = std::exchange(cell->content, content);
  if (old != nullptr) release(old);
}

Object* Thread::cell_content(const Cell* cell) {
  Object* const content = cell->content;
  if (content == nullptr) return nullptr;
  if (content->dead || content->refs == 0) report_dangling_object(content, "read");
  return retain(content);
}

FunctionObject* Thread::make_function(Code& code, std::span<Cell* const> cells) {
  if (lacks_memory() || (!cells.empty() && lacks_memory())) return nullptr;
  auto* const function = make_thing<FunctionObject>(ObjectKind::kFunction);
  function->code = &code;
  if (cells.empty()) return function;
  auto* const tuple = make_thing<Tuple>(ObjectKind::kTuple, cells.size() * sizeof(Object*));
  tuple->count = static_cast<std::uint32_t>(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) tuple->items()[i] = retain(cells[i]);
  function->closure = tuple;
  return function;
}

Record* Thread::make_record() {
  if (lacks_memory()) return nullptr;
  if (runtime_.free_records_.empty()) return make_thing<Record>(ObjectKind::kRecord);
  Record* const record = runtime_.free_records_.back();
  runtime_.free_records_.pop_back();
  heap_.revive(record);
  number_thing(record);
  return record;
}

// What it holds goes last, when the thing itself is gone. Chains are followed by the loop, so that
// long ones do not nest.
void Thread::destroy_thing(Thing* thing) {
  Bomb* const error = take_error();
  while (thing != nullptr) {
    // A recycled object that keeps them is the historical defect: they see its next life.
    if (thing->kind != ObjectKind::kRecord ||
        !settings_.defects.has(Defect::kRecycledKeepsWeakrefs))
      call_weakrefs(thing);
    check_not_destroyed(thing);
    log(EventKind::kFreed,
        {static_cast<std::int32_t>(thing->kind), static_cast<std::int32_t>(thing->number)});
    Object* const last = take_last_field(thing);
    thing = nullptr;
    if (last == nullptr) break;
    if (last->refs == 1 && !last->dead && is_thing(last->kind)) {
      last->refs = 0;
      thing = static_cast<Thing*>(last);
    } else {
      release(last);
    }
  }
  error_ = error;
}

// Retires it, and releases all that it holds but for the last, which is returned.
Object* Thread::take_last_field(Thing* thing) {
  Object* last = nullptr;
  switch (thing->kind) {
    case ObjectKind::kCell:
    case ObjectKind::kRecord:
      last = std::exchange(static_cast<Cell*>(thing)->content, nullptr);
      break;
    case ObjectKind::kFunction:
      last = std::exchange(static_cast<FunctionObject*>(thing)->closure, nullptr);
      break;
    case ObjectKind::kTuple: {
      auto* const tuple = static_cast<Tuple*>(thing);
      // They are cells, which have other owners as a rule.
      while (tuple->count > 1) release(tuple->items()[--tuple->count]);
      if (tuple->count == 1) last = tuple->items()[--tuple->count];
      break;
    }
    case ObjectKind::kGenerator: {
      const FrameRef frame = std::exchange(static_cast<GeneratorObject*>(thing)->frame, FrameRef{});
      heap_.retire(thing);
      if (frame) release_frame(frame);
      return nullptr;
    }
    default:
      break;
  }
  heap_.retire(thing);
  if (thing->kind == ObjectKind::kRecord)
    runtime_.free_records_.push_back(static_cast<Record*>(thing));
  return last;
}

}  // namespace reweave::runtime
