// Threads that wait in a loop and copy memory at each turn: what they wait for comes.
// clean
// options: no-races
#include <atomic>
#include <cstring>
#include <thread>

struct State {
  int ready;
  char rest[124];
};
State shared;
std::atomic<int> flag{0};
std::size_t bytes = sizeof(State);  // Not a constant: else the compiler makes no call.

int main() {
  std::thread clears([] {
    char buffer[256];
    while (flag == 0) std::memset(buffer, 0, bytes);
  });
  std::thread copies([] {
    State mine;
    do {
      std::memcpy(&mine, &shared, bytes);
    } while (mine.ready == 0);
  });
  static const State done{1, {}};
  std::memcpy(&shared, &done, bytes);
  flag = 1;
  clears.join();
  copies.join();
}
