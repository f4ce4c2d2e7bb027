#include "scheduler/strategy/read_pairs.h"

#include "scheduler/base/hash.h"

namespace reweave {
namespace {

std::uint64_t hash_of(SiteId read, SiteId write) {
  return mix_hash(static_cast<std::uint64_t>(read) + 1, static_cast<std::uint64_t>(write) + 1);
}

}  // namespace

ReadPairs::ReadPairs() : cells_(kCells), index_(std::size_t{4} * kPairsMax) {
  pairs_.reserve(kPairsMax);
  seen_in_.reserve(kPairsMax);
}

void ReadPairs::begin() {
  ++execution_;
  news_ = 0;
  signature_ = 0;
}

SiteId ReadPairs::writer(const PendingStep& step) const {
  const Cell& cell = cells_[cell_of(step.object)];
  const bool known =
      cell.object == static_cast<std::uint32_t>(step.object) && cell.execution == execution_;
  return known ? cell.writer : kInitial;
}

bool ReadPairs::meets(const PendingStep& step, SiteId place) const {
  const Cell& cell = cells_[cell_of(step.object)];
  if (cell.object != static_cast<std::uint32_t>(step.object)) return false;
  for (std::uint32_t i = 0; i < cell.count; ++i) {
    if (cell.places[i] == place) return true;
  }
  return false;
}

ReadPairs::Cell& ReadPairs::cell(ActorId actor, const PendingStep& step) {
  Cell& cell = cells_[cell_of(step.object)];
  const auto object = static_cast<std::uint32_t>(step.object);
  if (cell.object != object) cell = Cell{.object = object};
  if (cell.execution != execution_) {
    cell.execution = execution_;
    cell.writer = kInitial;
    cell.actor = actor;
    cell.taken = false;
    cell.whole = cell.several;
  }
  if (!cell.several && cell.actor != actor) {
    cell.several = true;
    could_be(cell);
  }
  return cell;
}

void ReadPairs::take(ActorId actor, const PendingStep& step) {
  if (step.access == Access::kNone || !step.known() || step.object == ObjectId{}) return;
  Cell& at = cell(actor, step);
  const bool mine = at.actor == actor;
  if (step.access == Access::kRelease && at.taken && mine) {
    at.taken = false;
    return;
  }
  if (step.access == Access::kAcquire && at.taken && !mine) return;  // It has to wait.
  std::uint8_t how = step.access == Access::kAcquire ? kTakes : 0;
  if (reads(step.access)) {
    how |= kReads;
    const std::uint32_t pair = at.whole ? find(step.site, at.writer) : kPairsMax;
    if (pair != kPairsMax && seen_in_[pair] != execution_) {
      seen_in_[pair] = execution_;
      if (pairs_[pair].seen++ == 0) ++news_;
      signature_ += hash_of(step.site, at.writer);
    }
  }
  if (changes(step.access)) {
    how |= kWrites;
    at.writer = step.site;
    at.actor = actor;
    at.taken = step.access == Access::kAcquire;
  }
  visit(at, actor, step.site, how);
}

void ReadPairs::visit(Cell& cell, ActorId actor, SiteId place, std::uint8_t how) {
  std::uint32_t i = 0;
  while (i < cell.count && cell.places[i] != place) ++i;
  if (i == kPlacesMax) return;
  if (i == cell.count) {
    cell.places[i] = place;
    cell.how[i] = 0;
    cell.by[i] = actor;
    ++cell.count;
  }
  if (cell.by[i] != actor) how |= kByMany;
  if ((cell.how[i] & how) == how) return;
  cell.how[i] |= how;
  if (cell.several) could_be(cell);
}

void ReadPairs::could_be(const Cell& cell) {
  for (std::uint32_t i = 0; i < cell.count; ++i) {
    if ((cell.how[i] & kReads) == 0) continue;
    could_read(cell, i, kInitial);
    for (std::uint32_t k = 0; k < cell.count; ++k) {
      const bool alone = cell.by[i] == cell.by[k] && ((cell.how[i] | cell.how[k]) & kByMany) == 0;
      if ((cell.how[k] & kWrites) != 0 && !alone) could_read(cell, i, cell.places[k]);
    }
  }
}

void ReadPairs::could_read(const Cell& cell, std::uint32_t read, SiteId write) {
  const std::uint32_t pair = find(cell.places[read], write);
  if (pair != kPairsMax && (cell.how[read] & kTakes) != 0) pairs_[pair].takes = true;
}

std::uint32_t ReadPairs::find(SiteId read, SiteId write) {
  std::size_t at = hash_of(read, write) % index_.size();
  for (; index_[at] != 0; at = (at + 1) % index_.size()) {
    const Pair& pair = pairs_[index_[at] - 1u];
    if (pair.read == read && pair.write == write) return index_[at] - 1u;
  }
  if (pairs_.size() == kPairsMax) return kPairsMax;
  pairs_.push_back({.read = read, .write = write});
  seen_in_.push_back(0);
  index_[at] = static_cast<std::uint16_t>(pairs_.size());
  return index_[at] - 1u;
}

}  // namespace reweave
