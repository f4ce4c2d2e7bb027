// Two threads that read want to write, and neither lets go of what the other waits for.
#include <pthread.h>

#include <thread>

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

void update() {
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
  pthread_rwlock_unlock(&lock);
}

int main() {
  std::thread a(update), b(update);
  a.join();
  b.join();
}
