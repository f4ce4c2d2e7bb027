// POSIX semaphores: a bounded buffer of one place, tries and time-outs.
// clean
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static sem_t room, items;
static int place;

static void* produce(void* unused) {
  for (int i = 1; i <= 3; ++i) {
    sem_wait(&room);
    place = i;
    sem_post(&items);
  }
  return 0;
}

int main(void) {
  sem_init(&room, 0, 1);
  sem_init(&items, 0, 0);
  pthread_t producer;
  pthread_create(&producer, 0, produce, 0);
  for (int i = 1; i <= 3; ++i) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += 1;
    while (sem_timedwait(&items, &at) != 0) assert(errno == ETIMEDOUT);
    assert(place == i);
    sem_post(&room);
  }
  pthread_join(producer, 0);
  int value = 0;
  sem_getvalue(&room, &value);
  assert(value == 1);
  assert(sem_trywait(&items) == -1 && errno == EAGAIN);
  sem_destroy(&room);
  return 0;
}
