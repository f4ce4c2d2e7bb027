// Keys: each thread its values; destructors run at its end, again while they set new ones.
// clean
#include <assert.h>
#include <pthread.h>
#include <stdint.h>

static pthread_key_t first, second;
static int rounds;

static void destroy_first(void* value) { assert((intptr_t)value == 5); }
static void destroy_second(void* value) {
  ++rounds;
  if (value == (void*)1) pthread_setspecific(second, (void*)2);
}

static void* work(void* unused) {
  assert(pthread_getspecific(first) == 0);
  pthread_setspecific(first, (void*)5);
  pthread_setspecific(second, (void*)1);
  return 0;
}

int main(void) {
  pthread_key_create(&first, destroy_first);
  pthread_key_create(&second, destroy_second);
  pthread_setspecific(first, (void*)9);
  pthread_t thread;
  pthread_create(&thread, 0, work, 0);
  pthread_join(thread, 0);
  assert(rounds == 2);
  assert(pthread_getspecific(first) == (void*)9);
  assert(pthread_key_delete(first) == 0);
  assert(pthread_key_delete(first) != 0);
  return 0;
}
