// Nanoseconds that were not carried over are no time: each call says so at once, but a lock that
// nobody holds is taken.
// clean
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static void* hold(void* wanted) {
  struct timespec never = {0, 1500000000};
  assert(pthread_mutex_timedlock(&mutex, &never) == EINVAL);
  return wanted;
}

int main(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec = 1500000000;
  assert(pthread_mutex_timedlock(&mutex, &until) == 0);
  assert(pthread_cond_timedwait(&condition, &mutex, &until) == EINVAL);
  pthread_t other;
  pthread_create(&other, NULL, hold, NULL);
  pthread_join(other, NULL);
  pthread_mutex_unlock(&mutex);
  assert(pthread_rwlock_timedrdlock(&lock, &until) == EINVAL);
  sem_t semaphore;
  sem_init(&semaphore, 0, 1);
  assert(sem_timedwait(&semaphore, &until) == -1 && errno == EINVAL);
  const struct timespec duration = {0, 1500000000}, negative = {-1, 0};
  assert(nanosleep(&duration, NULL) == -1 && errno == EINVAL);
  assert(nanosleep(&negative, NULL) == -1 && errno == EINVAL);
  assert(clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL) == EINVAL);
}
