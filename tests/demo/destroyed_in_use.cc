// Destroyed in use: the last one to be done destroys the object, whose mutex the other one is about
// to give back.
//   worker: done = true (under the mutex)                  worker: unlocks a mutex that is gone
//                       main: done? yes: destroys the object
// finds: assertion destroyed while in use in main
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

struct Job {
  ~Job() { pthread_mutex_destroy(&m); }
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  std::atomic<bool> done{false};
};

void work(Job* job) {
  pthread_mutex_lock(&job->m);
  job->done = true;
  pthread_mutex_unlock(&job->m);
}

int main() {
  auto job = std::make_unique<Job>();
  std::thread worker(work, job.get());
  while (!job->done) {
  }
  job.reset();
  worker.join();
}
