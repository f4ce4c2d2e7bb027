// How often each (actor, kind, site) was passed in an execution: the "n-th time" in the name of a
// question.
//
// An open hash table whose order is never looked at. Clearing it costs nothing (entries carry the
// number of the clearing), so that an execution which is begun again allocates nothing once the
// table has grown.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/base/hash.h"
#include "scheduler/question.h"

namespace reweave {

class PointCounts {
 public:
  /// Forgets every count.
  void clear() {
    used_ = 0;
    if (++epoch_ != 0) return;
    slots_.assign(slots_.size(), Slot{});  // The number wrapped around: old entries might look new.
    epoch_ = 1;
  }

  /// How often this was passed before; counts it once more.
  std::uint32_t pass(QuestionKind kind, ActorId actor, SiteId site) {
    if (used_ * 2 >= slots_.size()) grow();
    Slot& slot = find(kind, actor, site);
    if (slot.epoch != epoch_) {
      slot = Slot{epoch_, static_cast<std::uint32_t>(actor), static_cast<std::uint32_t>(site), kind,
                  0};
      ++used_;
    }
    return slot.count++;
  }

 private:
  struct Slot {
    std::uint32_t epoch = 0;  // Of the clearing after which it was used; another one means free.
    std::uint32_t actor = 0;
    std::uint32_t site = 0;
    QuestionKind kind{};
    std::uint32_t count = 0;
  };

  Slot& find(QuestionKind kind, ActorId actor, SiteId site) {
    const auto a = static_cast<std::uint32_t>(actor);
    const auto s = static_cast<std::uint32_t>(site);
    std::uint64_t hash =
        (static_cast<std::uint64_t>(a) << 32 | s) ^ (static_cast<std::uint64_t>(kind) << 56);
    hash *= kHashMultiplier;
    const std::size_t mask = slots_.size() - 1;  // The size is a power of two.
    for (std::size_t i = static_cast<std::size_t>(hash >> 32) & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.epoch != epoch_) return slot;
      if (slot.actor == a && slot.site == s && slot.kind == kind) return slot;
    }
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 256 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.epoch != epoch_) continue;
      find(slot.kind, ActorId{slot.actor}, SiteId{slot.site}) = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::uint32_t epoch_ = 1;
};

}  // namespace reweave
