// How containers of others are used and looked at: nothing is lost, nothing comes twice, and what
// one producer gives comes in its order where the container promises one.
#pragma once

#include <cassert>
#include <functional>
#include <set>
#include <thread>
#include <vector>

constexpr int kEach = 2;       // Values of a producer.
constexpr int kProducers = 2;  // Their values are 10 * producer + number.

/// Two producers beside a consumer; who is left at the end is taken by main.
/// `attach` is called first, and `detach` last, in each thread but main.
inline void use_queue(
    const std::function<bool(int)>& push, const std::function<bool(int&)>& pop, bool in_order,
    const std::function<void()>& attach = [] {}, const std::function<void()>& detach = [] {}) {
  std::vector<int> got;
  const auto produce = [&](int producer) {
    attach();
    for (int i = 0; i < kEach; ++i) {
      const bool pushed = push(10 * producer + i);
      assert(pushed);
    }
    detach();
  };
  std::thread a(produce, 0), b(produce, 1), consumer([&] {
    attach();
    int value = 0;
    for (int i = 0; i < kProducers * kEach; ++i) {
      if (pop(value)) got.push_back(value);
    }
    detach();
  });
  a.join();
  b.join();
  consumer.join();
  int value = 0;
  while (pop(value)) got.push_back(value);
  const std::set<int> distinct(got.begin(), got.end());
  assert(got.size() == kProducers * kEach && distinct.size() == got.size());
  int next[kProducers] = {0, 0};
  for (const int one : got) {
    assert(one / 10 < kProducers && one % 10 < kEach);
    if (in_order) assert(one % 10 == next[one / 10]++);
  }
}

/// Two threads insert and erase the same keys beside one that looks. For each key as many erasures
/// as insertions succeed, but for the one that is still there.
inline void use_set(
    const std::function<bool(int)>& insert, const std::function<bool(int)>& erase,
    const std::function<bool(int)>& contains, const std::function<void()>& attach = [] {},
    const std::function<void()>& detach = [] {}) {
  constexpr int kKeys = 2;
  int inserted[2][kKeys] = {}, erased[2][kKeys] = {};
  const auto change = [&](int who) {
    attach();
    for (int i = 0; i < kKeys; ++i) {
      const int key = who == 0 ? i : kKeys - 1 - i;
      inserted[who][key] += insert(key) ? 1 : 0;
      erased[who][key] += erase(key) ? 1 : 0;
    }
    inserted[who][0] += insert(0) ? 1 : 0;
    detach();
  };
  std::thread a(change, 0), b(change, 1), reader([&] {
    attach();
    for (int key = 0; key < kKeys; ++key) contains(key);
    detach();
  });
  a.join();
  b.join();
  reader.join();
  for (int key = 0; key < kKeys; ++key) {
    const int left = inserted[0][key] + inserted[1][key] - erased[0][key] - erased[1][key];
    assert(left == (contains(key) ? 1 : 0));
    assert(key != 0 || left == 1);
  }
}
