// Which traces were shown before: what an execution whose trace hash is here would show to an
// oracle that looks at its end was looked at already, and found in order.
//
// A table in which each hash has one place, and the last one that came stays there: what was
// forgotten is looked at once more, which is never wrong. Cost: a probe; 256 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reweave::runtime {

class SeenTraces {
 public:
  bool has(std::uint64_t hash) const { return !table_.empty() && table_[place(hash)] == key(hash); }
  void add(std::uint64_t hash) {
    if (table_.empty()) table_.resize(kSize);
    table_[place(hash)] = key(hash);
  }
  /// From now on it is another scenario, or under other settings: none was shown.
  void forget() { salt_ += 2; }

 private:
  static constexpr std::size_t kSize = std::size_t{1} << 15;

  std::uint64_t key(std::uint64_t hash) const { return (hash ^ salt_) * 0x9e3779b97f4a7c15u; }
  std::size_t place(std::uint64_t hash) const { return key(hash) >> 49; }

  std::uint64_t salt_ = 1;
  std::vector<std::uint64_t> table_;
};

}  // namespace reweave::runtime
