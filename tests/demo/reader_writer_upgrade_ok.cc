// Upgrade, corrected: the reader stops reading first, and looks again when it may write.
// clean
#include <pthread.h>
#include <cassert>
#include <thread>

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
int updates = 0;

void update() {
  pthread_rwlock_rdlock(&lock);
  const bool wanted = updates < 1;
  pthread_rwlock_unlock(&lock);
  if (!wanted) return;
  pthread_rwlock_wrlock(&lock);
  if (updates < 1) ++updates;
  pthread_rwlock_unlock(&lock);
}

int main() {
  std::thread one(update), two(update);
  one.join();
  two.join();
  assert(updates == 1);
}
