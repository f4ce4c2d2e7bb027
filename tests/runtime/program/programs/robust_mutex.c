// A robust mutex whose holder ended: whoever takes it next is told, and puts it right, or it is lost.
// clean
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t m;
static int half_done;

static void* end_with_it(void* argument) {
  const int result = pthread_mutex_lock(&m);
  if (result == EOWNERDEAD) pthread_mutex_consistent(&m);
  half_done = 1;
  return argument;
}
static void* take(void* argument) {
  int result = pthread_mutex_lock(&m);
  if (result == EOWNERDEAD) {
    assert(half_done == 1);
    half_done = 0;
    assert(pthread_mutex_consistent(&m) == 0);
    result = 0;
  }
  assert(result == 0 && half_done == 0);
  assert(pthread_mutex_unlock(&m) == 0);
  return argument;
}

int main(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  assert(pthread_mutex_init(&m, &attributes) == 0);
  pthread_t first, second, third;
  pthread_create(&first, NULL, end_with_it, NULL);
  pthread_create(&second, NULL, take, NULL);
  pthread_create(&third, NULL, take, NULL);
  pthread_join(first, NULL);
  pthread_join(second, NULL);
  pthread_join(third, NULL);
  // Not put right: nobody gets it any more.
  pthread_create(&first, NULL, end_with_it, NULL);
  pthread_join(first, NULL);
  assert(pthread_mutex_consistent(&m) == EINVAL);
  assert(pthread_mutex_lock(&m) == EOWNERDEAD && pthread_mutex_unlock(&m) == 0);
  assert(pthread_mutex_lock(&m) == ENOTRECOVERABLE);
  assert(pthread_mutex_trylock(&m) == ENOTRECOVERABLE);
  return 0;
}
