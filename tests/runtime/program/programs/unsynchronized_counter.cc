// finds: race
#include <cassert>
#include <thread>

int x = 0;

int main() {
  std::thread a([] { x++; });
  std::thread b([] { x++; });
  a.join();
  b.join();
  assert(x == 2);
}
