// As race_annotated_ok, but nobody says that the race is meant.
// finds: race
#include <atomic>
#include <cassert>
#include <thread>

extern "C" {
void __tsan_mutex_create(void* lock, unsigned flags);
void __tsan_mutex_pre_lock(void* lock, unsigned flags);
void __tsan_mutex_post_lock(void* lock, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void* lock, unsigned flags);
void __tsan_mutex_post_unlock(void* lock, unsigned flags);
void AnnotateBenignRaceSized(const char* file, int line, const volatile void* at,
                             unsigned long bytes, const char* why);
}

// Relaxed, so that nothing but the annotations orders what it protects.
std::atomic<bool> taken{false};
int protected_by_it = 0;
int statistics = 0;

void add() {
  ++statistics;
  __tsan_mutex_pre_lock(&taken, 0);
  while (taken.exchange(true, std::memory_order_relaxed)) std::this_thread::yield();
  __tsan_mutex_post_lock(&taken, 0, 0);
  ++protected_by_it;
  __tsan_mutex_pre_unlock(&taken, 0);
  taken.store(false, std::memory_order_relaxed);
  __tsan_mutex_post_unlock(&taken, 0);
}

int main() {
  __tsan_mutex_create(&taken, 0);
  std::thread first(add), second(add);
  first.join();
  second.join();
  assert(protected_by_it == 2);
}
