// One thread reads what another one may have freed.
#include <thread>
#include <vector>

struct Node {
  int value = 1;
};
std::vector<int> early = {1, 2, 3};  // Allocated before the first execution, changed in each.
Node* shared;

void use() {
  Node* const node = shared;
  if (node != nullptr) early[0] += node->value;
}
void drop() {
  Node* const node = shared;
  shared = nullptr;
  delete node;
}

int main() {
  if (early[0] != 1) return 1;
  shared = new Node;
  std::thread reader(use), writer(drop);
  reader.join();
  writer.join();
}
