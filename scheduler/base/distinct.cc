#include "scheduler/base/distinct.h"

#include <algorithm>
#include <utility>

namespace reweave {
namespace {

// So large that a short search asks for memory once.
constexpr std::size_t kFirstSize = std::size_t{1} << 15;

}  // namespace

DistinctHashes::Sight DistinctHashes::add_mixed(std::uint64_t mixed) {
  if ((mixed & ((std::uint64_t{1} << sampled_bits_) - 1)) != 0) return Sight::kUnknown;
  if (kept_ * 2 >= table_.size()) grow();
  if (!insert(mixed)) return Sight::kSeen;
  while (kept_ > kKeptMax) thin_out();
  return Sight::kNew;
}

bool DistinctHashes::insert(std::uint64_t mixed) {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = place_of(mixed);; at = (at + 1) & mask) {
    if (table_[at] == mixed) return false;
    if (table_[at] != 0) continue;
    table_[at] = mixed;
    ++kept_;
    return true;
  }
}

void DistinctHashes::grow() {
  const std::vector<std::uint64_t> old =
      std::exchange(table_, std::vector<std::uint64_t>(std::max(kFirstSize, table_.size() * 2)));
  kept_ = 0;
  for (const std::uint64_t mixed : old)
    if (mixed != 0) (void)insert(mixed);
}

void DistinctHashes::thin_out() {
  ++sampled_bits_;
  const std::vector<std::uint64_t> old =
      std::exchange(table_, std::vector<std::uint64_t>(table_.size()));
  kept_ = 0;
  for (const std::uint64_t mixed : old) {
    if (mixed != 0 && (mixed & ((std::uint64_t{1} << sampled_bits_) - 1)) == 0) (void)insert(mixed);
  }
}

void DistinctHashes::clear() {
  std::fill(table_.begin(), table_.end(), 0);
  kept_ = 0;
  sampled_bits_ = 0;
}

}  // namespace reweave
