// A sum is too large for a moment: an addition of another thread in that moment overflows, and
// UndefinedBehaviorSanitizer says so.
#include <thread>

int sum = 1'000'000'000;

void lend() {
  sum += 1'000'000'000;
  sum -= 1'000'000'000;
}
void add() { sum += 500'000'000; }

int main() {
  std::thread a(lend), b(add);
  a.join();
  b.join();
}
