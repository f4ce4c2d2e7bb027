// A semaphore is destroyed by who got through, on the heap and on a stack, while the other thread
// still wakes whoever sleeps at its address: nothing is read or written there any more.
// clean
#include <semaphore>
#include <thread>

int main() {
  auto* const on_heap = new std::binary_semaphore(0);
  std::thread a([on_heap] { on_heap->release(); });
  on_heap->acquire();
  delete on_heap;

  std::binary_semaphore* shown = nullptr;
  std::binary_semaphore is_shown(0);
  std::thread b([&] {
    std::binary_semaphore on_stack(0);
    shown = &on_stack;
    is_shown.release();
    on_stack.acquire();
  });
  is_shown.acquire();
  shown->release();
  b.join();
  a.join();
}
