// How many different executions were there? Counts the trace hashes of a search.
//
// Exact up to kKeptMax different ones. Then it goes on with a sample: only hashes whose lowest bits
// are zero are kept, one bit more whenever the table is full, and what is kept stands for all
// (adaptive sampling after Wegman; Flajolet, "On Adaptive Sampling", Computing 43, 1990). The error
// is then about 1.2 / sqrt(kKeptMax / 2), that is 0.2 %. The same hashes in the same order give the
// same count.
//
// Cost: one probe for each execution, of a table of 256 KiB to 16 MiB, which grows with what it
// holds.
#pragma once

#include <cstdint>
#include <vector>

namespace reweave {

class DistinctHashes {
 public:
  static constexpr std::uint64_t kKeptMax = 1u << 20;

  enum class Sight : std::uint8_t {
    kNew,
    kSeen,
    kUnknown,  // It is not in the sample.
  };
  Sight add(std::uint64_t hash) {
    const std::uint64_t mixed = mix(hash);
    // What is seen again and again mostly lies in its own place.
    if (!table_.empty() && sampled_bits_ == 0 && table_[place_of(mixed)] == mixed)
      return Sight::kSeen;
    return add_mixed(mixed);
  }

  /// Of all hashes added; an estimate unless is_exact().
  std::uint64_t count() const { return kept_ << sampled_bits_; }
  bool is_exact() const { return sampled_bits_ == 0; }
  /// Forgets all of them; keeps its memory.
  void clear();

 private:
  /// A bijection, so that different hashes stay different, but for 0, the sign of a free place; and
  /// its low bits depend on all bits.
  static std::uint64_t mix(std::uint64_t hash) {
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 32;
    return hash != 0 ? hash : std::uint64_t{1} << 63;
  }
  /// The low bits are the same for all of a sample.
  std::size_t place_of(std::uint64_t mixed) const { return mixed >> 20 & (table_.size() - 1); }
  Sight add_mixed(std::uint64_t mixed);
  bool insert(std::uint64_t mixed);
  void grow();
  void thin_out();

  std::vector<std::uint64_t> table_;  // Open addressing; a power of two; 0: free.
  std::uint64_t kept_ = 0;
  unsigned sampled_bits_ = 0;
};

}  // namespace reweave
