// What C wants done when a thread is cancelled or ends: pthread_cleanup_push(), innermost first.
// clean
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char done[16];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void note(void* word) { strcat(done, word); }
static void unlock(void* mutex) { pthread_mutex_unlock(mutex); }

static void* wait_for_ever(void* argument) {
  (void)argument;
  pthread_mutex_lock(&m);
  pthread_cleanup_push(unlock, &m);
  pthread_cleanup_push(note, "a");
  pthread_cleanup_push(note, "b");
  for (;;) pthread_cond_wait(&never, &m);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}
static void* leave(void* argument) {
  pthread_cleanup_push(note, "c");
  pthread_exit(argument);
  pthread_cleanup_pop(0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  void* result = NULL;
  assert(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
  usleep(1000);
  assert(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
  assert(result == PTHREAD_CANCELED);
  assert(strcmp(done, "ba") == 0 || strcmp(done, "") == 0);
  assert(pthread_mutex_trylock(&m) == 0);
  done[0] = 0;
  assert(pthread_create(&thread, NULL, leave, &m) == 0 && pthread_join(thread, &result) == 0);
  assert(result == &m && strcmp(done, "c") == 0);
  pthread_mutex_unlock(&m);
  return 0;
}
