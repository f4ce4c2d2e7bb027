// Which places of the code read what which other places wrote: the reads-from relation by places,
// learnt from the executions of a hunt.
//
// A write is known by its place alone, not by its actor or by how often it came by, so that two
// hundred threads that do the same work make as few pairs as two. What nobody has written in this
// execution is there from the beginning (kInitial). To take a lock is to read and to write it; what
// gives it back belongs to the taking, so that who takes a lock reads from where it was taken last.
// To take what another actor gave (a signal, a semaphore) reads from where it was given.
//
//     A: lock l (1), unlock l (2)    B: lock l (3), unlock l (4)    pairs (3 <- 1), (1 <- initial)
//
// Known are the pairs that were seen, and those that could be: of two places that different actors
// were at, at the same object, where one reads and one writes. What could be says nothing of locks
// around it or of what an actor does before: some of it never happens. What is seen of an object
// counts from the execution on after the one in which actors met there first: before, a subject may
// not have told of everything (runtime/program/sharing.h).
//
// Limits: kPairsMax pairs, kCells objects at a time (others with the same low bits replace them),
// kPlacesMax places at one object; what is beyond is not learnt. Cost: a look at a cell for each
// step and a look-up for each read; nothing is allocated after the construction.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/dependence.h"
#include "scheduler/question.h"

namespace reweave {

/// True if the step sees what is there.
constexpr bool reads(Access access) {
  return access == Access::kRead || access == Access::kReadModifyWrite ||
         access == Access::kAcquire;
}

class ReadPairs {
 public:
  static constexpr std::uint32_t kPairsMax = 1024, kCells = 2048, kPlacesMax = 10;
  /// In place of the site of a write: nobody has written.
  static constexpr SiteId kInitial{0};

  struct Pair {
    SiteId read{}, write{};
    std::uint32_t seen = 0;   // In so many executions.
    std::uint32_t aimed = 0;  // So many executions wanted it or its opposite.
    bool takes = false;       // The read takes a lock or its like.
  };

  ReadPairs();

  /// A new execution: nobody has written.
  void begin();
  /// `actor` takes a step.
  void take(ActorId actor, const PendingStep& step);

  /// Of this execution: who wrote the object of `step` last, before it.
  SiteId writer(const PendingStep& step) const;
  /// Whether `place` was ever at the object of `step`.
  bool meets(const PendingStep& step, SiteId place) const;

  /// Stays valid until take().
  std::span<Pair> pairs() { return pairs_; }
  /// How many pairs this execution saw that none before it had seen.
  std::uint32_t news() const { return news_; }
  /// The set of the pairs that this execution saw, as a number.
  std::uint64_t signature() const { return signature_; }

 private:
  struct Cell {
    std::uint32_t object = 0;  // 0: none.
    std::uint32_t execution = 0;
    SiteId writer{};  // In that execution, and by whom.
    ActorId actor{};
    bool taken = false;    // The writer took it and has not given it back.
    bool several = false;  // Several actors were here, in any execution …
    bool whole = false;    // … before this one, so that all that is done here is seen.
    std::uint8_t count = 0;
    std::array<std::uint8_t, kPlacesMax> how{};  // Of each place, see below.
    std::array<SiteId, kPlacesMax> places{};
    std::array<ActorId, kPlacesMax> by{};  // Of each place: the first who was there.
  };
  static constexpr std::uint8_t kReads = 1, kWrites = 2, kByMany = 4, kTakes = 8;

  static std::uint32_t cell_of(ObjectId object) {
    return static_cast<std::uint32_t>(object) % kCells;
  }
  Cell& cell(ActorId actor, const PendingStep& step);
  void visit(Cell& cell, ActorId actor, SiteId place, std::uint8_t how);
  void could_be(const Cell& cell);
  void could_read(const Cell& cell, std::uint32_t read, SiteId write);
  std::uint32_t find(SiteId read, SiteId write);  // kPairsMax: there is no room for it.

  std::uint32_t execution_ = 0;
  std::uint32_t news_ = 0;
  std::uint64_t signature_ = 0;
  std::vector<Cell> cells_;
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> seen_in_;  // Of each pair: the last execution that saw it.
  std::vector<std::uint16_t> index_;    // By hash of a pair: its number + 1; 0: none.
};

}  // namespace reweave
