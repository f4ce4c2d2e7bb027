// The calls that led to a place, innermost first, and the first of them that is the user's.
//
// Made only for reports: about 1 us a frame, by unwinding tables. Nothing is allocated.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace reweave::program {

class CallStack {
 public:
  static constexpr std::size_t kDepthMax = 32;

  /// Of the caller, without frames of this library.
  static CallStack here();
  void clear() { depth_ = 0; }
  bool empty() const { return depth_ == 0; }
  void push(const void* address) {
    if (depth_ < kDepthMax) addresses_[depth_++] = address;
  }
  /// Return addresses, and first perhaps that of a faulting instruction.
  std::span<const void* const> addresses() const { return {addresses_.data(), depth_}; }
  /// The innermost one in a function of the user; `otherwise` if there is none.
  const void* users(const void* otherwise) const;

 private:
  std::array<const void*, kDepthMax> addresses_{};
  std::size_t depth_ = 0;
};

/// A hash of what the caller's innermost function outside this library can know of itself: where it
/// is, its registers, and the stack from there on. Never 0. About 5 us.
std::uint64_t fingerprint_of_caller();

}  // namespace reweave::program
