// poll, ppoll, select and epoll: ready, late, and for ever; in virtual time, so that minutes are
// nothing.
// clean
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>
#include <cassert>
#include <cstdint>
#include <thread>

static void post(int counter) {
  const std::uint64_t one = 1;
  assert(write(counter, &one, sizeof one) == sizeof one);
}
static void take(int counter) {
  std::uint64_t value = 0;
  assert(read(counter, &value, sizeof value) == sizeof value && value == 1);
}

int main() {
  const int first = eventfd(0, 0), second = eventfd(0, 0);
  std::thread other([&] {
    post(first);
    take(second);
    post(first);
    take(second);
    post(first);
  });
  pollfd wanted[] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  assert(poll(wanted, 2, -1) == 1 && wanted[0].revents == POLLIN && wanted[1].revents == 0);
  take(first);
  assert(poll(wanted, 1, 0) == 0);
  assert(poll(wanted, 1, 600'000) == 0);
  post(second);

  fd_set reads;
  FD_ZERO(&reads);
  FD_SET(first, &reads);
  assert(select(first + 1, &reads, nullptr, nullptr, nullptr) == 1 && FD_ISSET(first, &reads));
  take(first);
  timeval soon{100, 0};
  assert(select(first + 1, &reads, nullptr, nullptr, &soon) == 0 && !FD_ISSET(first, &reads));
  post(second);

  const int all = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  assert(epoll_ctl(all, EPOLL_CTL_ADD, first, &event) == 0);
  assert(epoll_wait(all, &event, 1, -1) == 1);
  take(first);
  assert(epoll_wait(all, &event, 1, 50) == 0);
  const timespec while_{3, 0};
  assert(ppoll(wanted, 1, &while_, nullptr) == 0);
  other.join();
}
