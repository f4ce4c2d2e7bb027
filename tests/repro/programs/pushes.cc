// Three threads push to a list and take it whole, for real: what a push expects lies in the node,
// which is somebody else's as soon as it is pushed.
#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>

struct Node {
  Node* next = nullptr;
};
std::atomic<Node*> head{nullptr};
std::array<std::array<Node, 16>, 3> nodes;
Node taken;

void push(Node* node) {
  node->next = head.load();
  while (!head.compare_exchange_weak(node->next, node)) {
  }
}

void work(std::size_t id) {
  std::array<Node*, 48> mine{};
  std::size_t count = 0;
  for (Node& node : nodes[id]) mine[count++] = &node;
  for (int i = 0; i < 300'000; ++i) {
    if (count != 0) {
      push(mine[--count]);
      continue;
    }
    for (Node* node = head.exchange(nullptr); node != nullptr;) {
      Node* const next = node->next;
      if (next == &taken || count == mine.size()) std::_Exit(1);
      node->next = &taken;
      mine[count++] = node;
      node = next;
    }
  }
}

int main() {
  std::thread first(work, 0), second(work, 1), third(work, 2);
  first.join();
  second.join();
  third.join();
}
