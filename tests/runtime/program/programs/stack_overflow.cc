// A thread whose stack is full is a crash with a name of its own.
// finds: crash stack overflow in descend
#include <atomic>
#include <thread>

std::atomic<bool> deep{false};

[[gnu::noinline]] int descend(int n);
int (*volatile deeper)(int) = descend;

int descend(int n) {
  volatile char room[64 * 1024];
  room[0] = static_cast<char>(n);
  asm volatile("" : : "r"(room) : "memory");  // All of it is wanted.
  return deep ? deeper(n + 1) + room[0] : n;
}

int main() {
  std::thread thread([] { descend(0); });
  deep = true;
  thread.join();
}
