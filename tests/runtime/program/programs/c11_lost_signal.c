// C11 without a flag: the signal may come before the wait.
// finds: deadlock condition in wait_for_it
#include <threads.h>

static mtx_t lock;
static cnd_t changed;

static int wait_for_it(void* unused) {
  mtx_lock(&lock);
  cnd_wait(&changed, &lock);
  mtx_unlock(&lock);
  return 0;
}

int main(void) {
  mtx_init(&lock, mtx_plain);
  cnd_init(&changed);
  thrd_t waiter;
  thrd_create(&waiter, wait_for_it, 0);
  cnd_signal(&changed);
  thrd_join(waiter, 0);
  return 0;
}
