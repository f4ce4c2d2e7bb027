// POSIX's once.
// clean
#include <assert.h>
#include <pthread.h>
#include <sched.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int value;

static void initialize(void) {
  sched_yield();
  ++value;
}
static void* work(void* unused) {
  pthread_once(&once, initialize);
  assert(value == 1);
  return 0;
}

int main(void) {
  pthread_t a, b;
  pthread_create(&a, 0, work, 0);
  pthread_create(&b, 0, work, 0);
  work(0);
  pthread_join(a, 0);
  pthread_join(b, 0);
  return 0;
}
