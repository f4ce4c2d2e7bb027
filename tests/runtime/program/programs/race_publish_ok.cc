// Everything that orders a plain access in one thread before one in another: release and acquire,
// fences, an exchange between, mutexes, read-write locks, conditions, semaphores, barriers, once,
// statics, the beginning and the end of threads, futures, latches; and neighbours in one word.
// clean
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <barrier>
#include <cassert>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

struct Neighbours {
  char a = 0, b = 0;
  short c = 0;
  int d = 0;
} neighbours;

std::atomic<int> flag{0}, fenced{0}, chain{0};
int by_flag = 0, by_fence = 0, by_chain = 0, by_lock = 0, by_rwlock = 0, by_condition = 0;
int by_semaphore = 0, by_barrier = 0, by_once = 0, by_latch = 0;
std::mutex m, n;
std::shared_mutex rw;
std::condition_variable changed;
bool told = false;
sem_t semaphore;
pthread_barrier_t barrier;
std::once_flag once;
std::latch latch(1);

std::string& text() {
  static std::string made = "static";
  return made;
}

void first() {
  neighbours.a = 1;
  by_flag = 1;
  flag.store(1, std::memory_order_release);
  by_fence = 1;
  std::atomic_thread_fence(std::memory_order_release);
  fenced.store(1, std::memory_order_relaxed);
  by_chain = 1;
  chain.store(1, std::memory_order_release);
  {
    std::lock_guard<std::mutex> lock(m);
    ++by_lock;
  }
  {
    std::unique_lock<std::shared_mutex> lock(rw);
    ++by_rwlock;
  }
  {
    std::lock_guard<std::mutex> lock(n);
    by_condition = 1;
    told = true;
  }
  changed.notify_one();
  by_semaphore = 1;
  sem_post(&semaphore);
  by_barrier = 1;
  pthread_barrier_wait(&barrier);
  std::call_once(once, [] { by_once = 1; });
  assert(by_once == 1);
  assert(text().size() == 6);
  by_latch = 1;
  latch.count_down();
}
void second() {
  neighbours.b = 2;
  neighbours.c = 3;
  while (flag.load(std::memory_order_acquire) == 0) {
  }
  assert(by_flag == 1);
  while (fenced.load(std::memory_order_relaxed) == 0) {
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  assert(by_fence == 1);
  {
    std::lock_guard<std::mutex> lock(m);
    ++by_lock;
  }
  {
    std::shared_lock<std::shared_mutex> lock(rw);
    assert(by_rwlock <= 1);
  }
  {
    std::unique_lock<std::mutex> lock(n);
    changed.wait(lock, [] { return told; });
  }
  assert(by_condition == 1);
  sem_wait(&semaphore);
  assert(by_semaphore == 1);
  pthread_barrier_wait(&barrier);
  assert(by_barrier == 1);
  std::call_once(once, [] { by_once = 1; });
  assert(by_once == 1);
  assert(text().size() == 6);
  latch.wait();
  assert(by_latch == 1);
}
void third() {
  neighbours.d = 4;
  chain.fetch_add(2, std::memory_order_relaxed);
  while (chain.load(std::memory_order_acquire) != 3) {
    if (chain.load(std::memory_order_relaxed) == 1) return;  // The addition was overwritten.
  }
  assert(by_chain == 1);
}

int main() {
  sem_init(&semaphore, 0, 0);
  pthread_barrier_init(&barrier, nullptr, 2);
  int local = 1;
  std::thread a(first), b(second), c(third);
  std::future<int> answer = std::async(std::launch::async, [&local] { return ++local; });
  assert(answer.get() == 2);
  assert(local == 2);
  a.join();
  b.join();
  c.join();
  assert(neighbours.a == 1 && neighbours.b == 2 && neighbours.c == 3 && neighbours.d == 4);
  assert(by_lock == 2);
}
