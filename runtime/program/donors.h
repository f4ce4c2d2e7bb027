// Where the virtual threads of a program run: borrowed threads, and the main thread itself.
//
// Place 0 has the thread control block of the process's own main thread, so that what static
// initialization left in thread_local variables is right, and a stack like the others'. Those are
// real threads that are parked for ever, as in scheduler/machine/borrowed_threads.h, with two
// differences:
//
// * their stacks are ours and lie at fixed addresses where possible: addresses of local variables
//   repeat from process to process, and after a fork glibc cannot hand the stacks out again;
// * their thread-local memory can be put back to what it is for a new thread.
//
// Cost: about 50 us to make one; 12 MiB of address space each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scheduler/machine/machine.h"

namespace reweave::program {

class Donors final : public Machine {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{8} << 20;
  static constexpr std::uintptr_t kStacksAt = 0x1f0000000000u;
  static constexpr std::size_t kStackStride = std::size_t{12} << 20;

  Donors();

  /// True: `address` lies where the stacks are, if the system gave their places.
  static bool is_on_stack(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) - kStacksAt < kPlacesMax * kStackStride;
  }

  /// The place whose stack it is, given is_on_stack().
  static std::uint32_t place_of(const void* address) {
    return static_cast<std::uint32_t>((reinterpret_cast<std::uintptr_t>(address) - kStacksAt) /
                                      kStackStride);
  }

  const char* name() const override { return "borrowed"; }

  /// The pthread_t of the thread that runs at `place`.
  std::uintptr_t thread_pointer_of(std::uint32_t place);
  /// Makes the stack of a place what a new thread's is: nothing but zeros below its top. A program
  /// that reads a variable it never wrote then does the same in each execution. Not on that stack.
  /// Looks from the top down to 1 KiB that nobody wrote to, and at times farther, for a function
  /// may leave a large array alone and call others: what lies below such a gap is looked at each
  /// time once it was seen. About 0.1 us where little was used.
  void clear_stack(std::uint32_t place);
  /// True: `address` lies just below the stack of a place, so the stack was too deep.
  bool is_guard(const void* address) const;

 private:
  /// What is known of the use of a stack.
  struct Use {
    std::uint32_t cleared = 0;     // How often it was.
    std::size_t beyond_a_gap = 0;  // From its top so many bytes are looked at, come what may.
  };

  void make(Context& context, std::uint32_t number) override;

  std::array<Use, kPlacesMax> uses_{};
};

}  // namespace reweave::program
