// What is left of a program when its main tasklet has ended: what a recording tells of it besides
// the events. Plain data, filled by the interpreter from the runtime's objects and by the
// specification from its own, and compared.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/object/object.h"

namespace reweave::runtime {

struct EndState {
  struct Left {
    std::int32_t tasklet;
    std::uint32_t flags;  // One bit for each letter of "abspcm".
    bool operator==(const Left&) const = default;
  };

  bool ended = false;   // False: a limit or a finding stopped the program before; the rest is void.
  bool failed = false;  // Main's function was left by an exception.
  ExceptionType exception{};
  ErrorCode code{};
  std::uint32_t token = 0;
  std::vector<std::int32_t> balances;  // Of each channel.
  std::vector<Left> left;              // Tasklets that are not destroyed, but for main.
  std::vector<std::int32_t> things;    // Numbers of those that are alive.
  std::uint32_t run_count = 0;         // Length of the run queue.

  /// Keeps the memory of the lists.
  void clear() {
    ended = failed = false;
    exception = {};
    code = {};
    token = run_count = 0;
    balances.clear();
    left.clear();
    things.clear();
  }
  bool operator==(const EndState&) const = default;
};

}  // namespace reweave::runtime
