// Every operation on atomics of every size, and one that needs a lock.
// clean
#include <atomic>
#include <cassert>
#include <cstdint>
#include <thread>

template <typename T>
void use() {
  std::atomic<T> number{T{1}};
  auto work = [&] {
    number.fetch_add(T{2});
    number.fetch_sub(T{1});
    number.fetch_or(T{64});
    number.fetch_and(static_cast<T>(~T{64}));
    number.fetch_xor(T{0});
    T expected = number.load();
    while (!number.compare_exchange_weak(expected, static_cast<T>(expected + 1))) {
    }
  };
  std::thread other(work);
  work();
  other.join();
  assert(number.exchange(T{0}) == T{5});
}

int main() {
  use<std::uint8_t>();
  use<std::int16_t>();
  use<int>();
  use<long>();
  std::atomic<double> real{1.5};
  std::thread other([&] { real.fetch_add(1.0); });
  real.fetch_add(1.0);
  other.join();
  assert(real == 3.5);
}
