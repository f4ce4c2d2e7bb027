// A loop that touches nothing, so that it comes by no point; begun only in some orders.
#include <atomic>
#include <thread>

std::atomic<int> turn{0};

void spin() {
  unsigned x = 1;
  for (;;) {
    x = x * 3 + 1;
    asm volatile("" : "+r"(x));
  }
}

void first() { turn = 1; }
void second() {
  if (turn == 0) spin();
}

int main() {
  std::thread a(first), b(second);
  a.join();
  b.join();
}
