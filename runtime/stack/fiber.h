// A machine stack of its own for a virtual thread, and the switch between two of them.
//
// The switch is that of slices with nothing to copy: registers go on the stack that is left, the
// stack pointer moves, registers come from the stack that is entered. What a Fiber's stack holds
// meanwhile stays where it is, so pointers into it stay good; a sliced stack (slice.h) may lie
// inside.
//
// Cost: about as much as a call; no system call, no allocation once the stack exists.
#pragma once

#include <cstddef>

#include "runtime/stack/slice.h"

namespace reweave::runtime {

class Fiber {
 public:
  using Entry = void (*)(void* argument);
  static constexpr std::size_t kStackBytes = std::size_t{8} << 20;  // Reserved, not committed.

  /// Stands for the stack that the OS thread runs on, until start() gives it one of its own.
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next switch to it calls `entry(argument)`, which must never return. What was suspended on
  /// its stack is abandoned: no destructor runs. Aborts when the system has no memory. Must not be
  /// called on the fiber that is running.
  void start(Entry entry, void* argument);

  /// Leaves `from`, which is running, for `to`. Returns when somebody switches back. Switches
  /// tasks.
  friend void switch_fibers(Fiber& from, Fiber& to);

 private:
  friend void begin_fiber();

  Slice context_;
  std::byte* stack_ = nullptr;  // Lowest address, above the guard page; null: the OS thread's own.
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  // What AddressSanitizer has to be told at each switch.
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t bytes_ = 0;
};

void switch_fibers(Fiber& from, Fiber& to);

}  // namespace reweave::runtime
