// main leaves by pthread_exit(), and a thread then waits for somebody who has gone.
// finds: deadlock at-end condition in wait_for_it
#include <pthread.h>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex m;
std::condition_variable changed;
bool ready = false;

void* wait_for_it(void*) {
  std::unique_lock<std::mutex> lock(m);
  changed.wait(lock, [] { return ready; });
  return nullptr;
}

int main() {
  pthread_t waiter;
  pthread_create(&waiter, nullptr, wait_for_it, nullptr);
  pthread_exit(nullptr);
}
