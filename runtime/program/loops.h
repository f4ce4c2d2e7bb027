// Finds turns of a loop that change nothing: the same reads of the same places with the same
// values, and no effect between.
//
// Such a turn may be repeated for ever without anybody noticing, so the thread may as well rest
// until somebody else does something. A loop that happens to read the same values a few times and
// then goes on is only delayed, never stopped: when nobody else can go on, whoever rests goes on.
// After kTurns equal turns the thread rests once in every further one.
//
// A read is known by its place in the program and its address, so that a walk over equal values is
// no loop. An operation that leaves everything as it was is a read: a failed try, an exchange of
// equals. To take a mutex and to give it back is nothing.
#pragma once

#include <array>
#include <cstdint>

namespace reweave::program {

class LoopDetector {
 public:
  static constexpr std::uint32_t kTurns = 3;

  void clear() { count_ = repeats_ = 0; }
  /// The thread changed something that others can see.
  void effect() {
    if (count_ != 0) clear();
  }
  /// It read `value` at `address`, called from `site`. True: it should rest.
  bool turns(std::uint32_t site, const void* address, std::uint64_t value) {
    for (std::uint32_t i = 0; i < count_; ++i) {
      Read& read = reads_[i];
      if (read.site != site) continue;
      if (read.value == value && read.address == address) {
        ++repeats_;
        return turned();
      }
      read.value = value;  // It sees something new.
      read.address = address;
      repeats_ = 0;
      return false;
    }
    repeats_ = 0;
    if (count_ < reads_.size()) reads_[count_++] = {address, value, site};
    return false;
  }
  /// Nothing but equal turns, and enough of them.
  bool turned() const { return count_ != 0 && repeats_ >= kTurns * count_; }
  /// It did rest: the next time is after another turn.
  void rested() {
    if (turned()) repeats_ = (kTurns - 1) * count_;
  }
  /// A change at `address` could make the next turn another one.
  bool looks_at(const void* address) const {
    const auto word = reinterpret_cast<std::uintptr_t>(address) >> 3;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (reinterpret_cast<std::uintptr_t>(reads_[i].address) >> 3 == word) return true;
    }
    return false;
  }
  /// The same, and also after it did rest.
  bool turning() const { return count_ != 0 && repeats_ >= (kTurns - 1) * count_; }

 private:
  struct Read {
    const void* address;
    std::uint64_t value;
    std::uint32_t site;
  };
  std::array<Read, 16> reads_{};
  std::uint32_t count_ = 0;
  std::uint32_t repeats_ = 0;
};

}  // namespace reweave::program
