// Static initialization allocates what an execution gives back. With AddressSanitizer alone nothing
// can take that back, so that each execution has a process of its own.
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

namespace {

std::map<int, int> numbers{{1, 1}, {2, 2}, {3, 3}};
std::mutex mutex;

}  // namespace

int main(int argc, char**) {
  const bool keeps_the_lock = argc > 1;
  if (numbers.size() != 3) std::abort();  // An execution began with what another one left.
  std::thread eraser([] {
    std::lock_guard lock(mutex);
    numbers.erase(2);
  });
  std::unique_lock lock(mutex);
  auto found = numbers.find(2);
  if (!keeps_the_lock) {
    lock.unlock();
    lock.lock();
  }
  if (found != numbers.end() && found->second != 2) std::abort();
  lock.unlock();
  eraser.join();
}
