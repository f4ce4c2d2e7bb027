#include "runtime/program/races.h"

#include <algorithm>
#include <bit>

#include "scheduler/base/internal_check.h"

namespace reweave::program {
namespace {

constexpr std::size_t kObjectsAtFirst = 256;

std::size_t hash_of(std::uintptr_t number, std::size_t bits) {
  return number * 0x9e3779b97f4a7c15u >> (64 - bits);
}

bool acquires(Order order) {
  return order == Order::kAcquire || order == Order::kConsume || order >= Order::kBoth;
}
bool releases(Order order) { return order == Order::kRelease || order >= Order::kBoth; }

}  // namespace

Races::Races()
    : objects_(kObjectsAtFirst), words_(std::make_unique<Word[]>(std::size_t{1} << kWordBits)) {}

void Races::begin() {
  if (++execution_ == 0) {  // Once in four thousand million.
    for (Object& each : objects_) each.execution = 0;
    std::fill_n(words_.get(), std::size_t{1} << kWordBits, Word{});
    execution_ = 1;
  }
  objects_used_ = 0;
  allowed_.clear();
  count_ = 0;
  created(0, 0);
}

void Races::created(std::uint32_t parent, std::uint32_t child) {
  CHECK(child == count_);
  if (threads_.size() <= child) threads_.resize(child + 1);
  ++count_;
  ThreadClocks& clocks = threads_[child];
  if (child != 0) {
    clocks.now = threads_[parent].now;
    tick(parent);
  } else {
    clocks.now.clear();
  }
  clocks.now.resize(std::max<std::size_t>(clocks.now.size(), child + 1));
  clocks.acquired.clear();
  clocks.fenced.clear();
  tick(child);
}

void Races::join(Clock& clock, const Clock& other) {
  if (clock.size() < other.size()) clock.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

void Races::joined(std::uint32_t thread, std::uint32_t ended) {
  join(threads_[thread].now, threads_[ended].now);
}

void Races::meet() {
  Clock& all = threads_[0].now;
  for (std::uint32_t i = 1; i < count_; ++i) join(all, threads_[i].now);
  for (std::uint32_t i = 1; i < count_; ++i) threads_[i].now = all;
  for (std::uint32_t i = 0; i < count_; ++i) tick(i);
}

Races::Object& Races::object(const void* address) {
  if (objects_used_ * 2 >= objects_.size()) {
    std::vector<Object> old(objects_.size() * 2);
    old.swap(objects_);
    objects_used_ = 0;
    for (Object& each : old) {
      if (each.execution != execution_) continue;
      Object& moved = object(each.address);
      moved.clock = std::move(each.clock);
      moved.taker = each.taker;
    }
  }
  const auto bits = static_cast<std::size_t>(__builtin_ctzll(objects_.size()));
  std::size_t at = hash_of(reinterpret_cast<std::uintptr_t>(address), bits);
  while (objects_[at].execution == execution_ && objects_[at].address != address) {
    at = (at + 1) & (objects_.size() - 1);
  }
  Object& found = objects_[at];
  if (found.execution != execution_) {
    found.address = address;
    found.execution = execution_;
    found.clock.clear();
    found.taker = 0;
    ++objects_used_;
  }
  return found;
}

void Races::release(std::uint32_t thread, const void* address) {
  join(object(address).clock, threads_[thread].now);
  tick(thread);
}

void Races::acquire(std::uint32_t thread, const void* address) {
  join(threads_[thread].now, object(address).clock);
}

void Races::load(std::uint32_t thread, const void* address, Order order) {
  ThreadClocks& clocks = threads_[thread];
  join(acquires(order) ? clocks.now : clocks.acquired, object(address).clock);
}

void Races::store(std::uint32_t thread, const void* address, Order order) {
  ThreadClocks& clocks = threads_[thread];
  object(address).taker = 0;
  // Also empty: whoever reads this value is not after what an earlier one published.
  object(address).clock = releases(order) ? clocks.now : clocks.fenced;
  tick(thread);
}

void Races::exchange(std::uint32_t thread, const void* address, Order order) {
  ThreadClocks& clocks = threads_[thread];
  Object& at = object(address);
  join(acquires(order) ? clocks.now : clocks.acquired, at.clock);
  // What earlier ones published goes on: an exchange continues a release sequence.
  const bool gives_back = at.taker == thread + 1;
  join(at.clock, releases(order) || gives_back ? clocks.now : clocks.fenced);
  at.taker = acquires(order) && !gives_back ? thread + 1 : 0;
  tick(thread);
}

void Races::fence(std::uint32_t thread, Order order) {
  ThreadClocks& clocks = threads_[thread];
  if (acquires(order)) join(clocks.now, clocks.acquired);
  if (!releases(order)) return;
  clocks.fenced = clocks.now;
  tick(thread);
}

Races::Word& Races::place_of(std::uintptr_t number) {
  const std::uintptr_t place = number_of_(reinterpret_cast<const void*>(number << 3)) >> 3;
  return words_[hash_of(place, kWordBits)];
}

Races::Word& Races::word(std::uintptr_t number) {
  Word& found = place_of(number);
  if (found.number != number || found.execution != execution_) {
    found.number = number;
    found.execution = execution_;
    found.next = 0;
    found.entries.fill({});
  }
  return found;
}

bool Races::access_word(std::uint32_t thread, std::uintptr_t number, std::uint8_t bytes,
                        const Access& access, RacingAccess* other) {
  Word& at = word(number);
  const Clock& now = threads_[thread].now;
  const std::uint8_t kind =
      static_cast<std::uint8_t>((access.write ? kWrite : 0) | (access.atomic ? kAtomic : 0));
  const Entry mine{now[thread], static_cast<std::uint16_t>(thread), bytes, kind, access.site};
  Entry* place = nullptr;
  for (Entry& entry : at.entries) {
    if (entry.time == 0) {
      if (place == nullptr) place = &entry;
      continue;
    }
    if (entry.thread == thread) {
      // An entry says more than another one if it is a write, covers more and is newer.
      const bool covered =
          (entry.bytes & ~bytes) == 0 && (entry.kind & kAtomic) == (kind & kAtomic);
      if (covered && (access.write || (entry.kind & kWrite) == 0)) place = &entry;
      continue;
    }
    if ((entry.bytes & bytes) == 0) continue;
    if (((entry.kind | kind) & kWrite) == 0) continue;
    if ((entry.kind & kind & kAtomic) != 0) continue;
    if (entry.thread < now.size() && entry.time <= now[entry.thread]) continue;
    *other = {entry.thread, entry.site, (entry.kind & kWrite) != 0, (entry.kind & kAtomic) != 0,
              static_cast<std::uint32_t>(std::popcount(entry.bytes))};
    return true;
  }
  if (place == nullptr) place = &at.entries[at.next++ % at.entries.size()];
  *place = mine;
  return false;
}

bool Races::access(std::uint32_t thread, const Access& access, RacingAccess* other) {
  const auto begin = reinterpret_cast<std::uintptr_t>(access.address);
  for (const auto& [from, bytes] : allowed_) {
    if (begin - from < bytes) return false;
  }
  for (std::uint32_t done = 0; done < access.bytes;) {
    const std::uintptr_t at = begin + done;
    const auto offset = static_cast<std::uint32_t>(at & 7);
    const std::uint32_t part = std::min(8 - offset, access.bytes - done);
    const auto bytes = static_cast<std::uint8_t>(((1u << part) - 1) << offset);
    if (access_word(thread, at >> 3, bytes, access, other)) return true;
    done += part;
  }
  return false;
}

void Races::forget(const void* address, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address) >> 3;
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(address) + bytes + 7) >> 3;
  if (end - begin > std::size_t{1} << kWordBits) {
    for (std::size_t i = 0; i < std::size_t{1} << kWordBits; ++i) {
      if (words_[i].number - begin < end - begin) words_[i].execution = 0;
    }
    return;
  }
  for (std::uintptr_t number = begin; number < end; ++number) {
    Word& found = place_of(number);
    if (found.number == number) found.execution = 0;
  }
}

}  // namespace reweave::program
