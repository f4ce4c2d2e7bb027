// How things are made, changed and destroyed: cells, functions, records; see generator_object.cc
// for generators, weakref.cc for weak references.
#include <utility>

#include "runtime/life/generator_object.h"
#include "runtime/life/make_thing.h"
#include "runtime/life/record.h"
#include "runtime/life/weakref.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/frame_cache.h"

namespace reweave::runtime {

void number_thing(Thread& thread, Thing* thing) { thing->number = ++thread.shared().thing_count; }

Cell* make_cell(Thread& thread) {
  if (lacks_memory(thread)) return nullptr;
  return make_thing<Cell>(thread, ObjectKind::kCell);
}

void set_cell(Thread& thread, Cell* cell, Object* content) {
  Object* const old = std::exchange(cell->content, content);
  if (old != nullptr) thread.release(old);
}

Object* cell_content(Thread& thread, const Cell* cell) {
  Object* const content = cell->content;
  if (content == nullptr) return nullptr;
  if (content->dead || content->refs == 0) report_dangling_object(thread, content, "read");
  return retain(content);
}

FunctionObject* make_function(Thread& thread, Code& code, std::span<Cell* const> cells) {
  if (lacks_memory(thread) || (!cells.empty() && lacks_memory(thread))) return nullptr;
  auto* const function = make_thing<FunctionObject>(thread, ObjectKind::kFunction);
  function->code = &code;
  if (cells.empty()) return function;
  auto* const tuple = make_thing<Tuple>(thread, ObjectKind::kTuple, cells.size() * sizeof(Object*));
  tuple->count = static_cast<std::uint32_t>(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) tuple->items()[i] = retain(cells[i]);
  function->closure = tuple;
  return function;
}

Record* make_record(Thread& thread) {
  if (lacks_memory(thread)) return nullptr;
  if (thread.shared().free_records.empty()) return make_thing<Record>(thread, ObjectKind::kRecord);
  Record* const record = thread.shared().free_records.back();
  thread.shared().free_records.pop_back();
  thread.heap().revive(record);
  number_thing(thread, record);
  return record;
}

namespace {

// Retires it, and releases all that it holds but for the last, which is returned.
Object* take_last_field(Thread& thread, Thing* thing) {
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
      while (tuple->count > 1) thread.release(tuple->items()[--tuple->count]);
      if (tuple->count == 1) last = tuple->items()[--tuple->count];
      break;
    }
    case ObjectKind::kGenerator: {
      const FrameRef frame = std::exchange(static_cast<GeneratorObject*>(thing)->frame, FrameRef{});
      thread.heap().retire(thing);
      if (frame) release_frame(thread, frame);
      return nullptr;
    }
    default:
      break;
  }
  thread.heap().retire(thing);
  if (thing->kind == ObjectKind::kRecord)
    thread.shared().free_records.push_back(static_cast<Record*>(thing));
  return last;
}

}  // namespace

// What it holds goes last, when the thing itself is gone. Chains are followed by the loop, so that
// long ones do not nest.
void destroy_thing(Thread& thread, Thing* thing) {
  Bomb* const error = thread.take_error();
  while (thing != nullptr) {
    // A recycled object that keeps them is the historical defect: they see its next life.
    if (thing->kind != ObjectKind::kRecord ||
        !thread.settings().defects.has(Defect::kRecycledKeepsWeakrefs))
      call_weakrefs(thread, thing);
    check_not_destroyed(thread, thing);
    if (thing->kind == ObjectKind::kGenerator &&
        !close_last(thread, static_cast<GeneratorObject*>(thing)))
      break;
    thread.log(EventKind::kFreed,
               {static_cast<std::int32_t>(thing->kind), static_cast<std::int32_t>(thing->number)});
    Object* const last = take_last_field(thread, thing);
    thing = nullptr;
    if (last == nullptr) break;
    if (last->refs == 1 && !last->dead && is_thing(last->kind)) {
      last->refs = 0;
      thing = static_cast<Thing*>(last);
    } else {
      thread.release(last);
    }
  }
  thread.set_error(error);
}

}  // namespace reweave::runtime
