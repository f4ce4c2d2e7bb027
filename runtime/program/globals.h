// What every hook and stand-in looks at first: is this call one of a program under control?
//
// One structure of plain data in the library's own data segment, which the snapshot leaves out.
// `watch` is 0 while nothing can be decided at an access, which is the case as long as one thread
// is alive: then an access costs a few instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace reweave::program {

class Snapshot;

struct Globals {
  // ---- What an access looks at ----
  std::uint64_t alone = 0;  // Accesses since the last look, each a step.
  /// At so many somebody has to look: 0, at each, where several threads can go on, or time-outs are
  /// pending, or somebody rests, or names are wanted.
  std::uint64_t alone_max = UINT64_MAX;
  std::uint32_t running = 0;  // 1: an execution runs on this OS thread, on a virtual thread.

  // The program's heap, as far as a use of dead memory is looked for there. See Arena::is_dead().
  std::uintptr_t heap_begin = 0;
  std::size_t heap_bytes = 0;
  const unsigned char* alive_bits = nullptr;

  std::uintptr_t code_begin = 0;  // Of the program itself: an address minus this is a site.
  std::uintptr_t code_bytes = 0;
  // A bit for each byte of it: set where a function of a library was compiled into the program.
  const std::uint64_t* library_code = nullptr;
  bool raw_sites = false;         // Calls are known by where libc was called, as they once were.
  const char* called = nullptr;   // The stand-in that was called last: its name, for traces.
  std::uintptr_t data_begin = 0;  // Its writable segments: addresses that differ between processes.
  std::uintptr_t data_bytes = 0;

  // ---- What a stand-in looks at ----
  bool program_allocates = true;   // Allocations are the program's, not the explorer's.
  std::uintptr_t main_thread = 0;  // Its thread pointer.
  bool under_address_sanitizer = false;
  bool instrumented = false;     // Some object stops at accesses to memory.
  bool foreign_threads = false;  // Real threads may run beside an execution.
  std::uint8_t dispatch = 0;     // 1: the kernel hands system calls back; see system_calls.h.
  bool sees_all_calls = false;   // It can.
  bool called_kernel = false;    // A system call was made in this execution, as far as seen.
  std::uintptr_t thread_pointer =
      0;  // Of the virtual thread that runs; only where foreign_threads.
};

extern Globals globals;

/// While one lives, what the thread calls is none of the program's doing: no virtual thread makes
/// the call, it is no point, and what libc allocates meanwhile lies in the explorer's heap and
/// stays. In the program's heap it would change what the program is given next.
class NotTheProgram {
 public:
  NotTheProgram()
      : running_(std::exchange(globals.running, 0)),
        allocates_(std::exchange(globals.program_allocates, false)) {}
  ~NotTheProgram() {
    globals.running = running_;
    globals.program_allocates = allocates_;
  }
  NotTheProgram(const NotTheProgram&) = delete;
  NotTheProgram& operator=(const NotTheProgram&) = delete;

 private:
  std::uint32_t running_;
  bool allocates_;
};

/// The program must not touch what is at `address`: it lies in the heap, but in no block in use.
inline bool is_dead(const void* address) {
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(address) - globals.heap_begin;
  return offset < globals.heap_bytes &&
         (globals.alive_bits[offset >> 7] >> (offset >> 4 & 7) & 1) == 0;
}

/// The first of these bytes that the program must not touch; null: none. Of very many some are
/// looked at.
inline const void* first_dead(const void* address, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  if (bytes == 0 || begin - globals.heap_begin >= globals.heap_bytes) return nullptr;
  constexpr std::size_t kBlock = 16, kLooksMax = 1024;
  const std::size_t step = bytes / kLooksMax / kBlock * kBlock + kBlock;
  for (std::size_t at = 0; at < bytes; at += step) {
    const auto* const byte = reinterpret_cast<const void*>(begin + at);
    if (is_dead(byte)) return byte;
  }
  const auto* const last = reinterpret_cast<const void*>(begin + bytes - 1);
  return is_dead(last) ? last : nullptr;
}

/// True: the caller is a virtual thread of an execution.
bool is_controlled_slowly();
inline bool is_controlled() {
  if (globals.running == 0) return false;
  return !globals.foreign_threads || is_controlled_slowly();
}

/// An address in this library's own code: a call from there is none of the program's.
bool is_own_code(const void* address);
/// True: a place in the dynamic linker.
bool is_in_linker(const void* caller);

bool is_address_sanitizer_here();
/// Under AddressSanitizer: keeps the program's own variables, which the compiler lists for it, and
/// none of the sanitizer's.
void keep_sanitized_globals(Snapshot& snapshot);

}  // namespace reweave::program

/// A function of libc that the library defines, too; the first definition in the order of linking
/// is the one that the program calls.
#define REWEAVE_STAND_IN extern "C" __attribute__((visibility("default")))
