// A queue of packaged tasks that one worker runs.
// clean
#include <cassert>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

int main() {
  std::mutex m;
  std::deque<std::packaged_task<int()>> tasks;
  std::vector<std::future<int>> results;
  for (int i = 0; i < 3; ++i) {
    std::packaged_task<int()> task([i] { return i * i; });
    results.push_back(task.get_future());
    tasks.push_back(std::move(task));
  }
  std::thread worker([&] {
    while (true) {
      std::packaged_task<int()> task;
      {
        std::lock_guard<std::mutex> lock(m);
        if (tasks.empty()) return;
        task = std::move(tasks.front());
        tasks.pop_front();
      }
      task();
    }
  });
  int sum = 0;
  for (auto& result : results) sum += result.get();
  assert(sum == 5);
  worker.join();
}
