// Finds turns of a loop that change nothing: the same reads at the same places with the same
// values, and no effect between.
//
// Such a turn may be repeated for ever without anybody noticing, so the thread may as well rest
// until somebody else does something. A loop that happens to read the same values a few times and
// then goes on is only delayed, never stopped: when nobody else can go on, whoever rests goes on.
// After kTurns equal turns the thread rests at every further one.
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
  /// It read `value` at `site`. True: it should rest.
  bool turns(std::uint32_t site, std::uint64_t value) {
    for (std::uint32_t i = 0; i < count_; ++i) {
      Read& read = reads_[i];
      if (read.site != site) continue;
      if (read.value == value) return ++repeats_ >= kTurns * count_;
      read.value = value;  // It sees something new.
      repeats_ = 0;
      return false;
    }
    repeats_ = 0;
    if (count_ < reads_.size()) reads_[count_++] = {site, value};
    return false;
  }

 private:
  struct Read {
    std::uint32_t site;
    std::uint64_t value;
  };
  std::array<Read, 8> reads_{};
  std::uint32_t count_ = 0;
  std::uint32_t repeats_ = 0;
};

}  // namespace reweave::program
