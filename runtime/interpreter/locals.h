// What the frames of the interpreter keep, for its own files only.
#pragma once

#include "runtime/interpreter/interpreter.h"
#include "runtime/language/arguments.h"

namespace reweave::runtime {

/// What complete() returns for an operation that has another turn to do. Never dereferenced.
inline Object* const kAgain = reinterpret_cast<Object*>(std::uintptr_t{2});
/// What perform() returns for an operation at which its frame yields what it holds.
inline Object* const kYields = reinterpret_cast<Object*>(std::uintptr_t{3});
/// kUnwind, or one of these.
inline bool is_order(const Object* value) {
  return reinterpret_cast<std::uintptr_t>(value) - 1 < 3;
}

/// Cells, and what can be used as one.
constexpr bool holds_one(ObjectKind kind) {
  return kind == ObjectKind::kCell || kind == ObjectKind::kRecord;
}

/// What events call a value: its number; 0 for None.
inline std::int32_t number_of(const Object& value) {
  if (value.kind != ObjectKind::kToken) return 0;
  return static_cast<std::int32_t>(static_cast<const Token&>(value).number);
}

struct Interpreter::Body {
  Code code;
  Interpreter* interpreter = nullptr;
  std::uint32_t function = 0;
};

struct Interpreter::Block {
  std::uint32_t op;     // Index of the operation that opened it.
  std::uint32_t count;  // Turns of a loop done.
  bool second;          // In the second body of `finally`.
  Bomb* error;          // What the second body has to raise again; owned.
};

struct Interpreter::Locals {
  enum class Phase : std::uint8_t { kFresh, kRunning, kPreempted, kInOperation };
  std::uint32_t pc;
  Phase phase;
  bool root;                   // The first function of a tasklet: logs start and end.
  bool hard;                   // It was entered hard, and so is left hard, as long as it runs.
  std::uint8_t depth;          // Open blocks.
  std::uint32_t token;         // Number of the token that the operation in progress sends.
  std::uint32_t turn;          // Of an operation that is performed several times: turns done.
  bool was_atomic;             // The tasklet, before the operation made it atomic.
  bool receiving;              // The turn in progress receives.
  bool looping;                // It runs a generator at this frame's level.
  Reception reception;         // While it receives.
  EarlyEnd outer;              // While something else may end its wait: of the operation outside.
  Object* held;                // What the operation in progress holds; owned.
  Cell* cell;                  // That the function shares; owned, or null.
  GeneratorObject* generator;  // Whose frame this is; null: nobody's. It has the frame.
  Block blocks[1];             // As many as the function nests.
};

struct Interpreter::Activation {
  FrameRef self;
  Frame& frame;
  Locals& locals;
  const Function& function;
  std::uint32_t number;  // Of the function.
  std::uint32_t pc;
};

inline Code& Interpreter::code_of(std::int32_t function) {
  return bodies_[static_cast<std::size_t>(function)].code;
}

struct Interpreter::RecLocals {
  std::int32_t levels;    // Still to go.
  std::int32_t function;  // Called at the bottom; -1: nothing.
  bool called;
};

}  // namespace reweave::runtime
