// A target of a user: the bug needs commands in the data, one after the other, and a change of
// threads at one place.
#include <reweave/fuzz.h>

#include <mutex>
#include <thread>

namespace {

/// The commands of an account: 'o' opens it, 'q' makes it quick if it is open.
bool is_quick(const std::uint8_t* commands, std::size_t size) {
  bool open = false, quick = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (commands[i] == 'o') open = true;
    if (commands[i] == 'q' && open) quick = true;
  }
  return quick;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t bytes) {
  return reweave::fuzz(input, bytes, [](const std::uint8_t* data, std::size_t size) {
    const bool quick = is_quick(data, size);
    int balance = 0;
    std::mutex lock;
    const auto deposit = [&] {
      std::unique_lock guard(lock, std::defer_lock);
      if (!quick) guard.lock();
      balance = balance + 1;
    };
    std::thread a(deposit), b(deposit);
    a.join();
    b.join();
    if (balance != 2) reweave::fail("a deposit was lost");
  });
}
