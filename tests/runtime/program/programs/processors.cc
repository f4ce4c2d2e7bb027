// How many processors there are is the same on each machine, whoever is asked.
// clean
#include <sched.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <cassert>
#include <mutex>
#include <thread>

int main() {
  std::mutex mutex;
  const auto touch = [&] { std::lock_guard guard(mutex); };
  std::thread a(touch), b(touch);
  a.join();
  b.join();
  cpu_set_t set;
  assert(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 4);
  assert(pthread_getaffinity_np(pthread_self(), sizeof set, &set) == 0 && CPU_COUNT(&set) == 4);
  assert(std::thread::hardware_concurrency() == 4);
  assert(get_nprocs() == 4 && sysconf(_SC_NPROCESSORS_CONF) == 4);
  assert(sched_getcpu() == 0);
  // Where a thread may run can be said, of those four, and asked for.
  CPU_ZERO(&set);
  assert(sched_setaffinity(0, sizeof set, &set) == -1);
  CPU_SET(3, &set);
  assert(pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0);
  assert(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET(3, &set));
  std::thread inherits([] {
    cpu_set_t own;
    assert(sched_getaffinity(0, sizeof own, &own) == 0 && CPU_COUNT(&own) == 1);
  });
  inherits.join();
}
