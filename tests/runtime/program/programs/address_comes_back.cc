// Nobody uses what was freed, but an address means another object by now (ABA): that is found only
// where memory is used again.
// finds: assertion assert in take
// asan: clean
// options: no-races
#include <atomic>
#include <cassert>
#include <thread>

struct Config {
  int version;
};

std::atomic<Config*> current{new Config{1}};
std::atomic<int> changes{0};

void take() {
  Config* config = current;
  const int before = changes;
  if (config != nullptr && current.compare_exchange_strong(config, nullptr))
    assert(changes == before);
}

void replace() {
  Config* const old = current.exchange(nullptr);
  if (old == nullptr) return;
  ++changes;
  delete old;
  current = new Config{2};
}

int main() {
  std::thread taker(take), writer(replace);
  taker.join();
  writer.join();
}
