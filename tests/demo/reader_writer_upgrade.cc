// Upgrade: two readers that want to write wait for each other to stop reading.
//   one: read   two: read   one: write? not while two reads   two: write? not while one reads
// finds: deadlock write-lock in update
#include <pthread.h>
#include <thread>

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
int updates = 0;

/// A lock that lets its reader pass to writing when nobody else reads.
bool upgrade() {
  pthread_rwlock_wrlock(&lock);
  return true;
}
void update(bool* written) {
  pthread_rwlock_rdlock(&lock);
  if (updates < 2 && upgrade()) *written = true;
  pthread_rwlock_unlock(&lock);
}

int main() {
  bool one_wrote = false, two_wrote = false;
  std::thread one(update, &one_wrote), two(update, &two_wrote);
  one.join();
  two.join();
}
