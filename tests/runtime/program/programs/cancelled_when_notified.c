// A thread that is cancelled after it was notified does not keep the notification to itself.
// clean
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int items;

static void unlock(void* nothing) {
  (void)nothing;
  pthread_mutex_unlock(&mutex);
}
static void* take(void* nothing) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, NULL);
  while (items == 0) pthread_cond_wait(&changed, &mutex);
  --items;
  pthread_cleanup_pop(1);
  return nothing;
}

int main(void) {
  pthread_t first, second;
  pthread_create(&first, NULL, take, NULL);
  pthread_create(&second, NULL, take, NULL);
  pthread_mutex_lock(&mutex);
  items = 1;
  pthread_cond_signal(&changed);
  pthread_cancel(first);
  pthread_mutex_unlock(&mutex);
  pthread_join(first, NULL);
  pthread_mutex_lock(&mutex);
  const bool left = items == 1;
  pthread_mutex_unlock(&mutex);
  if (left) pthread_join(second, NULL);
}
