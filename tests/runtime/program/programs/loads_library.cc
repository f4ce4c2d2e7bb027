// A library that is loaded while the program runs is as new in each execution.
// clean
#include <dlfcn.h>

#include <cassert>
#include <cstddef>
#include <mutex>
#include <thread>

std::mutex one_at_a_time;
std::size_t most = 0;

void load_and_call() {
  void* const library = dlopen(LOADED_LIBRARY, RTLD_NOW);
  assert(library != nullptr);
  auto* const add_name = reinterpret_cast<std::size_t (*)()>(dlsym(library, "add_name"));
  const std::lock_guard lock(one_at_a_time);
  most = add_name();
  dlclose(library);
}

int main() {
  assert(dlopen("libnobody_has_this.so", RTLD_NOW) == nullptr && dlerror() != nullptr);
  std::thread other(load_and_call);
  load_and_call();
  other.join();
  assert(most == 3);
}
