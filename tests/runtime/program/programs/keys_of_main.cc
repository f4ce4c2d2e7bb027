// What main keeps under a key is not destroyed when it returns: exit() runs no destructors of keys.
// clean
#include <pthread.h>

#include <cassert>
#include <thread>

pthread_key_t key;
const int workers = 5;

int main() {
  pthread_key_create(&key, [](void* value) { assert(*static_cast<int*>(value) == workers); });
  std::thread worker([] { pthread_setspecific(key, &workers); });
  worker.join();
  static int mains = 9;
  pthread_setspecific(key, &mains);
}
