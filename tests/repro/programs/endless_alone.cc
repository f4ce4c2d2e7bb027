// Once the other thread has ended main goes round in circles for ever, alone.
#include <thread>

volatile long turns = 0;

void spin() {
  for (;;) turns = turns + 1;
}

int main() {
  std::thread([] { turns = 1; }).join();
  spin();
}
