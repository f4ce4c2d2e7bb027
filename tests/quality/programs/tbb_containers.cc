// The containers of oneTBB, unmodified, one of them if its name is said.
// clean
// options: no-races
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_priority_queue.h>
#include <tbb/concurrent_queue.h>
#include <tbb/concurrent_set.h>
#include <tbb/concurrent_unordered_set.h>
#include <tbb/concurrent_vector.h>

#include <cstring>

#include "checked_use.h"

namespace {

void queue() {
  tbb::concurrent_queue<int> queue;
  use_queue([&](int value) { return queue.push(value), true; },
            [&](int& value) { return queue.try_pop(value); }, /*in_order=*/true);
}

void bounded() {
  tbb::concurrent_bounded_queue<int> queue;
  queue.set_capacity(4);
  use_queue([&](int value) { return queue.push(value), true; },
            [&](int& value) { return queue.try_pop(value); }, /*in_order=*/true);
}

void priority() {
  tbb::concurrent_priority_queue<int> queue;
  use_queue([&](int value) { return queue.push(value), true; },
            [&](int& value) { return queue.try_pop(value); }, /*in_order=*/false);
}

void hash_map() {
  using Map = tbb::concurrent_hash_map<int, int>;
  Map map;
  use_set(
      [&](int key) {
        return map.insert({key, key});
      },
      [&](int key) { return map.erase(key); },
      [&](int key) {
        Map::const_accessor found;
        return map.find(found, key) && found->second == key;
      });
}

void vector() {
  tbb::concurrent_vector<int> vector;
  const auto grow = [&](int first) {
    for (int i = 0; i < kEach; ++i) *vector.grow_by(1) = first + i;
  };
  std::thread a(grow, 10), b(grow, 20);
  a.join();
  b.join();
  const std::set<int> distinct(vector.begin(), vector.end());
  assert(vector.size() == 2 * kEach && distinct == (std::set<int>{10, 11, 20, 21}));
}

template <typename Set>
void insert_only() {
  Set set;
  int inserted[2] = {0, 0};
  const auto insert = [&](int who) {
    for (int key = 0; key < 3; ++key) inserted[who] += set.insert(key).second ? 1 : 0;
  };
  std::thread a(insert, 0), b(insert, 1);
  a.join();
  b.join();
  assert(inserted[0] + inserted[1] == 3 && set.size() == 3);
  for (int key = 0; key < 3; ++key) assert(set.count(key) == 1);
}

struct Use {
  const char* name;
  void (*run)();
};
constexpr Use kUses[] = {{"queue", queue},
                         {"bounded", bounded},
                         {"priority", priority},
                         {"hash_map", hash_map},
                         {"vector", vector},
                         {"unordered_set", insert_only<tbb::concurrent_unordered_set<int>>},
                         {"set", insert_only<tbb::concurrent_set<int>>}};

}  // namespace

int main(int argc, char** argv) {
  for (const Use& use : kUses) {
    if (argc < 2 || std::strcmp(use.name, argv[1]) == 0) use.run();
  }
}
