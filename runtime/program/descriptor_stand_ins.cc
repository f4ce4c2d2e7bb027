// libc's calls for input and output: each passes its arguments on to the kernel's, for which
// descriptor_calls.cc stands in, and is a place at which a thread that was cancelled ends.
//
// Only those that may wait, or that change who can go on: all others come through the kernel.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <csignal>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/system_calls.h"

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

namespace {

constexpr long kSetBytes = 8;  // Of a set of signals, as the kernel has it.

int as_int(long result) { return static_cast<int>(result); }

}  // namespace

REWEAVE_STAND_IN ssize_t read(int descriptor, void* at, size_t bytes) {
  return call_kernel_and_wait(SYS_read, REWEAVE_CALLER, descriptor, at, bytes);
}
REWEAVE_STAND_IN ssize_t __read_chk(int descriptor, void* at, size_t bytes, size_t) {
  return call_kernel_and_wait(SYS_read, REWEAVE_CALLER, descriptor, at, bytes);
}
REWEAVE_STAND_IN ssize_t readv(int descriptor, const iovec* parts, int count) {
  return call_kernel_and_wait(SYS_readv, REWEAVE_CALLER, descriptor, parts, count);
}
REWEAVE_STAND_IN ssize_t write(int descriptor, const void* at, size_t bytes) {
  return call_kernel_and_wait(SYS_write, REWEAVE_CALLER, descriptor, at, bytes);
}
REWEAVE_STAND_IN ssize_t writev(int descriptor, const iovec* parts, int count) {
  return call_kernel_and_wait(SYS_writev, REWEAVE_CALLER, descriptor, parts, count);
}
REWEAVE_STAND_IN ssize_t recv(int descriptor, void* at, size_t bytes, int flags) {
  return call_kernel_and_wait(SYS_recvfrom, REWEAVE_CALLER, descriptor, at, bytes, flags, 0, 0);
}
REWEAVE_STAND_IN ssize_t __recv_chk(int descriptor, void* at, size_t bytes, size_t, int flags) {
  return call_kernel_and_wait(SYS_recvfrom, REWEAVE_CALLER, descriptor, at, bytes, flags, 0, 0);
}
REWEAVE_STAND_IN ssize_t recvfrom(int descriptor, void* at, size_t bytes, int flags,
                                  sockaddr* address, socklen_t* address_bytes) {
  return call_kernel_and_wait(SYS_recvfrom, REWEAVE_CALLER, descriptor, at, bytes, flags, address,
                              address_bytes);
}
REWEAVE_STAND_IN ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
  return call_kernel_and_wait(SYS_recvmsg, REWEAVE_CALLER, descriptor, message, flags);
}
REWEAVE_STAND_IN ssize_t send(int descriptor, const void* at, size_t bytes, int flags) {
  return call_kernel_and_wait(SYS_sendto, REWEAVE_CALLER, descriptor, at, bytes, flags, 0, 0);
}
REWEAVE_STAND_IN ssize_t sendto(int descriptor, const void* at, size_t bytes, int flags,
                                const sockaddr* address, socklen_t address_bytes) {
  return call_kernel_and_wait(SYS_sendto, REWEAVE_CALLER, descriptor, at, bytes, flags, address,
                              address_bytes);
}
REWEAVE_STAND_IN ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  return call_kernel_and_wait(SYS_sendmsg, REWEAVE_CALLER, descriptor, message, flags);
}
REWEAVE_STAND_IN int accept(int descriptor, sockaddr* address, socklen_t* bytes) {
  return as_int(call_kernel_and_wait(SYS_accept, REWEAVE_CALLER, descriptor, address, bytes));
}
REWEAVE_STAND_IN int accept4(int descriptor, sockaddr* address, socklen_t* bytes, int flags) {
  return as_int(
      call_kernel_and_wait(SYS_accept4, REWEAVE_CALLER, descriptor, address, bytes, flags));
}
REWEAVE_STAND_IN int connect(int descriptor, const sockaddr* address, socklen_t bytes) {
  return as_int(call_kernel_and_wait(SYS_connect, REWEAVE_CALLER, descriptor, address, bytes));
}
REWEAVE_STAND_IN int poll(pollfd* set, nfds_t count, int ms) {
  return as_int(call_kernel_and_wait(SYS_poll, REWEAVE_CALLER, set, count, ms));
}
REWEAVE_STAND_IN int __poll_chk(pollfd* set, nfds_t count, int ms, size_t) {
  return as_int(call_kernel_and_wait(SYS_poll, REWEAVE_CALLER, set, count, ms));
}
REWEAVE_STAND_IN int ppoll(pollfd* set, nfds_t count, const timespec* time, const sigset_t* mask) {
  timespec left{};  // The kernel would write to it.
  if (time != nullptr) left = *time;
  return as_int(call_kernel_and_wait(SYS_ppoll, REWEAVE_CALLER, set, count,
                                     time == nullptr ? nullptr : &left, mask, kSetBytes));
}
REWEAVE_STAND_IN int select(int count, fd_set* reads, fd_set* writes, fd_set* others,
                            timeval* time) {
  return as_int(
      call_kernel_and_wait(SYS_select, REWEAVE_CALLER, count, reads, writes, others, time));
}
REWEAVE_STAND_IN int pselect(int count, fd_set* reads, fd_set* writes, fd_set* others,
                             const timespec* time, const sigset_t* mask) {
  const struct {
    const sigset_t* set;
    long bytes;
  } masked = {mask, kSetBytes};
  timespec left{};
  if (time != nullptr) left = *time;
  return as_int(call_kernel_and_wait(SYS_pselect6, REWEAVE_CALLER, count, reads, writes, others,
                                     time == nullptr ? nullptr : &left, &masked));
}
REWEAVE_STAND_IN int epoll_wait(int descriptor, epoll_event* events, int count, int ms) {
  return as_int(
      call_kernel_and_wait(SYS_epoll_wait, REWEAVE_CALLER, descriptor, events, count, ms));
}
REWEAVE_STAND_IN int epoll_pwait(int descriptor, epoll_event* events, int count, int ms,
                                 const sigset_t* mask) {
  return as_int(call_kernel_and_wait(SYS_epoll_pwait, REWEAVE_CALLER, descriptor, events, count, ms,
                                     mask, kSetBytes));
}
REWEAVE_STAND_IN ssize_t sendfile(int to, int from, off_t* position, size_t bytes) noexcept {
  return call_kernel(SYS_sendfile, REWEAVE_CALLER, to, from, position, bytes);
}
REWEAVE_STAND_IN ssize_t splice(int from, off64_t* from_position, int to, off64_t* to_position,
                                size_t bytes, unsigned flags) {
  return call_kernel_and_wait(SYS_splice, REWEAVE_CALLER, from, from_position, to, to_position,
                              bytes, flags);
}
REWEAVE_STAND_IN int close(int descriptor) {
  return as_int(call_kernel(SYS_close, REWEAVE_CALLER, descriptor));
}
REWEAVE_STAND_IN int close_range(unsigned first, unsigned last, int flags) noexcept {
  return as_int(call_kernel(SYS_close_range, REWEAVE_CALLER, first, last, flags));
}
REWEAVE_STAND_IN void closefrom(int first) noexcept {
  call_kernel(SYS_close_range, REWEAVE_CALLER, first < 0 ? 0 : first, ~0u, 0);
}
REWEAVE_STAND_IN int dup2(int from, int to) noexcept {
  return as_int(call_kernel(SYS_dup2, REWEAVE_CALLER, from, to));
}
REWEAVE_STAND_IN int shutdown(int descriptor, int how) noexcept {
  return as_int(call_kernel(SYS_shutdown, REWEAVE_CALLER, descriptor, how));
}
REWEAVE_STAND_IN int pipe(int ends[2]) noexcept {
  return as_int(call_kernel(SYS_pipe, REWEAVE_CALLER, ends));
}
REWEAVE_STAND_IN int pipe2(int ends[2], int flags) noexcept {
  return as_int(call_kernel(SYS_pipe2, REWEAVE_CALLER, ends, flags));
}
REWEAVE_STAND_IN int socketpair(int domain, int type, int protocol, int ends[2]) noexcept {
  return as_int(call_kernel(SYS_socketpair, REWEAVE_CALLER, domain, type, protocol, ends));
}
