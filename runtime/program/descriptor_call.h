// What all calls on a descriptor have in common that may wait for it.
//
// Each is of one shape: a point, come_to(); the call itself, without waiting, as an attempt; while
// that says EAGAIN and the program would have waited, a wait (descriptor_waits.h); then the others
// look again, done_with(). until_done() and write_all() are that shape. Results are the kernel's:
// an error number below 0.
//
// Nothing of it allocates but what write_all() keeps of several parts. May switch where it says so.
#pragma once

#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "runtime/program/control.h"
#include "runtime/program/descriptor_waits.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {

using Woken = DescriptorWaits::Woken;

inline int descriptor_in(long word) { return static_cast<int>(word); }

/// While one lives a call waits: files that are kept for it meanwhile go with it. A handler may
/// make such a call in the middle of another one.
class WaitScope {
 public:
  WaitScope() : kept_(descriptor_waits().kept()) {}
  ~WaitScope() { let_go(); }
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

  void let_go() { descriptor_waits().let_go(kept_); }
  /// Where the file is now that was awaited as `number`, the only one: after a wait that ended
  /// with `woken`. A call that begins anew after a signal begins with the number.
  int descriptor(int number, Woken woken) {
    if (woken == Woken::kReady) return control().self().awaited.front().fd;
    let_go();
    return number;
  }

 private:
  std::size_t kept_;
};

/// A handler ran meanwhile, and the program wants the call to go on after it.
inline bool restarts(Woken woken) {
  return woken == Woken::kInterrupted && control().self().restarts;
}
inline long error_of(Woken woken) { return woken == Woken::kInterrupted ? -EINTR : -EAGAIN; }

/// Makes a descriptor that waits one that does not, for one call: nobody runs meanwhile.
class NonBlocking {
 public:
  explicit NonBlocking(int descriptor);
  ~NonBlocking();
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;

 private:
  bool changes() const;
  int descriptor_;
  long flags_;
};

/// A time-out that a socket was given by `option`, SO_RCVTIMEO or SO_SNDTIMEO, as virtual time from
/// now on; kNever if none.
std::uint64_t deadline_of_socket(int descriptor, int option);
/// Before something is done to what others may look at: the point. May switch.
void come_to(const File& file, const void* caller);
/// After it. `result` is the call's, and is returned. May switch where that is EAGAIN.
long done_with(const File& file, long result, const void* caller);
/// What was in a pipe before the first execution is there for one of them only: names it.
void note_if_read_once(const File& file, const void* caller);
/// The call itself, on `descriptor` in place of what its first word says.
long call_without_waiting(long number, const CallWords& words, int descriptor, const File& file);
/// Nobody reads at the other end: SIGPIPE, and the error. May switch.
long broken_pipe(const void* caller);
/// Identity of all locks of files, the same in every process.
const void* file_locks();

/// `attempt(descriptor)` is made, without waiting, until it says something else than EAGAIN, if the
/// program would wait for that. The file stays the one that it was when the wait began, whoever
/// closes its descriptor meanwhile. May switch.
template <typename Attempt>
long until_done(int descriptor, const File& file, short events, bool waits, std::uint64_t deadline,
                const void* caller, const Attempt& attempt) {
  WaitScope scope;
  int now = descriptor;
  long result = attempt(now);
  while (result == -EAGAIN && waits) {
    const pollfd wanted{now, events, 0};
    const Woken woken = descriptor_waits().wait({&wanted, 1}, deadline, caller);
    if (woken != Woken::kReady && !restarts(woken)) {
      result = error_of(woken);
      break;
    }
    now = scope.descriptor(descriptor, woken);
    result = attempt(now);
  }
  scope.let_go();
  return done_with(file, result, caller);
}

/// What is left to be written of several parts.
class Unwritten {
 public:
  Unwritten(const iovec* parts, std::size_t count) : parts_(parts, parts + count) {
    for (const iovec& part : parts_) bytes_ += part.iov_len;
  }
  std::size_t bytes() const { return bytes_; }
  void advance(std::size_t bytes) {
    bytes_ -= bytes;
    while (bytes > 0) {
      iovec& part = parts_[first_];
      const std::size_t now = std::min(bytes, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + now;
      part.iov_len -= now;
      bytes -= now;
      if (part.iov_len == 0) ++first_;
    }
  }
  iovec* begin() { return parts_.data() + first_; }
  std::size_t count() const { return parts_.size() - first_; }

 private:
  std::vector<iovec> parts_;
  std::size_t first_ = 0, bytes_ = 0;
};

/// `attempt(descriptor, rest)` writes what it can without waiting. All of it is written, as a
/// descriptor that waits does it. May switch.
template <typename Attempt>
long write_all(int descriptor, const File& file, Unwritten rest, bool waits, bool signals,
               std::uint64_t deadline, const void* caller, const Attempt& attempt) {
  WaitScope scope;
  int now = descriptor;
  long written = 0;
  const std::size_t all = rest.bytes();
  while (true) {
    const long result = attempt(now, rest);
    if (result >= 0) {
      written += result;
      rest.advance(static_cast<std::size_t>(result));
      if (static_cast<std::size_t>(written) == all || !waits)
        return done_with(file, written, caller);
      done_with(file, written, caller);  // Whoever reads makes room for the rest.
      continue;
    }
    if (result == -EPIPE && written == 0 && signals) {
      done_with(file, result, caller);
      return broken_pipe(caller);
    }
    if (result != -EAGAIN || !waits) return written > 0 ? written : done_with(file, result, caller);
    const pollfd wanted{now, POLLOUT, 0};
    const Woken woken = descriptor_waits().wait({&wanted, 1}, deadline, caller);
    if (woken != Woken::kReady && !restarts(woken))
      return written > 0 ? written : done_with(file, error_of(woken), caller);
    now = scope.descriptor(descriptor, woken);
  }
}

/// A whole call, after which others may find their descriptors ready. May switch.
template <long Number>
long and_look_again(const CallWords& words, const void* caller) {
  const File file = descriptor_waits().look_at(descriptor_in(words[0]));
  if (!file.may_wait()) return kernel_call(Number, words);
  come_to(file, caller);
  return done_with(file, kernel_call(Number, words), caller);
}

}  // namespace reweave::program
