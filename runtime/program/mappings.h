// What a program maps into its memory, taken away after each execution.
//
// Each mapping lies in a range of addresses of its own, one behind the other from the same
// beginning, so that addresses repeat from execution to execution and from process to process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reweave::program {

class Mappings {
 public:
  /// mmap(), mremap() of a thread under control, with their results and errno.
  void* map(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset);
  void* remap(void* old, std::size_t bytes, std::size_t new_bytes, int flags, void* at);

  /// After an execution. Costs one system call if there were any.
  void put_back();

 private:
  struct Range {
    std::uintptr_t begin = 0, end = 0;
  };
  static constexpr std::uintptr_t kBegin = 0x250000000000u, kBytes = std::uintptr_t{1} << 40;

  std::uintptr_t next_ = kBegin;
  std::vector<Range> elsewhere_;  // Where the program wanted it, or the kernel moved it.
};

/// The only one.
Mappings& mappings();

}  // namespace reweave::program
