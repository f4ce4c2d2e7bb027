// std::atomic waits and is notified, of a size that the kernel knows and of ones that it does not.
// clean
#include <atomic>
#include <cassert>
#include <thread>

std::atomic<int> word{0};
std::atomic<char> letter{'a'};
std::atomic<long> number{0};

int main() {
  std::jthread one([] {
    word.wait(0);
    letter = 'b';
    letter.notify_one();
  });
  std::jthread two([] {
    letter.wait('a');
    number = 5;
    number.notify_all();
  });
  word = 1;
  word.notify_all();
  number.wait(0);
  assert(number == 5);
}
