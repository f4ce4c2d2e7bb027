// A thread sleeps for ever in one of the C++ library's own ways to wait, all of which are futexes
// below.
#include <atomic>
#include <barrier>
#include <cstring>
#include <latch>
#include <semaphore>
#include <thread>

std::counting_semaphore<4> places(0);
std::latch opened(2);
std::barrier<> met(2);
std::atomic<int> flag{0};

void wait(const char* where) {
  if (std::strcmp(where, "semaphore") == 0) places.acquire();
  if (std::strcmp(where, "latch") == 0) opened.wait();
  if (std::strcmp(where, "barrier") == 0) met.arrive_and_wait();
  if (std::strcmp(where, "atomic") == 0) flag.wait(0);
}

int main(int, char** arguments) {
  std::thread waiter(wait, arguments[1]);
  waiter.join();
}
