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

#include "scheduler/question.h"

namespace reweave {

/// What a step does to its object. Two steps conflict unless both only read, or one touches
/// nothing.
enum class Access : std::uint8_t { kNone, kRead, kWrite, kReadModifyWrite, kAcquire, kRelease };

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

  /// The same as the scheduler's other half says it.
  constexpr PendingStep step() const {
    return {static_cast<std::uint32_t>(access()), object(), SiteId{site()}};
  }
};

/// True if the order of the two may matter: the same object, and not both only read it.
constexpr bool conflict(Pending a, Pending b) {
  if (a.object() != b.object() || a.object() == 0) return false;
  if (a.access() == Access::kNone || b.access() == Access::kNone) return false;
  return a.access() != Access::kRead || b.access() != Access::kRead;
}

}  // namespace reweave
