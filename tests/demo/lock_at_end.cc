// A lock at the end: a thread leaves early, in one case of many, with the mutex held.
//   worker: lock, cancelled? yes: return   main: lock? never
// finds: assertion ended with a lock held in work
#include <pthread.h>
#include <atomic>
#include <thread>

pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
std::atomic<bool> cancelled{false};

void work() {
  pthread_mutex_lock(&m);
  if (cancelled) return;
  pthread_mutex_unlock(&m);
}

int main() {
  std::thread worker(work);
  cancelled = true;
  worker.join();
}
