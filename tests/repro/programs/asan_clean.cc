// Exceptions, containers and threads, all of it right: AddressSanitizer has nothing to say.
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

std::mutex lock;
std::map<int, std::string> names;
thread_local std::string mine = "nobody";

int deep(int depth) {
  volatile char filled[64] = {};
  filled[depth % 64] = 1;
  if (depth == 0) throw std::runtime_error("the end");
  return deep(depth - 1) + filled[0];
}

void work(int number) {
  mine = "thread " + std::to_string(number);
  try {
    deep(20);
  } catch (const std::runtime_error& error) {
    std::lock_guard<std::mutex> guard(lock);
    names[number] = mine + error.what();
  }
}

int main() {
  try {
    deep(5);
  } catch (const std::exception&) {
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  return names.size() == 3 ? 0 : 1;
}
