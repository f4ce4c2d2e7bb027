// Much of the C++20 thread library at once.
// clean
#include <atomic>
#include <barrier>
#include <cassert>
#include <condition_variable>
#include <future>
#include <iostream>
#include <latch>
#include <mutex>
#include <queue>
#include <random>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <thread>

thread_local std::string local = "x";

struct Singleton {
  int value = 7;
  ~Singleton() { value = 0; }
};
Singleton& singleton() {
  static Singleton only;
  return only;
}

int main() {
  std::mutex m;
  std::condition_variable changed;
  std::queue<int> queue;
  std::jthread producer([&] {
    for (int i = 0; i < 3; i++) {
      std::lock_guard lock(m);
      queue.push(i);
      changed.notify_one();
    }
  });
  int sum = 0;
  for (int i = 0; i < 3; i++) {
    std::unique_lock lock(m);
    changed.wait(lock, [&] { return !queue.empty(); });
    sum += queue.front();
    queue.pop();
  }
  assert(sum == 3);
  auto future = std::async(std::launch::async, [] {
    local += "y";
    return local.size();
  });
  assert(future.get() == 2);
  assert(local == "x");
  std::latch latch(2);
  std::jthread counts([&] { latch.count_down(); });
  latch.arrive_and_wait();
  std::barrier barrier(2);
  std::jthread meets([&] {
    barrier.arrive_and_wait();
    barrier.arrive_and_wait();
  });
  barrier.arrive_and_wait();
  barrier.arrive_and_wait();
  std::counting_semaphore<4> semaphore(0);
  std::jthread releases([&] { semaphore.release(); });
  semaphore.acquire();
  std::shared_mutex shared;
  { std::shared_lock lock(shared); }
  { std::unique_lock lock(shared); }
  std::atomic<int> word{0};
  std::jthread wakes([&] {
    word = 1;
    word.notify_all();
  });
  word.wait(0);
  std::jthread throws([&] {
    try {
      throw std::runtime_error("e");
    } catch (std::exception&) {
      singleton().value++;
    }
  });
  {
    std::unique_lock lock(m);
    assert(!changed.wait_for(lock, std::chrono::milliseconds(5), [] { return false; }));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::random_device device;
  std::cout << "hello " << device() << std::endl;
  std::promise<int> promise;
  auto promised = promise.get_future();
  std::jthread keeps([&] { promise.set_value(3); });
  assert(promised.get() == 3);
  std::once_flag flag;
  std::jthread calls([&] { std::call_once(flag, [] {}); });
  std::call_once(flag, [] {});
}
