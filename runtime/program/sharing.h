// Which plain accesses can matter: those to memory where two threads have met.
//
// A table of cells by a hash of the address: who touched it first in this execution, and whether
// anybody else ever did, in any execution. A plain access to a cell that only its owner touched is
// no point. Addresses repeat from execution to execution, so that what was learned stays true; the
// first access of the second thread is already a point. The idea is the one of dynamic escape
// analysis; its effect is that strategies do not waste their choices (several times more findings
// per schedule).
//
// Sound for what is recorded: a replay looks at every access, and a filtered one counts as a
// question that was answered ordinarily. Costs about 1 ns for an access; 256 KiB.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/program/stable_address.h"

namespace reweave::program {

class Sharing {
 public:
  void begin() { epoch_ = (epoch_ + 1) & kEpochs; }
  void forget() { cells_.fill(0); }

  /// True: no other thread can tell the difference. Notes that `thread` was here. Of more than
  /// 2 KiB some words are looked at, by their address: who uses only others is not noticed.
  bool is_private(const void* address, std::size_t bytes, std::uint32_t thread) {
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    if (bytes <= 1 || (begin ^ (begin + bytes - 1)) >> 3 == 0) return is_private(address, thread);
    constexpr std::size_t kWord = 8, kLooksMax = 256;
    const std::size_t step = bytes / kLooksMax / kWord * kWord + kWord;
    const auto end = begin + bytes;
    bool all = is_private(address, thread);
    all = is_private(reinterpret_cast<const void*>(end - 1), thread) && all;
    for (std::uintptr_t at = (begin / step + 1) * step; at < end; at += step)
      all = is_private(reinterpret_cast<const void*>(at), thread) && all;
    return all;
  }
  bool is_private(const void* address, std::uint32_t thread) {
    std::uint32_t& cell = cells_[index(address)];
    if ((cell & kShared) != 0) return false;
    const std::uint32_t mine = epoch_ << 9 | (thread & 0xff) << 1;
    if (cell == mine) return true;
    if (cell >> 9 != epoch_) {
      cell = mine;
      return true;
    }
    cell |= kShared;
    return false;
  }

  /// A number for the object at `address`, never 0; the same in every process.
  static std::uint32_t number(const void* address) {
    return address == nullptr ? 0 : static_cast<std::uint32_t>(index(address)) + 1;
  }

 private:
  static constexpr std::uint32_t kShared = 1, kEpochs = (1u << 23) - 1;

  static std::size_t index(const void* address) {
    return (stable_address(address) >> 3) * 0x9e3779b97f4a7c15u >> 48;
  }

  std::array<std::uint32_t, 1 << 16> cells_{};  // Epoch, thread, kShared.
  std::uint32_t epoch_ = 0;
};

}  // namespace reweave::program
