// One thread destroys the lock, and the other uses it once more.
// finds: assertion use of a destroyed mutex in use
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t gone;

static void *use(void *nothing) {
  sem_wait(&gone);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  return nothing;
}

int main(void) {
  pthread_t thread;
  sem_init(&gone, 0, 0);
  pthread_create(&thread, 0, use, 0);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_mutex_destroy(&mutex);
  sem_post(&gone);
  pthread_join(thread, 0);
  return 0;
}
