// C11: threads, mutexes of every kind, conditions, keys, once.
// clean
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

static mtx_t lock, again, timed;
static cnd_t changed;
static tss_t key;
static once_flag once = ONCE_FLAG_INIT;
static int stage, initialized;
static atomic_int destroyed;

static void initialize(void) { ++initialized; }
static void destroy(void* value) {
  free(value);
  ++destroyed;
}

static int work(void* argument) {
  call_once(&once, initialize);
  int* own = malloc(sizeof *own);
  *own = *(int*)argument;
  tss_set(key, own);
  mtx_lock(&lock);
  stage++;
  cnd_broadcast(&changed);
  while (stage < 2) cnd_wait(&changed, &lock);
  mtx_unlock(&lock);
  thrd_yield();
  assert(*(int*)tss_get(key) == *(int*)argument);
  if (*own == 1) thrd_exit(11);
  return 12;
}

int main(void) {
  assert(mtx_init(&lock, mtx_plain) == thrd_success);
  assert(mtx_init(&again, mtx_plain | mtx_recursive) == thrd_success);
  assert(mtx_init(&timed, mtx_timed) == thrd_success);
  assert(cnd_init(&changed) == thrd_success);
  assert(tss_create(&key, destroy) == thrd_success);
  int one = 1, two = 2, result = 0;
  thrd_t a, b;
  assert(thrd_create(&a, work, &one) == thrd_success);
  assert(thrd_create(&b, work, &two) == thrd_success);
  struct timespec until;
  timespec_get(&until, TIME_UTC);
  until.tv_sec += 1;
  mtx_lock(&lock);
  while (stage < 2) cnd_timedwait(&changed, &lock, &until);
  mtx_unlock(&lock);
  assert(thrd_join(a, &result) == thrd_success && result == 11);
  assert(thrd_join(b, &result) == thrd_success && result == 12);
  assert(initialized == 1 && destroyed == 2);
  mtx_lock(&again);
  assert(mtx_trylock(&again) == thrd_success);
  mtx_unlock(&again);
  mtx_unlock(&again);
  assert(mtx_timedlock(&timed, &until) == thrd_success);
  assert(mtx_trylock(&timed) == thrd_busy);
  mtx_unlock(&timed);
  struct timespec short_time = {0, 1000};
  assert(thrd_sleep(&short_time, 0) == 0);
  assert(thrd_equal(thrd_current(), thrd_current()));
  mtx_destroy(&lock);
  cnd_destroy(&changed);
  tss_delete(key);
  return 0;
}
