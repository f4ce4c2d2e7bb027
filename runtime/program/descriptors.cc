#include "runtime/program/descriptors.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/program/control.h"
#include "runtime/program/real.h"
#include "runtime/program/start.h"
#include "scheduler/base/check.h"

namespace reweave::program {
namespace {

int lowest_free(int copy) {
  const int number = fcntl(copy, F_DUPFD_CLOEXEC, 0);
  if (number >= 0) real().close(number);
  return number;
}

/// Only files have a position of their own; the program's output is told apart by whoever keeps it.
off_t position_of(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  return lseek(descriptor, 0, SEEK_CUR);
}

}  // namespace

int Descriptors::high(int descriptor) {
  const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, kHigh);
  CHECK_MSG(copy >= 0, "no descriptor for the explorer: raise the limit (ulimit -n 1024)");
  return copy;
}

void Descriptors::take() {
  for (const Kept& kept : kept_) real().close(kept.copy);
  kept_.clear();
  for (int number = 0; number < kHigh; ++number) {
    if (fcntl(number, F_GETFD) < 0) continue;
    const bool is_output = number == STDOUT_FILENO || number == STDERR_FILENO;
    kept_.push_back({number, high(number), is_output ? -1 : position_of(number)});
  }
  executions_ = 0;
  input_ = waiting_input();
  lowest_free_ = kept_.empty() ? 0 : lowest_free(kept_.front().copy);
}

/// How many bytes can be read at once from a pipe or socket; -1: it is none.
int Descriptors::waiting_input() {
  struct stat status {};
  int bytes = -1;
  if (fstat(STDIN_FILENO, &status) != 0) return -1;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return -1;
  return ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 ? bytes : -1;
}

void Descriptors::put_back() {
  if (kept_.empty()) return;
  if (input_ >= 0 && waiting_input() < input_) {
    input_ = -1;
    control().note_escape("standard input, a pipe that can be read once; give a file instead",
                          reinterpret_cast<const void*>(&run_main));
  }
  const bool in_order = lowest_free(kept_.front().copy) == lowest_free_;
  if (!in_order || ++executions_ % kAllEach == 0) put_back_all();
  for (const Kept& kept : kept_) {
    if (kept.position >= 0) lseek(kept.copy, kept.position, SEEK_SET);
  }
}

void Descriptors::put_back_all() {
  int begin = 0;
  for (const Kept& kept : kept_) {
    if (begin < kept.number) {
      close_range(static_cast<unsigned>(begin), static_cast<unsigned>(kept.number) - 1, 0);
    }
    real().dup2(kept.copy, kept.number);
    begin = kept.number + 1;
  }
  close_range(static_cast<unsigned>(begin), kHigh - 1, 0);
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

// The explorer's own are not there for the program.
REWEAVE_STAND_IN int close(int descriptor) {
  if (is_controlled() && descriptor >= Descriptors::kHigh) {
    errno = EBADF;
    return -1;
  }
  return real().close(descriptor);
}
REWEAVE_STAND_IN int close_range(unsigned first, unsigned last, int flags) noexcept {
  if (is_controlled()) {
    if (first >= Descriptors::kHigh) return 0;
    last = std::min(last, static_cast<unsigned>(Descriptors::kHigh) - 1);
  }
  return real().close_range(first, last, flags);
}
REWEAVE_STAND_IN void closefrom(int first) noexcept {
  if (!is_controlled()) return real().closefrom(first);
  if (first < Descriptors::kHigh)
    real().close_range(static_cast<unsigned>(std::max(first, 0)), Descriptors::kHigh - 1, 0);
}
