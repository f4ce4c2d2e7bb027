// Two threads join one thread: one of them would sleep for ever.
// finds: assertion joined by two threads
#include <pthread.h>
#include <stddef.h>

static pthread_t worker;

static void* nothing(void* argument) { return argument; }
static void* join(void* argument) {
  pthread_join(worker, NULL);
  return argument;
}

int main(void) {
  pthread_create(&worker, NULL, nothing, NULL);
  pthread_t other;
  pthread_create(&other, NULL, join, NULL);
  pthread_join(worker, NULL);
  pthread_join(other, NULL);
}
