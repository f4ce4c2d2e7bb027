#include "runtime/program/descriptor_call.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>

#include "runtime/program/mutexes.h"
#include "runtime/program/program_signals.h"

namespace reweave::program {

NonBlocking::NonBlocking(int descriptor)
    : descriptor_(descriptor), flags_(kernel_call(SYS_fcntl, descriptor, F_GETFL)) {
  if (changes()) kernel_call(SYS_fcntl, descriptor_, F_SETFL, flags_ | O_NONBLOCK);
}
NonBlocking::~NonBlocking() {
  if (changes()) kernel_call(SYS_fcntl, descriptor_, F_SETFL, flags_);
}
bool NonBlocking::changes() const { return flags_ >= 0 && (flags_ & O_NONBLOCK) == 0; }

std::uint64_t deadline_of_socket(int descriptor, int option) {
  timeval time{};
  socklen_t bytes = sizeof time;
  const long result =
      kernel_call(SYS_getsockopt, descriptor, SOL_SOCKET, option, word_of(&time), word_of(&bytes));
  if (result != 0 || (time.tv_sec == 0 && time.tv_usec == 0)) return sync::kNever;
  const timespec duration{time.tv_sec, time.tv_usec * 1000};
  return deadline_after(&duration);
}

void come_to(const File& file, const void* caller) {
  control().lock_point(Access::kReadModifyWrite, file.object, caller);
  control().give(file.object);
}

long done_with(const File& file, long result, const void* caller) {
  if (result == -EAGAIN || result == -EINPROGRESS) {
    control().tried_in_vain(file.object, caller);
    return result;
  }
  control().take_over(file.object);
  control().had_effect(caller);
  descriptor_waits().look_again();
  return result;
}

void note_if_read_once(const File& file, const void* caller) {
  if (file.was_open)
    control().note_escape("input from a pipe or socket that was open before, once", caller);
}

long call_without_waiting(long number, const CallWords& words, int descriptor, const File& file) {
  CallWords now = words;
  now[0] = descriptor;
  if (!file.blocking) return kernel_call(number, now);
  const NonBlocking scope(descriptor);
  return kernel_call(number, now);
}

long broken_pipe(const void* caller) {
  program_signals().send(control().self(), SIGPIPE, caller);
  return -EPIPE;
}

const void* file_locks() { return reinterpret_cast<const void*>(std::uintptr_t{16}); }

}  // namespace reweave::program
