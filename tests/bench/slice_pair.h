// Two slices of one machine stack that take turns, and what a turn is compared with: plain copies
// of as many bytes, and a switch that copies nothing because each side has a stack of its own.
//
// The three have one shape, run(turns): there and back again so many times. A turn of slices is
// two switches, and each of them copies its bytes out and others in; so a switch is measured
// against two plain copies. Nothing is allocated inside a turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/stack/slice.h"

namespace reweave::bench {

/// Two slices, both as deep as wished: runtime/stack/slice.h itself, without a runtime around it.
class SlicePair {
 public:
  /// `depth_bytes`: from the base to the stack pointer at the moment of the switch; as near to it
  /// as the compiler's own frames allow.
  explicit SlicePair(std::size_t depth_bytes);
  ~SlicePair();
  SlicePair(const SlicePair&) = delete;
  SlicePair& operator=(const SlicePair&) = delete;

  /// 2 * turns switches, and two more to begin and one to end.
  void run(std::uint64_t turns);
  /// The depth that it came to be. Valid from the beginning.
  std::size_t depth_bytes() const { return depth_bytes_; }
  std::uint64_t allocations() const { return cache_.counts().allocations; }

 private:
  static void entry(void* pair);
  void grow_and_turn(bool first);
  void turn(bool first);

  runtime::SliceCache cache_;
  runtime::SliceStack stack_;
  runtime::Slice host_, first_, second_;
  std::size_t padding_bytes_ = 0;
  std::size_t depth_bytes_ = 0;
  std::uint64_t turns_ = 0;
  bool entered_ = false;
};

/// As many bytes, copied by memcpy: out of one area and back, in turn for two sides, so that as
/// much memory is touched as by two slices.
class PlainCopies {
 public:
  explicit PlainCopies(std::size_t bytes);
  /// 2 * turns times two copies.
  void run(std::uint64_t turns);

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  using Memory = std::unique_ptr<std::byte, Free>;
  static Memory make(std::size_t bytes);

  std::size_t bytes_;
  Memory area_, first_, second_;
};

/// boost::context::fiber, there and back.
class BoostPair {
 public:
  /// `turns` round trips, and one more to begin.
  void run(std::uint64_t turns);
};

}  // namespace reweave::bench
