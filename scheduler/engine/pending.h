// What an actor would do if it ran now, in one word: where, on which object, and how.
//
//     63 … 40  site     a number given by the subject, 1 … kSiteMax
//     39 … 32  access   see Access
//     31 … 0   object   numbered by first touch, never an address; 0 = none
//
// Every actor has one, the blocked ones too; what a strategy wants to know of the others is read
// there. It is written by one store at each point.
#pragma once

#include <cstdint>

#include "scheduler/dependence.h"

namespace reweave {

struct Pending {
  static constexpr std::uint32_t kSiteMax = 0xfffffe;
  /// Where an actor is that has not passed a point yet: about to begin.
  static constexpr std::uint32_t kStart = 0xffffff;

  std::uint64_t word = 0;

  constexpr Pending() = default;
  /// `site` from 1 to kSiteMax, or kStart.
  constexpr Pending(std::uint32_t site, Access access, std::uint32_t object)
      : word(std::uint64_t{site} << 40 | std::uint64_t{static_cast<std::uint8_t>(access)} << 32 |
             object) {}
  static constexpr Pending of_word(std::uint64_t word) {
    Pending pending;
    pending.word = word;
    return pending;
  }

  constexpr std::uint32_t site() const { return static_cast<std::uint32_t>(word >> 40); }
  constexpr Access access() const { return static_cast<Access>(word >> 32 & 0xff); }
  constexpr std::uint32_t object() const { return static_cast<std::uint32_t>(word); }

  /// The same, unpacked.
  constexpr PendingStep step() const { return {ObjectId{object()}, access(), SiteId{site()}}; }
};

/// The same rule as conflicts(), over words.
constexpr bool conflict(Pending a, Pending b) { return conflicts(a.step(), b.step()); }

}  // namespace reweave
