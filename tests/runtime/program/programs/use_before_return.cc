// Threads that use variables on the stacks of others, which wait for them: nothing is wrong.
// clean
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

struct Call {
  std::mutex m;
  std::condition_variable done;
  int result = 0;
  bool is_done = false;
};

void answer(Call* call) {
  std::lock_guard lock(call->m);
  call->result = 42;
  call->is_done = true;
  call->done.notify_one();
}

void ask() {
  Call call;
  std::thread answering(answer, &call);
  {
    std::unique_lock lock(call.m);
    call.done.wait(lock, [&] { return call.is_done; });
    assert(call.result == 42);
  }
  answering.join();
}

}  // namespace

int main() {
  std::thread a(ask), b(ask);
  ask();
  a.join();
  b.join();
}
