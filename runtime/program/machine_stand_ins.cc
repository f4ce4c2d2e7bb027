// What the machine and the process are: a program sees the same on each machine, as far as a
// schedule depends on it.
#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/program/control.h"
#include "runtime/program/real.h"
#include "runtime/program/start.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

/// Many programs start a thread for each: with as many as a machine has, a schedule from one with
/// more of them would not fit.
constexpr int kProcessors = 4;

/// Libraries ask before main already, OpenMP for one.
bool answers() { return is_controlled() || is_before_main(); }

constexpr unsigned long kAllProcessors = (1ul << kProcessors) - 1;

bool is_set_of_words(std::size_t bytes) {
  return bytes >= sizeof(unsigned long) && bytes % sizeof(unsigned long) == 0;
}
/// As the kernel does: how many bytes were written, or an error below 0.
long fill_affinity(unsigned long processors, std::size_t bytes, void* set) {
  if (!is_set_of_words(bytes)) return -EINVAL;
  std::memcpy(set, &processors, sizeof processors);
  return sizeof processors;
}
/// 0 or an error, below 0. Where a thread may run is no matter here, but it can be asked for.
long take_affinity(unsigned long* processors, std::size_t bytes, const void* set) {
  if (bytes == 0) return -EINVAL;
  unsigned long wanted = 0;
  std::memcpy(&wanted, set, std::min(bytes, sizeof wanted));
  wanted &= kAllProcessors;
  if (wanted == 0) return -EINVAL;
  if (processors != nullptr) *processors = wanted;
  return 0;
}
/// Of the running thread; before main it is not kept.
unsigned long* own_processors() { return is_controlled() ? &control().self().processors : nullptr; }
unsigned long processors_of(pid_t process) {
  const unsigned long* const own = process == 0 ? own_processors() : nullptr;
  return own != nullptr ? *own : kAllProcessors;
}
int result_of(long answer) {
  if (answer >= 0) return 0;
  errno = static_cast<int>(-answer);
  return -1;
}

long sched_getaffinity_call(const CallWords& words, const void*) {
  return fill_affinity(processors_of(static_cast<pid_t>(words[0])),
                       static_cast<std::size_t>(words[1]), pointer_in<void>(words[2]));
}
long sched_setaffinity_call(const CallWords& words, const void*) {
  return take_affinity(words[0] == 0 ? own_processors() : nullptr,
                       static_cast<std::size_t>(words[1]), pointer_in<void>(words[2]));
}
long getcpu_call(const CallWords& words, const void*) {
  if (words[0] != 0) *pointer_in<unsigned>(words[0]) = 0;
  if (words[1] != 0) *pointer_in<unsigned>(words[1]) = 0;
  return 0;
}
/// Real, since files are called after it and processes are told apart by it.
long getpid_call(const CallWords&, const void* caller) {
  control().note_escape("getpid: another number in each process", caller);
  return kernel_call(SYS_getpid);
}

}  // namespace

void stand_in_for_machine_calls() {
  stand_in_for(SYS_sched_getaffinity, &sched_getaffinity_call);
  stand_in_for(SYS_sched_setaffinity, &sched_setaffinity_call);
  stand_in_for(SYS_getcpu, &getcpu_call);
  stand_in_for(SYS_getpid, &getpid_call);
}

}  // namespace reweave::program

using namespace reweave::program;  // NOLINT: the functions below are in no namespace.

REWEAVE_STAND_IN int get_nprocs() noexcept { return answers() ? kProcessors : real().get_nprocs(); }
REWEAVE_STAND_IN int get_nprocs_conf() noexcept {
  return answers() ? kProcessors : real().get_nprocs_conf();
}
REWEAVE_STAND_IN long sysconf(int name) noexcept {
  const bool processors = name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  return processors && answers() ? kProcessors : real().sysconf(name);
}
REWEAVE_STAND_IN int sched_getaffinity(pid_t process, size_t bytes, cpu_set_t* set) noexcept {
  if (!answers()) return real().sched_getaffinity(process, bytes, set);
  std::memset(set, 0, bytes);
  return result_of(fill_affinity(processors_of(process), bytes, set));
}
REWEAVE_STAND_IN int sched_setaffinity(pid_t process, size_t bytes, const cpu_set_t* set) noexcept {
  if (!answers()) return real().sched_setaffinity(process, bytes, set);
  return result_of(take_affinity(process == 0 ? own_processors() : nullptr, bytes, set));
}
REWEAVE_STAND_IN int pthread_getaffinity_np(pthread_t handle, size_t bytes,
                                            cpu_set_t* set) noexcept {
  if (!answers()) return real().pthread_getaffinity_np(handle, bytes, set);
  const Thread* const thread = is_controlled() ? control().find(handle) : nullptr;
  std::memset(set, 0, bytes);
  return fill_affinity(thread != nullptr ? thread->processors : kAllProcessors, bytes, set) < 0
             ? EINVAL
             : 0;
}
REWEAVE_STAND_IN int pthread_setaffinity_np(pthread_t handle, size_t bytes,
                                            const cpu_set_t* set) noexcept {
  if (!answers()) return real().pthread_setaffinity_np(handle, bytes, set);
  Thread* const thread = is_controlled() ? control().find(handle) : nullptr;
  return static_cast<int>(
      -take_affinity(thread != nullptr ? &thread->processors : nullptr, bytes, set));
}
REWEAVE_STAND_IN int sched_getcpu() noexcept { return is_controlled() ? 0 : real().sched_getcpu(); }
REWEAVE_STAND_IN pid_t getpid() noexcept {
  if (!is_controlled()) return real().getpid();
  return static_cast<pid_t>(system_call(SYS_getpid, {}, REWEAVE_CALLER));
}
