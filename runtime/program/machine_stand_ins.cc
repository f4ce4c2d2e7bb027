// What the machine and the process are: a program sees the same on each machine, as far as a
// schedule depends on it.
#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

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

/// As the kernel does: how many bytes were written, or an error below 0.
long fill_affinity(std::size_t bytes, void* set) {
  constexpr std::size_t kWord = sizeof(unsigned long);
  if (bytes < kWord || bytes % kWord != 0) return -EINVAL;
  const unsigned long processors = (1ul << kProcessors) - 1;
  std::memcpy(set, &processors, kWord);
  return static_cast<long>(kWord);
}

long sched_getaffinity_call(const CallWords& words, const void*) {
  return fill_affinity(static_cast<std::size_t>(words[1]), pointer_in<void>(words[2]));
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
  return fill_affinity(bytes, set) < 0 ? (errno = EINVAL, -1) : 0;
}
REWEAVE_STAND_IN int pthread_getaffinity_np(pthread_t thread, size_t bytes,
                                            cpu_set_t* set) noexcept {
  if (!answers()) return real().pthread_getaffinity_np(thread, bytes, set);
  std::memset(set, 0, bytes);
  return fill_affinity(bytes, set) < 0 ? EINVAL : 0;
}
REWEAVE_STAND_IN int sched_getcpu() noexcept { return is_controlled() ? 0 : real().sched_getcpu(); }
REWEAVE_STAND_IN pid_t getpid() noexcept {
  if (!is_controlled()) return real().getpid();
  return static_cast<pid_t>(system_call(SYS_getpid, {}, REWEAVE_CALLER));
}
