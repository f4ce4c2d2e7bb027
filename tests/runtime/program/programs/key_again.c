// A key that is made where one was deleted has no values, in no thread.
// clean
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

static pthread_key_t first, second;
static sem_t kept, made;

static void* worker(void* nothing) {
  pthread_setspecific(first, (void*)0x10);
  sem_post(&kept);
  sem_wait(&made);
  assert(pthread_getspecific(second) == NULL);
  return nothing;
}

int main(void) {
  sem_init(&kept, 0, 0);
  sem_init(&made, 0, 0);
  pthread_key_create(&first, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, worker, NULL);
  sem_wait(&kept);
  pthread_key_delete(first);
  pthread_key_create(&second, NULL);
  sem_post(&made);
  pthread_join(thread, NULL);
}
