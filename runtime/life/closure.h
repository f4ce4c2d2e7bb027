// Closures: cells, and functions that hold them.
//
// A variable that an inner function shares with an outer one lives in a cell. A function object is
// its code and a tuple of such cells, and a frame that runs it holds the cells. So a function that
// refers to itself by name is a cycle: cell -> function -> tuple -> cell. Nothing outside of it can
// cut it, for a tuple cannot be changed; only who runs in the scope of the variable can empty the
// cell. Otherwise it lingers until the cycle collector runs.
//
// Freed by reference counting (lifetime.h) or by the collector (collector.h).
#pragma once

#include <span>

#include "runtime/object/object.h"

namespace reweave::runtime {

class Thread;

struct Cell : Thing {
  Object* content = nullptr;  // Owned; null: empty.
};

/// Never changes. Its items, owned, are behind it.
struct Tuple : Thing {
  std::uint32_t count = 0;
  Object** items() { return reinterpret_cast<Object**>(this + 1); }
};

struct FunctionObject : Thing {
  Code* code = nullptr;
  Tuple* closure = nullptr;  // Owned. Its items are cells. Null: it shares no variable.
};

/// Each null with MemoryError.
///
/// An empty cell; owned.
Cell* make_cell(Thread& thread);
/// It holds `content` (owned; null: nothing) from now on. What it held goes afterwards. May switch.
void set_cell(Thread& thread, Cell* cell, Object* content);
/// What it holds, owned; null: nothing.
Object* cell_content(Thread& thread, const Cell* cell);
/// A function that shares the variables in `cells` (retained); owned.
FunctionObject* make_function(Thread& thread, Code& code, std::span<Cell* const> cells);

}  // namespace reweave::runtime
