// What was destroyed is made again in the same place, by a call, by an initializer, by another
// object; nobody can take that for a use of the old one.
// clean
#include <pthread.h>
#include <semaphore.h>

#include <cassert>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

alignas(16) unsigned char place[128];

void use_mutex(pthread_mutex_t* mutex) {
  assert(pthread_mutex_lock(mutex) == 0);
  assert(pthread_mutex_unlock(mutex) == 0);
}

void use_condition() {
  auto* const changed = new (place) std::condition_variable;
  std::mutex mutex;
  bool set = false;
  std::thread setter([&] {
    std::lock_guard<std::mutex> lock(mutex);
    set = true;
    changed->notify_all();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed->wait(lock, [&] { return set; });
  }
  setter.join();
  changed->~condition_variable();
}

int main() {
  auto* const mutex = reinterpret_cast<pthread_mutex_t*>(place);
  assert(pthread_mutex_init(mutex, nullptr) == 0);
  use_mutex(mutex);
  pthread_mutex_destroy(mutex);
  *mutex = PTHREAD_MUTEX_INITIALIZER;
  use_mutex(mutex);
  pthread_mutex_destroy(mutex);
  for (int i = 0; i < 2; ++i) use_condition();
  auto* const lock = reinterpret_cast<pthread_rwlock_t*>(place);
  for (int i = 0; i < 2; ++i) {
    assert(pthread_rwlock_init(lock, nullptr) == 0);
    assert(pthread_rwlock_rdlock(lock) == 0);
    assert(pthread_rwlock_unlock(lock) == 0);
    pthread_rwlock_destroy(lock);
  }
  auto* const semaphore = reinterpret_cast<sem_t*>(place);
  for (int i = 0; i < 2; ++i) {
    assert(sem_init(semaphore, 0, 1) == 0);
    assert(sem_wait(semaphore) == 0);
    sem_destroy(semaphore);
  }
  auto* const barrier = reinterpret_cast<pthread_barrier_t*>(place);
  for (int i = 0; i < 2; ++i) {
    assert(pthread_barrier_init(barrier, nullptr, 1) == 0);
    assert(pthread_barrier_wait(barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
    pthread_barrier_destroy(barrier);
  }
  // A mutex of C++ needs no call to be made.
  auto* const plain = new (place) std::mutex;
  plain->lock();
  plain->unlock();
}
