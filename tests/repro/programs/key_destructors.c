// The destructor of a key is called when a thread ends, also where no tool is there: else 3.
#include <pthread.h>

static pthread_key_t key;

static void done(void *at) { *(int *)at = 1; }

static void *run(void *at) {
  pthread_setspecific(key, at);
  return 0;
}

int main(void) {
  int called = 0;
  pthread_t thread;
  pthread_key_create(&key, done);
  pthread_create(&thread, 0, run, &called);
  pthread_join(thread, 0);
  return called ? 0 : 3;
}
