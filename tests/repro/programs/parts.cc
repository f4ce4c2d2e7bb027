// Two threads change a member of one element of an array, under no lock but another one's.
#include <mutex>
#include <thread>

struct Node {
  int key = 0;
  std::mutex mutex;
  long weight = 0;
};
Node nodes[4];

void grow(int which) {
  std::lock_guard<std::mutex> guard(nodes[which].mutex);
  nodes[2].weight = nodes[2].weight + 1;
}

int main() {
  std::thread a(grow, 1), b(grow, 2);
  a.join();
  b.join();
}
