// A pool gives its object back while somebody is about to lock the mutex in it.
#include <mutex>
#include <thread>

struct Pool {
  std::mutex mutex;
};

Pool* pool = new Pool;

void use(Pool* of) { const std::lock_guard<std::mutex> lock(of->mutex); }

int main() {
  std::thread user(use, pool);
  delete pool;
  user.join();
}
