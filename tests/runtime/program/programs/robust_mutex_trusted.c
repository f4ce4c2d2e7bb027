// Whoever takes the robust mutex does not look whether its holder ended half way.
// finds: assertion assert in main
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>

static pthread_mutex_t m;
static int a, b;

static void* change(void* argument) {
  pthread_mutex_lock(&m);
  ++a;
  pthread_testcancel();
  ++b;
  pthread_mutex_unlock(&m);
  return argument;
}

int main(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&m, &attributes);
  pthread_t thread;
  pthread_create(&thread, NULL, change, NULL);
  pthread_cancel(thread);
  pthread_mutex_lock(&m);
  assert(a == b);
  pthread_mutex_unlock(&m);
  pthread_join(thread, NULL);
  return 0;
}
