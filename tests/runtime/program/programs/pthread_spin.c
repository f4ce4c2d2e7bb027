// POSIX spin locks.
// clean
#include <assert.h>
#include <pthread.h>

static pthread_spinlock_t lock;
static int value;

static void* work(void* unused) {
  for (int i = 0; i < 2; ++i) {
    pthread_spin_lock(&lock);
    ++value;
    pthread_spin_unlock(&lock);
  }
  while (pthread_spin_trylock(&lock) != 0) {
  }
  ++value;
  pthread_spin_unlock(&lock);
  return 0;
}

int main(void) {
  pthread_t other;
  pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
  pthread_create(&other, 0, work, 0);
  work(0);
  pthread_join(other, 0);
  assert(value == 6);
  pthread_spin_destroy(&lock);
  return 0;
}
