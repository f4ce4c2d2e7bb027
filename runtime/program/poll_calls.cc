// Waiting for several descriptors at once: poll, select and epoll as the kernel's calls.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "runtime/program/descriptor_call.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/program_signals.h"

namespace reweave::program {
namespace {

/// What poll, select and epoll_wait have in common: `collect()` is the call itself with no time to
/// wait; 0 says that nothing is ready.
template <typename Collect>
long wait_for_any(const std::vector<pollfd>& wanted, std::uint64_t deadline, const void* caller,
                  const Collect& collect) {
  Control& all = control();
  const void* const object = reinterpret_cast<const void*>(std::uintptr_t{8});
  all.lock_point(Access::kReadModifyWrite, object, caller);
  for (const pollfd& each : wanted) all.take_over(descriptor_waits().look_at(each.fd).object);
  const WaitScope scope;
  while (true) {
    const long result = collect();
    if (result != 0) {
      for (const pollfd& each : wanted) all.take_over(descriptor_waits().look_at(each.fd).object);
      all.self().loop.clear();
      return result;
    }
    if (deadline <= all.now()) {
      all.tried_in_vain(object, caller);
      return 0;
    }
    const Woken woken = descriptor_waits().wait(wanted, deadline, caller);
    if (woken == Woken::kInterrupted) return -EINTR;
    if (woken == Woken::kLate) return collect();
  }
}

std::uint64_t deadline_in_ms(int ms) {
  if (ms < 0) return sync::kNever;
  if (ms == 0) return 0;
  const timespec duration{ms / 1000, ms % 1000 * 1'000'000L};
  return deadline_after(&duration);
}
std::uint64_t deadline_in(const timespec* duration) {
  if (duration != nullptr && duration->tv_sec == 0 && duration->tv_nsec == 0) return 0;
  return deadline_after(duration);
}

long poll_until(pollfd* set, long count, std::uint64_t deadline, const void* caller) {
  if (count < 0 || (set == nullptr && count != 0)) return -EFAULT;
  const std::vector<pollfd> wanted(set, set + count);
  return wait_for_any(wanted, deadline, caller,
                      [&] { return kernel_call(SYS_poll, word_of(set), count, 0); });
}
long poll_call(const CallWords& words, const void* caller) {
  return poll_until(pointer_in<pollfd>(words[0]), words[1],
                    deadline_in_ms(static_cast<int>(words[2])), caller);
}
long ppoll_call(const CallWords& words, const void* caller) {
  const MaskScope mask(pointer_in<const std::uint64_t>(words[3]), caller);
  if (mask.interrupted()) return -EINTR;
  return poll_until(pointer_in<pollfd>(words[0]), words[1],
                    deadline_in(pointer_in<const timespec>(words[2])), caller);
}

long select_until(const CallWords& words, std::uint64_t deadline, const void* caller) {
  const int count = static_cast<int>(std::clamp<long>(words[0], 0, FD_SETSIZE));
  fd_set* const sets[] = {pointer_in<fd_set>(words[1]), pointer_in<fd_set>(words[2]),
                          pointer_in<fd_set>(words[3])};
  constexpr short kEvents[] = {POLLIN, POLLOUT, POLLPRI};
  fd_set wanted_sets[3];
  std::vector<pollfd> wanted;
  for (std::size_t i = 0; i < 3; ++i) {
    if (sets[i] == nullptr) continue;
    wanted_sets[i] = *sets[i];
    for (int descriptor = 0; descriptor < count; ++descriptor) {
      if (FD_ISSET(descriptor, sets[i])) wanted.push_back({descriptor, kEvents[i], 0});
    }
  }
  return wait_for_any(wanted, deadline, caller, [&] {
    for (std::size_t i = 0; i < 3; ++i) {
      if (sets[i] != nullptr) *sets[i] = wanted_sets[i];
    }
    timespec nothing{};
    return kernel_call(SYS_pselect6, words[0], words[1], words[2], words[3], word_of(&nothing), 0);
  });
}
long select_call(const CallWords& words, const void* caller) {
  auto* const time = pointer_in<timeval>(words[4]);
  timespec duration{};
  if (time != nullptr) duration = {time->tv_sec, time->tv_usec * 1000};
  const long result =
      select_until(words, deadline_in(time == nullptr ? nullptr : &duration), caller);
  if (time != nullptr && result == 0) *time = {};
  return result;
}
long pselect_call(const CallWords& words, const void* caller) {
  struct Mask {
    const std::uint64_t* mask;
    std::size_t bytes;
  };
  const auto* const given = pointer_in<const Mask>(words[5]);
  const MaskScope mask(given == nullptr ? nullptr : given->mask, caller);
  if (mask.interrupted()) return -EINTR;
  return select_until(words, deadline_in(pointer_in<const timespec>(words[4])), caller);
}

long epoll_until(const CallWords& words, std::uint64_t deadline, const void* caller) {
  const std::vector<pollfd> wanted = {{descriptor_in(words[0]), POLLIN, 0}};
  return wait_for_any(wanted, deadline, caller, [&] {
    return kernel_call(SYS_epoll_pwait, words[0], words[1], words[2], 0, 0, 0);
  });
}
#if defined(SYS_epoll_wait)
long epoll_wait_call(const CallWords& words, const void* caller) {
  return epoll_until(words, deadline_in_ms(static_cast<int>(words[3])), caller);
}
#endif
long epoll_pwait_call(const CallWords& words, const void* caller) {
  const MaskScope mask(pointer_in<const std::uint64_t>(words[4]), caller);
  if (mask.interrupted()) return -EINTR;
  return epoll_until(words, deadline_in_ms(static_cast<int>(words[3])), caller);
}
long epoll_pwait2_call(const CallWords& words, const void* caller) {
  const MaskScope mask(pointer_in<const std::uint64_t>(words[4]), caller);
  if (mask.interrupted()) return -EINTR;
  return epoll_until(words, deadline_in(pointer_in<const timespec>(words[3])), caller);
}

}  // namespace

void stand_in_for_poll_calls() {
  stand_in_for(SYS_ppoll, &ppoll_call);
  stand_in_for(SYS_pselect6, &pselect_call);
  stand_in_for(SYS_epoll_pwait, &epoll_pwait_call);
  stand_in_for(SYS_epoll_pwait2, &epoll_pwait2_call);
  stand_in_for(SYS_epoll_ctl, &and_look_again<SYS_epoll_ctl>);
#if defined(SYS_poll)
  stand_in_for(SYS_poll, &poll_call);
  stand_in_for(SYS_select, &select_call);
  stand_in_for(SYS_epoll_wait, &epoll_wait_call);
#endif
}

}  // namespace reweave::program
