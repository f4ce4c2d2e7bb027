// A thread hands out the address of a variable and ends, or returns from its function, too soon.
// finds: crash use after return in main
#include <atomic>
#include <thread>

namespace {

std::atomic<int*> shown{nullptr};

[[gnu::noinline]] void show() {
  int here = 1;
  shown = &here;
}

}  // namespace

int main() {
  std::thread a([] {
    show();
    std::this_thread::yield();
  });
  int* const seen = shown;
  if (seen != nullptr) *seen = 2;
  a.join();
}
