// Random bytes are the same in every execution, whoever asks for them; so are hashes and addresses.
// clean
#include <sys/random.h>
#include <cassert>
#include <cstdlib>
#include <random>
#include <thread>
#include <unordered_map>

int main() {
  std::unordered_map<unsigned, int> seen;
  std::thread other([] {
    unsigned bytes = 0;
    assert(getrandom(&bytes, sizeof bytes, 0) == sizeof bytes);
    if (bytes % 2 == 0) std::this_thread::yield();
  });
  std::random_device device;
  std::mt19937 generator(device());
  for (int i = 0; i < 5; ++i) {
    ++seen[generator() % 3];
    if (generator() % 2 == 0) std::this_thread::yield();
  }
  if (std::rand() % 2 == 0) std::this_thread::yield();
  other.join();
}
