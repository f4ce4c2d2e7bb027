// What every hook and stand-in looks at first: is this call one of a program under control?
//
// One structure of plain data in the library's own data segment, which the snapshot leaves out.
// `watch` is 0 while nothing can be decided at an access, which is the case as long as one thread
// is alive: then an access costs a few instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reweave::program {

class Snapshot;

struct Globals {
  // ---- What an access looks at ----
  /// Nonzero: an access has to be looked at, because several threads can go on, or time-outs are
  /// pending, or somebody rests, or names are wanted.
  std::uint32_t watch = 0;
  std::uint32_t running = 0;  // 1: an execution runs on this OS thread, on a virtual thread.
  std::uint64_t alone = 0;    // Accesses since the last look, each a step.
  std::uint64_t alone_max = UINT64_MAX;  // At so many somebody has to look.

  std::uintptr_t code_begin = 0;  // Of the program itself: an address minus this is a site.
  std::uintptr_t code_bytes = 0;
  std::uintptr_t data_begin = 0;  // Its writable segments: addresses that differ between processes.
  std::uintptr_t data_bytes = 0;

  // ---- What a stand-in looks at ----
  bool program_allocates = true;   // Allocations are the program's, not the explorer's.
  std::uintptr_t main_thread = 0;  // Its thread pointer.
  bool under_address_sanitizer = false;
  bool instrumented = false;     // Some object stops at accesses to memory.
  bool foreign_threads = false;  // Real threads may run beside an execution.
  std::uintptr_t thread_pointer =
      0;  // Of the virtual thread that runs; only where foreign_threads.
};

extern Globals globals;

/// True: the caller is a virtual thread of an execution.
bool is_controlled_slowly();
inline bool is_controlled() {
  if (globals.running == 0) return false;
  return !globals.foreign_threads || is_controlled_slowly();
}

bool is_address_sanitizer_here();
/// Under AddressSanitizer: keeps the program's own variables, which the compiler lists for it, and
/// none of the sanitizer's.
void keep_sanitized_globals(Snapshot& snapshot);

}  // namespace reweave::program

/// A function of libc that the library defines, too; the first definition in the order of linking
/// is the one that the program calls.
#define REWEAVE_STAND_IN extern "C" __attribute__((visibility("default")))
