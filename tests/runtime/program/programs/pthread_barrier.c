// One of those who meet at a barrier is told that it is the serial one.
// clean
#include <assert.h>
#include <pthread.h>

static pthread_barrier_t barrier;
static int before[3];
static int serial;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void* work(void* number) {
  for (int round = 1; round <= 2; ++round) {
    before[(long)number] = round;
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
      pthread_mutex_lock(&lock);
      ++serial;
      pthread_mutex_unlock(&lock);
    }
    for (int i = 0; i < 3; ++i) assert(before[i] >= round);
    pthread_barrier_wait(&barrier);
  }
  return 0;
}

int main(void) {
  pthread_t threads[2];
  assert(pthread_barrier_init(&barrier, 0, 3) == 0);
  for (long i = 0; i < 2; ++i) pthread_create(&threads[i], 0, work, (void*)i);
  work((void*)2);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], 0);
  assert(serial == 2);
  pthread_barrier_destroy(&barrier);
  return 0;
}
