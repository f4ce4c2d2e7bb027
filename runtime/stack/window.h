// Windows: a way to find pointers into stacks that have been sliced away.
//
// A sliced stack has an inconvenient property: an address in one tasklet's frame is a good address
// while another tasklet runs, only that something else stands there. No sanitizer sees such a use.
// So in a build with windows each slice has a piece of memory of its own, where it also stays while
// it is suspended: nothing is copied. AddressSanitizer's shadow of it is put aside meanwhile and
// the window marked, so that whoever touches it is told of a stack-use-after-return; which
// `owner of an address` turns into the finding `dangling-stack`.
//
//   host's stack    window        window        window
//                   | running |   | marked |    | marked |
//
// The interface is that of slice.h, and programs do the same. Only the bytes that are copied are
// not counted, because none are. The host's own stack is never marked.
//
// Cost: address space, 8 MiB for each slice that is suspended at one time; a switch saves and marks
// one byte of shadow for eight bytes of stack. Only with AddressSanitizer, and in one OS thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reweave::runtime {

struct StackWindow {
  static constexpr std::size_t kBytes = std::size_t{8} << 20;  // Reserved, not committed.

  std::byte* low = nullptr;        // Lowest address, above the guard page.
  std::byte* top = nullptr;        // Its end, where the stack begins.
  std::byte* used = nullptr;       // Lowest address in use when it was left, since it was taken.
  std::uint8_t* shadow = nullptr;  // The shadow of what is suspended: its end is `top`'s.
  std::size_t shadow_bytes = 0;    // Room for so many.
  bool suspended = false;
  StackWindow* next_free = nullptr;
  StackWindow* made_before = nullptr;
};

/// The suspended window that an address lies in; null: none, or this is a build without windows.
const StackWindow* find_suspended_window(const void* address);

}  // namespace reweave::runtime
