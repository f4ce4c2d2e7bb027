// The one mixer of trace hashes: a multiplication and a shift for each word.
//
// The same in every build. No guard against somebody who wants collisions.
#pragma once

#include <cstdint>

namespace reweave {

inline constexpr std::uint64_t kHashMultiplier = 0x9fb21c651e98df25u;

/// `hash` with one more word in it; the order of words counts.
constexpr std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * kHashMultiplier;
  return hash ^ (hash >> 32);
}

}  // namespace reweave
