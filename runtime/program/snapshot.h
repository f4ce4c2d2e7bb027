// The program's memory as it was before the first execution, put back after each one.
//
// What is kept: the writable segments of the program and of every library but ours and the dynamic
// linker's, the arena up to where it stood, the main thread's own thread_local memory, the command
// line and the environment. Thread-local memory of other threads is made new from its image.
//
// What is not: descriptors, files, mappings the program made itself, what it told the kernel.
//
// Costs about 0.1 us for 16 KiB, 1.3 us for 64 KiB, 65 us for 1 MiB. Tables of linked functions are
// left out: with lazy binding each execution would look up its symbols again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/program/arena.h"

struct dl_phdr_info;

namespace reweave::program {

class Snapshot {
 public:
  /// Keeps everything as it is now. `arena` may be null (AddressSanitizer has the heap). What was
  /// kept before is forgotten. `stack`: also what lies there, for example a part of a stack on
  /// which put_back() is not called.
  void take(Arena* arena, char** arguments, std::span<char> stack = {});
  /// Keeps the variables of modules that were loaded since take(), as they are now.
  void keep_new_modules();
  /// Keeps these bytes, too; only to be called while take() asks for it.
  void keep(void* at, std::size_t bytes);
  /// The same, unless it is constant.
  void keep_if_writable(void* at, std::size_t bytes);
  /// What lies there is not kept, from the next take() on: whoever watches the program has its
  /// notes there, among the program's own variables.
  void leave_out(std::vector<std::span<char>> notes);
  /// Keeps what take() kept, as it is now.
  void renew();

  /// Puts all of it back. Not on a stack that is part of it.
  void put_back();
  /// Makes the thread_local memory of the thread at `thread_pointer` new.
  void renew_thread(std::uintptr_t thread_pointer) const;

 private:
  struct Region {
    char* at = nullptr;
    std::size_t bytes = 0;
    char* copy = nullptr;
  };
  /// A module's part of each thread's static TLS block.
  struct ThreadLocal {
    std::intptr_t offset = 0;  // From the thread pointer.
    const char* image = nullptr;
    std::size_t image_bytes = 0;
    std::size_t bytes = 0;
  };
  void keep_whole(char* at, std::size_t bytes);
  void keep_modules();
  void forget();
  static int visit_module(dl_phdr_info* info, std::size_t, void* self);

  std::vector<Region> regions_;
  std::vector<std::span<char>> left_out_;  // Sorted by address.
  std::vector<ThreadLocal> thread_locals_;
  std::vector<std::uintptr_t> modules_;  // That were looked at: their addresses.
  Arena* arena_ = nullptr;
  Arena::Mark mark_;
};

}  // namespace reweave::program
