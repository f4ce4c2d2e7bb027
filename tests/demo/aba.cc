// ABA: a stack without locks pops by compare-and-exchange of the head. Between the look at the
// head's next and the exchange another thread pops two nodes and pushes the first one back: the
// head is the same, its next is not.
//   one: head = A, next = B                     one: head A -> B, which is not on the stack
//            two: pop A, pop B, push A
// finds: assertion assert in main
#include <atomic>
#include <cassert>
#include <thread>

constexpr int kNone = -1;
std::atomic<int> head{0};  // Node 0, then 1, then 2.
std::atomic<int> next[3] = {1, 2, kNone};
std::atomic<int> owners[3];  // How many hold a node that they popped.

int pop() {
  int first = head;
  while (first != kNone && !head.compare_exchange_strong(first, next[first])) {
  }
  return first;
}
void push(int node) {
  int first = head;
  do {
    next[node] = first;
  } while (!head.compare_exchange_strong(first, node));
}

void pops_one() {
  const int node = pop();
  if (node != kNone) ++owners[node];
}
void pops_two() {
  const int a = pop();
  const int b = pop();
  if (b != kNone) ++owners[b];
  if (a != kNone) push(a);
}

int main() {
  std::thread one(pops_one), two(pops_two);
  one.join();
  two.join();
  const int last = pop();
  if (last != kNone) ++owners[last];
  for (const auto& count : owners) assert(count <= 1);
}
