// The one source of pseudo-randomness: splitmix64 (Steele, Lea, Flood, OOPSLA 2014), integers and
// ratios only.
//
// The same seed gives the same numbers on every compiler and machine. Streams that must not disturb
// each other are split by name (`prng.split("spill")`), so that one more draw in one of them shifts
// nothing in the others.
#pragma once

#include <cstdint>
#include <string_view>

#include "scheduler/base/reweave_check.h"

namespace reweave {

/// A probability as a ratio of integers; floating point never takes part in a decision.
struct Ratio {
  std::uint32_t of;  // 0 … in
  std::uint32_t in;  // at least 1
};

class Prng {
 public:
  explicit Prng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// Uniform enough for search in 0 … bound-1 (multiply-shift, bias below 2^-32); bound is at
  /// least 1.
  std::uint32_t below(std::uint32_t bound) {
    REWEAVE_DCHECK(bound > 0);
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

  bool chance(Ratio ratio) { return below(ratio.in) < ratio.of; }

  /// A stream of its own, the same for the same seed and name; this stream moves on by nothing.
  Prng split(std::string_view name) const {
    std::uint64_t hash = state_ ^ 0xcbf29ce484222325u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    Prng child(hash);
    child.next();
    return child;
  }

  /// A stream for the n-th member of a family, for example the n-th execution of a hunt.
  Prng split(std::uint64_t n) const {
    Prng child(state_ ^ (n * 0xd1342543de82ef95u + 0x2545f4914f6cdd1du));
    child.next();
    return child;
  }

 private:
  std::uint64_t state_;
};

}  // namespace reweave
