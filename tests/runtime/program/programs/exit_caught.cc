// A catch (...) without a throw keeps what unwinds a cancelled thread.
// finds: assertion exception not rethrown
#include <pthread.h>

#include <thread>

int main() {
  pthread_t worker;
  pthread_create(
      &worker, nullptr,
      [](void*) -> void* {
        try {
          pthread_exit(nullptr);
        } catch (...) {
        }
        return nullptr;
      },
      nullptr);
  pthread_join(worker, nullptr);
}
