// pthread_exit() unwinds the stack, and from main it lets the others go on to their end.
// clean
#include <pthread.h>
#include <cassert>
#include <string>

int destroyed = 0;

struct Guard {
  ~Guard() { ++destroyed; }
};

void* work(void*) {
  Guard guard;
  std::string text(100, 'x');
  pthread_exit(const_cast<char*>("result"));
}

void* last(void* first) {
  void* result = nullptr;
  assert(pthread_join(*static_cast<pthread_t*>(first), &result) == 0);
  assert(std::string(static_cast<char*>(result)) == "result");
  assert(destroyed == 1);
  return nullptr;
}

pthread_t first;

int main() {
  pthread_create(&first, nullptr, work, nullptr);
  pthread_t second;
  pthread_create(&second, nullptr, last, &first);
  pthread_detach(second);
  pthread_exit(nullptr);
}
