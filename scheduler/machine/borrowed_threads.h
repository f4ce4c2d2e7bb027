// Borrowed places: the stack and the thread control block of real threads that are parked for ever.
//
// Each thread blocks all signals, notes its thread pointer and a place on its stack below its own
// frames, and waits in the kernel without touching thread-local memory again. Whoever runs there
// has everything that belongs to a thread: thread_local variables (which other actors may point
// to), errno, pthread_self, keys, exceptions in flight, a stack that AddressSanitizer and a
// debugger know.
//
// The threads are never joined; they end with the process. What an execution leaves in their
// thread-local memory is there in the next one.
//
// Cost: a switch writes the thread pointer, which on x86-64 takes 20 ns in a virtual machine that
// emulates the instruction and 1 ns elsewhere; by system call 250 ns.
#pragma once

#include <pthread.h>

#include "scheduler/machine/machine.h"

namespace reweave {

class BorrowedThreads final : public Machine {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{8} << 20;
  /// How a thread is made: pthread_create, unless somebody stands in for that.
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

  explicit BorrowedThreads(Create create = &pthread_create, std::size_t stack_bytes = kStackBytes);

  const char* name() const override { return "borrowed"; }

 private:
  /// Also finds out whether the process was forked meanwhile, and then starts without places.
  void look_where_it_is() override;
  void make(Context& context, std::uint32_t number) override;

  Create create_;
  std::size_t stack_bytes_;
  std::uint32_t generation_;  // How many forks led to the process that made the places.
};

}  // namespace reweave
