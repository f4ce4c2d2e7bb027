// A node is read after another thread has freed it; nobody else gets its memory meanwhile.
#include <atomic>
#include <cstdlib>
#include <thread>

struct Node {
  int padding[4] = {0, 0, 0, 0};
  int value = 7;
};

std::atomic<Node*> head{new Node};

int main() {
  std::thread reader([] {
    const Node* const node = head.load();
    if (node != nullptr && node->value != 7) std::abort();
  });
  std::thread writer([] { delete head.exchange(nullptr); });
  reader.join();
  writer.join();
}
