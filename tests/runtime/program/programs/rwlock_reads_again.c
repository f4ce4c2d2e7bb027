// A thread that reads under a lock takes it for reading once more, and a writer that is preferred
// came between.
// finds: deadlock read-lock in at, write-lock in writer
#define _GNU_SOURCE
#include <pthread.h>
#include <stddef.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int table[4];

__attribute__((noinline)) static int at(int i) {
  pthread_rwlock_rdlock(&lock);
  const int value = table[i];
  pthread_rwlock_unlock(&lock);
  return value;
}
static void* reader(void* nothing) {
  pthread_rwlock_rdlock(&lock);
  for (int i = 0; i < 4; ++i) (void)at(i);
  pthread_rwlock_unlock(&lock);
  return nothing;
}
static void* writer(void* nothing) {
  pthread_rwlock_wrlock(&lock);
  table[1] = 1;
  pthread_rwlock_unlock(&lock);
  return nothing;
}

int main(void) {
  pthread_t first, second;
  pthread_create(&first, NULL, reader, NULL);
  pthread_create(&second, NULL, writer, NULL);
  pthread_join(first, NULL);
  pthread_join(second, NULL);
}
