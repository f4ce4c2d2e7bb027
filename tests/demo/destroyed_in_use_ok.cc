// Destroyed in use, corrected: the flag is read under the mutex, so that the worker has given it
// back.
// clean
#include <pthread.h>
#include <memory>
#include <thread>

struct Job {
  ~Job() { pthread_mutex_destroy(&m); }
  bool is_done() {
    pthread_mutex_lock(&m);
    const bool result = done;
    pthread_mutex_unlock(&m);
    return result;
  }
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  bool done = false;
};

void work(Job* job) {
  pthread_mutex_lock(&job->m);
  job->done = true;
  pthread_mutex_unlock(&job->m);
}

int main() {
  auto job = std::make_unique<Job>();
  std::thread worker(work, job.get());
  while (!job->is_done()) {
  }
  worker.join();
}
