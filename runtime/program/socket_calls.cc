// Sockets as the kernel's calls; see descriptor_call.h for their shape.

#include <sys/socket.h>

#include "runtime/program/descriptor_call.h"

namespace reweave::program {
namespace {

long call_on(int descriptor, long number, CallWords words) {
  words[0] = descriptor;
  return kernel_call(number, words);
}

/// recvfrom and recvmsg, whose flags are word number `flags_at`.
long receive(long number, CallWords words, std::size_t flags_at, const void* caller) {
  const int descriptor = descriptor_in(words[0]);
  const File file = descriptor_waits().look_at(descriptor);
  if (file.kind != FileKind::kSocket) return kernel_call(number, words);
  note_if_read_once(file, caller);
  come_to(file, caller);
  const bool waits = file.blocking && (words[flags_at] & MSG_DONTWAIT) == 0;
  const bool whole = waits && (words[flags_at] & MSG_WAITALL) != 0 && number == SYS_recvfrom;
  const std::uint64_t deadline = waits ? deadline_of_socket(descriptor, SO_RCVTIMEO) : sync::kNever;
  words[flags_at] |= MSG_DONTWAIT;
  long received = 0;
  while (true) {
    const long result = until_done(descriptor, file, POLLIN, waits, deadline, caller,
                                   [&](int now) { return call_on(now, number, words); });
    if (!whole) return result;
    if (result <= 0) return received > 0 ? received : result;
    received += result;
    words[1] += result;
    words[2] -= result;
    if (words[2] == 0) return received;
  }
}
long recvfrom_call(const CallWords& words, const void* caller) {
  return receive(SYS_recvfrom, words, 3, caller);
}
long recvmsg_call(const CallWords& words, const void* caller) {
  return receive(SYS_recvmsg, words, 2, caller);
}

/// A stream takes what it is given in parts, everything else as a whole.
bool is_stream(int descriptor) {
  int type = 0;
  socklen_t bytes = sizeof type;
  kernel_call(SYS_getsockopt, descriptor, SOL_SOCKET, SO_TYPE, word_of(&type), word_of(&bytes));
  return type == SOCK_STREAM;
}

long send_message(int descriptor, const msghdr& message, int flags, const void* caller) {
  const File file = descriptor_waits().look_at(descriptor);
  if (file.kind != FileKind::kSocket)
    return kernel_call(SYS_sendmsg, descriptor, word_of(&message), flags);
  come_to(file, caller);
  const bool waits = file.blocking && (flags & MSG_DONTWAIT) == 0;
  const bool signals = (flags & MSG_NOSIGNAL) == 0;
  const std::uint64_t deadline = waits ? deadline_of_socket(descriptor, SO_SNDTIMEO) : sync::kNever;
  const int without = flags | MSG_DONTWAIT | MSG_NOSIGNAL;
  if (!is_stream(descriptor) || message.msg_controllen != 0) {
    const long result = until_done(
        descriptor, file, POLLOUT, waits, deadline, caller,
        [&](int now) { return kernel_call(SYS_sendmsg, now, word_of(&message), without); });
    return result == -EPIPE && signals ? broken_pipe(caller) : result;
  }
  return write_all(descriptor, file, Unwritten(message.msg_iov, message.msg_iovlen), waits, signals,
                   deadline, caller, [&](int now, Unwritten& rest) {
                     msghdr part = message;
                     part.msg_iov = rest.begin();
                     part.msg_iovlen = rest.count();
                     return kernel_call(SYS_sendmsg, now, word_of(&part), without);
                   });
}
long sendmsg_call(const CallWords& words, const void* caller) {
  const auto* const message = pointer_in<const msghdr>(words[1]);
  if (message == nullptr) return -EFAULT;
  return send_message(descriptor_in(words[0]), *message, static_cast<int>(words[2]), caller);
}
long sendto_call(const CallWords& words, const void* caller) {
  iovec whole{pointer_in<void>(words[1]), static_cast<std::size_t>(words[2])};
  msghdr message{};
  message.msg_name = pointer_in<void>(words[4]);
  message.msg_namelen = static_cast<socklen_t>(words[5]);
  message.msg_iov = &whole;
  message.msg_iovlen = 1;
  return send_message(descriptor_in(words[0]), message, static_cast<int>(words[3]), caller);
}

long accept_like(long number, const CallWords& words, const void* caller) {
  const int descriptor = descriptor_in(words[0]);
  const File file = descriptor_waits().look_at(descriptor);
  if (file.kind != FileKind::kSocket) return kernel_call(number, words);
  come_to(file, caller);
  return until_done(descriptor, file, POLLIN, file.blocking,
                    file.blocking ? deadline_of_socket(descriptor, SO_RCVTIMEO) : sync::kNever,
                    caller,
                    [&](int now) { return call_without_waiting(number, words, now, file); });
}
long accept_call(const CallWords& words, const void* caller) {
  return accept_like(SYS_accept, words, caller);
}
long accept4_call(const CallWords& words, const void* caller) {
  return accept_like(SYS_accept4, words, caller);
}

long connect_call(const CallWords& words, const void* caller) {
  const int descriptor = descriptor_in(words[0]);
  const File file = descriptor_waits().look_at(descriptor);
  if (file.kind != FileKind::kSocket) return kernel_call(SYS_connect, words);
  come_to(file, caller);
  const WaitScope scope;
  while (true) {
    long result = call_without_waiting(SYS_connect, words, descriptor, file);
    if (result == -EAGAIN && file.blocking) {  // The listener's queue is full: until it accepts.
      control().yield(caller);
      continue;
    }
    if (result == -EINPROGRESS && file.blocking) {
      const pollfd wanted{descriptor, POLLOUT, 0};
      const Woken woken = descriptor_waits().wait(
          {&wanted, 1}, deadline_of_socket(descriptor, SO_SNDTIMEO), caller);
      if (woken != Woken::kReady) return error_of(woken);  // It goes on in the background.
      int error = 0;
      socklen_t bytes = sizeof error;
      kernel_call(SYS_getsockopt, descriptor, SOL_SOCKET, SO_ERROR, word_of(&error),
                  word_of(&bytes));
      result = -error;
    }
    return done_with(file, result, caller);
  }
}

long socketpair_call(const CallWords& words, const void*) {
  const long result = kernel_call(SYS_socketpair, words);
  const int* const ends = pointer_in<const int>(words[3]);
  if (result == 0) descriptor_waits().made_here(ends[0]), descriptor_waits().made_here(ends[1]);
  return result;
}

}  // namespace

void stand_in_for_socket_calls() {
  stand_in_for(SYS_recvfrom, &recvfrom_call);
  stand_in_for(SYS_recvmsg, &recvmsg_call);
  stand_in_for(SYS_sendto, &sendto_call);
  stand_in_for(SYS_sendmsg, &sendmsg_call);
  stand_in_for(SYS_accept, &accept_call);
  stand_in_for(SYS_accept4, &accept4_call);
  stand_in_for(SYS_connect, &connect_call);
  stand_in_for(SYS_shutdown, &and_look_again<SYS_shutdown>);
  stand_in_for(SYS_listen, &and_look_again<SYS_listen>);
  stand_in_for(SYS_socketpair, &socketpair_call);
}

}  // namespace reweave::program
