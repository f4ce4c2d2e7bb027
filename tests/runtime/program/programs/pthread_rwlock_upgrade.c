// A reader asks to write while it reads: it waits for itself.
// finds: deadlock write-lock in upgrade
#include <pthread.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static void* upgrade(void* unused) {
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
  return 0;
}

int main(void) {
  pthread_t other;
  pthread_create(&other, 0, upgrade, 0);
  pthread_join(other, 0);
  return 0;
}
