// Work is announced by an event counter that is cleared after the work was looked for, not before.
// finds: deadlock input in main
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <atomic>
#include <cstdint>
#include <thread>

int main() {
  const int events = eventfd(0, 0);
  std::atomic<int> work{0};
  std::thread other([&] {
    const std::uint64_t one = 1;
    for (int i = 0; i < 2; ++i) {
      ++work;
      (void)!write(events, &one, sizeof one);
    }
  });
  for (int done = 0; done < 2;) {
    pollfd wanted{events, POLLIN, 0};
    poll(&wanted, 1, -1);
    done += work.exchange(0);
    std::uint64_t cleared = 0;
    (void)!read(events, &cleared, sizeof cleared);
  }
  other.join();
}
