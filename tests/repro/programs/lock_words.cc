// Takes locks in every way that there is, and fails at the end: what does a trace say of each?
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

std::mutex plain, taken;
std::recursive_mutex often;
std::shared_mutex shelf;
std::timed_mutex timed;
std::condition_variable changed;
pthread_mutex_t checked;
sem_t tokens;
bool ready;

void alone() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&checked, &attributes);
  pthread_mutex_lock(&checked);
  pthread_mutex_lock(&checked);  // EDEADLK.
  pthread_mutex_unlock(&checked);
  often.lock();
  often.lock();
  often.unlock();
  often.unlock();
  if (plain.try_lock()) plain.unlock();
}

int main() {
  sem_init(&tokens, 0, 0);
  alone();
  taken.lock();
  shelf.lock_shared();
  timed.lock();
  std::thread other([] {
    if (taken.try_lock()) taken.unlock();
    shelf.lock_shared();
    shelf.unlock_shared();
    const timespec past{};
    pthread_mutex_timedlock(timed.native_handle(), &past);
    taken.lock();
    taken.unlock();
    sem_wait(&tokens);
    const std::lock_guard lock(plain);
    ready = true;
    changed.notify_one();
  });
  std::this_thread::sleep_for(std::chrono::seconds(1));
  taken.unlock();
  std::unique_lock lock(plain);
  sem_post(&tokens);
  changed.wait(lock, [] { return ready; });
  lock.unlock();
  other.join();
  return 1;
}
