// Threads that are cancelled where they wait: destructors run, and a thread that does not want to
// be is not.
// clean
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <mutex>

static std::atomic<int> destroyed{0};
struct Local {
  ~Local() { ++destroyed; }
};
static std::mutex m;
static std::condition_variable never;
static sem_t semaphore;
static int ends[2];

template <typename Wait>
static void cancel_in(Wait wait) {
  static Wait* called;
  called = &wait;
  destroyed = 0;
  pthread_t thread;
  assert(pthread_create(
             &thread, nullptr,
             [](void*) -> void* {
               Local local;
               (*called)();
               return nullptr;
             },
             nullptr) == 0);
  assert(pthread_cancel(thread) == 0);
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0);
  assert(result == PTHREAD_CANCELED && destroyed == 1);
}

int main() {
  assert(pipe(ends) == 0 && sem_init(&semaphore, 0, 0) == 0);
  cancel_in([] {
    std::unique_lock<std::mutex> lock(m);
    while (true) never.wait(lock);
  });
  assert(m.try_lock());
  m.unlock();
  cancel_in([] { sem_wait(&semaphore); });
  cancel_in([] {
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
  });
  cancel_in([] {
    while (true) sleep(10);
  });
  cancel_in([] {
    int before = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    sleep(1);
    pthread_setcancelstate(before, nullptr);
    while (true) pthread_testcancel();
  });
}
