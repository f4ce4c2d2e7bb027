// The program says itself that something went wrong.
// finds: assertion exit 3 in main
#include <atomic>
#include <cstdlib>
#include <thread>

std::atomic<int> last{0};

int main() {
  std::thread a([] { last = 1; }), b([] { last = 2; });
  a.join();
  b.join();
  return last == 2 ? 0 : 3;
}
