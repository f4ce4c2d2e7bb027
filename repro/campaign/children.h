// Processes that work at once, each with its output kept apart until it ends.
//
// For a campaign, whose hunts are processes of their own: whatever happens to one happens to no
// other. A child is a process group, and the system ends it if we die.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/base/expected.h"

namespace reweave::repro {

class Children {
 public:
  static constexpr std::size_t kOutputBytesMax = 64u << 20;

  struct Ended {
    std::uint64_t tag = 0;
    bool exited = false;   // By itself; else a signal ended it.
    int code = 0;          // Exit code, or number of the signal.
    std::string output{};  // What it wrote to standard output …
    std::string errors{};  // … and to standard error.
  };

  Children() = default;
  /// Ends those that still work.
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// `argv[0]` is looked up on PATH. `tag` comes back with its end.
  Status start(std::uint64_t tag, const std::vector<std::string>& argv);
  std::size_t count() const { return running_.size(); }

  /// Waits until one ends, at most so long; a signal may wake it earlier.
  std::optional<Ended> wait(int ms);

  /// SIGTERM to all: a hunt tells what it has done so far, and ends.
  void ask_to_end();
  void kill_all();

 private:
  struct Running {
    std::uint64_t tag = 0;
    pid_t pid = 0;
    int output = -1;  // -1: at its end.
    int errors = -1;
    std::string output_text{};
    std::string errors_text{};

    bool is_silent() const { return output < 0 && errors < 0; }
  };
  std::optional<Ended> take_ended();
  std::vector<Running> running_;
};

}  // namespace reweave::repro
