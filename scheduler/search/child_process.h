// A child of fork() that works for its parent: what it writes to standard error, how it begins and
// what its end says.
//
// Guarantee: the parent never waits for a pipe longer than it said, and keeps no more of it than
// it asked for; nothing here ends a process. Cost: a pipe and three descriptors moved up for each
// child.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "scheduler/finding.h"

namespace reweave {

/// What the system refuses is nobody's bug: throws errno as a std::system_error.
[[noreturn]] void refused(const char* what);

/// The last bytes of a stream that may be endless.
class Tail {
 public:
  explicit Tail(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > 2 * bytes_max_) text_.erase(0, text_.size() - bytes_max_);
  }
  std::string take() {
    if (text_.size() > bytes_max_) text_.erase(0, text_.size() - bytes_max_);
    return std::move(text_);
  }

 private:
  std::size_t bytes_max_;
  std::string text_;
};

/// The parent's end of a child's standard error. Throws a std::system_error if there is none.
class Pipe {
 public:
  Pipe();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int write_end() const { return ends_[1]; }
  void close_write_end();

  /// Waits for something to read, the end of it, or the end of `ms`; takes what is there.
  void wait(int ms, Tail& tail);
  void drain(Tail& tail);
  bool ended() const { return ends_[0] < 0; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// Makes the forked process ready for its work: it reports to the pipe, writes no core file and
/// does not outlive us.
void become_child(const Pipe& pipe, pid_t parent);

/// Did the system refuse memory that the subject's world needs? It says so in a CHECK of its own.
/// Under a limit of ours what is uncaught may be its fault, too; without one the subject asked for
/// too much.
bool lacked_memory(std::string_view standard_error);

/// The finding of a child that ended with `status`, as waitpid() gives it, during `step`.
Finding death(int status, const std::string& standard_error, std::uint64_t step);
/// The finding of one that began no step for `ms`.
Finding hang(std::uint64_t ms, std::uint64_t step);

/// A child that hangs may know where, and tell before it ends; SIGXCPU is the end of most. Waits
/// for at most three seconds. False: it does not end by itself.
bool speaks_and_ends(pid_t child, int& status);

}  // namespace reweave
