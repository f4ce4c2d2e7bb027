// Reading, writing, opening and closing descriptors as the kernel's calls; see descriptor_call.h
// for their shape. Ordinary files never make anybody wait, so that nothing happens at them.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/program/descriptor_call.h"
#include "runtime/program/descriptors.h"
#include "runtime/program/randomness.h"

namespace reweave::program {
namespace {

// ---- read and write ----

long fill_randomly(const iovec* parts, std::size_t count) {
  long bytes = 0;
  for (std::size_t i = 0; i < count; ++i)
    bytes += fill_with_fixed_bytes(parts[i].iov_base, parts[i].iov_len);
  return bytes;
}

long read_like(long number, const CallWords& words, const void* caller) {
  const int descriptor = descriptor_in(words[0]);
  const File file = descriptor_waits().look_at(descriptor);
  if (file.kind == FileKind::kRandom) {
    if (number == SYS_readv)
      return fill_randomly(pointer_in<const iovec>(words[1]), static_cast<std::size_t>(words[2]));
    return fill_with_fixed_bytes(pointer_in<void>(words[1]), static_cast<std::size_t>(words[2]));
  }
  if (!file.may_wait()) return kernel_call(number, words);
  note_if_read_once(file, caller);
  come_to(file, caller);
  const std::uint64_t deadline = file.kind == FileKind::kSocket && file.blocking
                                     ? deadline_of_socket(descriptor, SO_RCVTIMEO)
                                     : sync::kNever;
  return until_done(descriptor, file, POLLIN, file.blocking, deadline, caller,
                    [&](int now) { return call_without_waiting(number, words, now, file); });
}

long write_parts(int descriptor, const iovec* parts, std::size_t count, const File& file,
                 const void* caller) {
  const std::uint64_t deadline = file.kind == FileKind::kSocket && file.blocking
                                     ? deadline_of_socket(descriptor, SO_SNDTIMEO)
                                     : sync::kNever;
  // What keeps a counter or a device does not take a part of what it is given.
  const bool in_parts = file.kind == FileKind::kPipe || file.kind == FileKind::kSocket;
  if (!in_parts) {
    const CallWords words = {descriptor, word_of(parts), static_cast<long>(count)};
    return until_done(descriptor, file, POLLOUT, file.blocking, deadline, caller,
                      [&](int now) { return call_without_waiting(SYS_writev, words, now, file); });
  }
  return write_all(descriptor, file, Unwritten(parts, count), file.blocking, /*signals=*/true,
                   deadline, caller, [&](int now, Unwritten& rest) {
                     const CallWords words = {descriptor, word_of(rest.begin()),
                                              static_cast<long>(rest.count())};
                     return call_without_waiting(SYS_writev, words, now, file);
                   });
}

long write_call(const CallWords& words, const void* caller) {
  const File file = descriptor_waits().look_at(descriptor_in(words[0]));
  if (!file.may_wait()) return kernel_call(SYS_write, words);
  come_to(file, caller);
  const iovec whole{pointer_in<void>(words[1]), static_cast<std::size_t>(words[2])};
  return write_parts(descriptor_in(words[0]), &whole, 1, file, caller);
}

long writev_call(const CallWords& words, const void* caller) {
  const File file = descriptor_waits().look_at(descriptor_in(words[0]));
  if (!file.may_wait() || words[2] <= 0 || words[2] > IOV_MAX)
    return kernel_call(SYS_writev, words);
  come_to(file, caller);
  return write_parts(descriptor_in(words[0]), pointer_in<const iovec>(words[1]),
                     static_cast<std::size_t>(words[2]), file, caller);
}

// ---- What moves bytes from one descriptor to another ----

/// `in` and `out` are the positions of the descriptors among the words.
long move_bytes(long number, const CallWords& words, std::size_t in, std::size_t out,
                const void* caller) {
  const int from = descriptor_in(words[in]), to = descriptor_in(words[out]);
  const File source = descriptor_waits().look_at(from);
  const File target = descriptor_waits().look_at(to);
  if (!source.may_wait() && !target.may_wait()) return kernel_call(number, words);
  come_to(target.may_wait() ? target : source, caller);
  const WaitScope scope;
  while (true) {
    long result = 0;
    {
      const NonBlocking no_waiting(to), no_waiting_either(from);
      result = kernel_call(number, words);
    }
    if (result != -EAGAIN || !target.blocking || !source.blocking)
      return done_with(target.may_wait() ? target : source, result, caller);
    pollfd room{to, POLLOUT, 0};
    const bool full = target.may_wait() && kernel_call(SYS_poll, word_of(&room), 1, 0) == 0;
    const pollfd wanted = full ? room : pollfd{from, POLLIN, 0};
    const Woken woken = descriptor_waits().wait({&wanted, 1}, sync::kNever, caller);
    if (woken != Woken::kReady && !restarts(woken)) return error_of(woken);
  }
}
long sendfile_call(const CallWords& words, const void* caller) {
  return move_bytes(SYS_sendfile, words, 1, 0, caller);
}
long splice_call(const CallWords& words, const void* caller) {
  CallWords without = words;
  without[5] |= SPLICE_F_NONBLOCK;
  return move_bytes(SYS_splice, without, 0, 2, caller);
}
long tee_call(const CallWords& words, const void* caller) {
  CallWords without = words;
  without[3] |= SPLICE_F_NONBLOCK;
  return move_bytes(SYS_tee, without, 0, 1, caller);
}

// ---- What changes who can go on ----

long close_call(const CallWords& words, const void* caller) {
  if (words[0] >= Descriptors::kHigh) return -EBADF;  // The explorer's own are not there.
  if (timers().any()) timers().forget(static_cast<std::uint64_t>(words[0]));
  control().give(file_locks());
  const int descriptor = descriptor_in(words[0]);
  const File file = descriptor_waits().look_at(descriptor);
  if (!file.may_wait()) return kernel_call(SYS_close, words);
  come_to(file, caller);
  descriptor_waits().keep_for_waiters(descriptor, descriptor);
  return done_with(file, kernel_call(SYS_close, words), caller);
}
long close_range_call(const CallWords& words, const void* caller) {
  const auto first = static_cast<unsigned>(words[0]);
  const auto last = std::min(static_cast<unsigned>(words[1]), unsigned{Descriptors::kHigh} - 1);
  if (first > last) return 0;
  if ((words[2] & CLOSE_RANGE_CLOEXEC) == 0)  // Else nothing is closed.
    descriptor_waits().keep_for_waiters(static_cast<int>(first), static_cast<int>(last));
  const long result = kernel_call(SYS_close_range, first, last, words[2]);
  control().had_effect(caller);
  descriptor_waits().look_again();
  return result;
}

template <long Number>
long dup_onto_call(const CallWords& words, const void* caller) {
  if (words[1] >= Descriptors::kHigh) return -EBADF;
  const int onto = descriptor_in(words[1]);
  if (words[0] != words[1] && kernel_call(SYS_fcntl, words[0], F_GETFD) >= 0)
    descriptor_waits().keep_for_waiters(onto, onto);
  const long result = kernel_call(Number, words);
  control().had_effect(caller);
  descriptor_waits().look_again();
  return result;
}

long pipe2_with(int* ends, long flags) {
  const long result = kernel_call(SYS_pipe2, word_of(ends), flags);
  if (result == 0) descriptor_waits().made_here(ends[0]);
  return result;
}
long pipe_call(const CallWords& words, const void*) {
  return pipe2_with(pointer_in<int>(words[0]), 0);
}
long pipe2_call(const CallWords& words, const void*) {
  return pipe2_with(pointer_in<int>(words[0]), words[1]);
}

// ---- What is refused, by name ----

long refuse(const char* name, const void* caller) {
  control().note_escape(name, caller);
  return -ENOSYS;
}
/// To open a named pipe is to wait for somebody at its other end.
long openat_call(const CallWords& words, const void* caller) {
  struct stat status {};
  const long result = kernel_call(SYS_newfstatat, words[0], words[1], word_of(&status), 0);
  const bool waits = (words[2] & (O_NONBLOCK | O_PATH)) == 0 && (words[2] & O_ACCMODE) != O_RDWR;
  if (result == 0 && S_ISFIFO(status.st_mode) && waits)
    return refuse("open of a named pipe, which waits for its other end", caller);
  return kernel_call(SYS_openat, words);
}
long open_call(const CallWords& words, const void* caller) {
  return openat_call({AT_FDCWD, words[0], words[1], words[2]}, caller);
}

struct Refused {
  long number;
  const char* name;
};
constexpr std::array kRefused = {
    Refused{SYS_io_uring_setup, "io_uring"},
    Refused{SYS_io_setup, "io_setup"},
    Refused{SYS_msgrcv, "msgrcv"},
    Refused{SYS_msgsnd, "msgsnd"},
    Refused{SYS_semop, "semop"},
    Refused{SYS_semtimedop, "semtimedop"},
    Refused{SYS_mq_open, "mq_open"},
    Refused{SYS_vmsplice, "vmsplice"},
};
template <std::size_t... kRow>
void refuse_all(std::index_sequence<kRow...>) {
  (stand_in_for(
       kRefused[kRow].number,
       [](const CallWords&, const void* caller) { return refuse(kRefused[kRow].name, caller); }),
   ...);
}

}  // namespace

void stand_in_for_descriptor_calls() {
  stand_in_for(SYS_read,
               [](const CallWords& w, const void* c) { return read_like(SYS_read, w, c); });
  stand_in_for(SYS_readv,
               [](const CallWords& w, const void* c) { return read_like(SYS_readv, w, c); });
  stand_in_for(SYS_write, &write_call);
  stand_in_for(SYS_writev, &writev_call);
#if defined(SYS_poll)
  stand_in_for(SYS_pipe, &pipe_call);
  stand_in_for(SYS_open, &open_call);
  stand_in_for(SYS_dup2, &dup_onto_call<SYS_dup2>);
#endif
  stand_in_for(SYS_openat, &openat_call);
  stand_in_for(SYS_sendfile, &sendfile_call);
  stand_in_for(SYS_splice, &splice_call);
  stand_in_for(SYS_tee, &tee_call);
  stand_in_for(SYS_close, &close_call);
  stand_in_for(SYS_close_range, &close_range_call);
  stand_in_for(SYS_dup3, &dup_onto_call<SYS_dup3>);
  stand_in_for(SYS_pipe2, &pipe2_call);
  refuse_all(std::make_index_sequence<kRefused.size()>());
}

}  // namespace reweave::program
