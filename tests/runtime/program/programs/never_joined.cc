// A thread is destroyed before anybody joined it, if the other one was faster.
// finds: assertion terminate in
#include <atomic>
#include <thread>

int main() {
  std::atomic<bool> done{false};
  std::thread other([&] { done = true; });
  const bool early = done;
  {
    std::thread last([] {});
    if (!early) last.join();
  }
  other.join();
}
