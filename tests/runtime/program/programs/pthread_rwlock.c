// POSIX read-write locks: tries, time-outs, and a lock that prefers writers.
// clean
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t writers_first = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int value, other;

static struct timespec soon(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += 1000000;
  if (at.tv_nsec >= 1000000000) at.tv_nsec -= 1000000000, ++at.tv_sec;
  return at;
}

static void* write_value(void* unused) {
  pthread_rwlock_wrlock(&lock);
  ++value;
  pthread_rwlock_unlock(&lock);
  struct timespec at = soon();
  if (pthread_rwlock_timedwrlock(&writers_first, &at) == 0) {
    ++other;
    pthread_rwlock_unlock(&writers_first);
  }
  return 0;
}
static void* read_value(void* unused) {
  pthread_rwlock_rdlock(&writers_first);
  const int seen = other;
  assert(seen >= 0 && seen <= 1);
  pthread_rwlock_unlock(&writers_first);
  struct timespec at = soon();
  if (pthread_rwlock_timedrdlock(&lock, &at) == 0) pthread_rwlock_unlock(&lock);
  return 0;
}

int main(void) {
  pthread_t threads[3];
  pthread_create(&threads[0], 0, write_value, 0);
  pthread_create(&threads[1], 0, read_value, 0);
  pthread_create(&threads[2], 0, read_value, 0);
  pthread_rwlock_rdlock(&writers_first);
  if (pthread_rwlock_tryrdlock(&lock) == 0) pthread_rwlock_unlock(&lock);
  assert(pthread_rwlock_trywrlock(&writers_first) == EBUSY);
  pthread_rwlock_unlock(&writers_first);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], 0);
  pthread_rwlock_destroy(&lock);
  return 0;
}
