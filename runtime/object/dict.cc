#include "runtime/object/dict.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

namespace {
constexpr unsigned kPerturbShift = 5;
}

bool DictTuning::is_valid() const {
  const bool power_of_two = smallest != 0 && (smallest & (smallest - 1)) == 0;
  return power_of_two && smallest <= kSmallestMax && load_num > 0 && load_num <= load_den &&
         growth_den > 0 && growth_num >= growth_den;
}

DictEntry* SystemTables::take_table(std::size_t count) {
  // Zeroed pages of the system are what a DictEntry{} is, and cost nothing until they are touched.
  static_assert(DictEntry::kNeverUsed == 0);
  void* const memory = std::calloc(count, sizeof(DictEntry));
  CHECK_MSG(memory != nullptr, "no memory for the table of a dict");
  bytes_ += count * sizeof(DictEntry);
  bytes_max_ = std::max(bytes_max_, bytes_);
  return static_cast<DictEntry*>(memory);
}

void SystemTables::give_table_back(DictEntry* table, std::size_t count) {
  bytes_ -= count * sizeof(DictEntry);
  std::free(table);
}

Dict::Dict(const DictTuning& tuning, TableMemory& memory, DictEntry* first)
    : tuning_(tuning), table_(first), first_(first), mask_(tuning.smallest - 1), memory_(memory) {
  CHECK(tuning.is_valid());
}

Dict::~Dict() {
  if (!is_first_table()) memory_.give_table_back(table_, size());
}

// The entry with this key, or the free one where it belongs: the first dummy on the way, if any.
// Every bit of the hash comes into play as `perturb` is used up; from then on the sequence goes
// through the whole table.
DictEntry* Dict::search(std::uint64_t key, std::uint64_t hash) const {
  DictEntry* dummy = nullptr;
  std::size_t i = static_cast<std::size_t>(hash);
  for (std::uint64_t perturb = hash;; perturb >>= kPerturbShift) {
    DictEntry& entry = table_[i & mask_];
    if (entry.value != nullptr) {
      if (entry.key == key) return &entry;
    } else if (entry.key == DictEntry::kNeverUsed) {
      return dummy != nullptr ? dummy : &entry;
    } else if (dummy == nullptr) {
      dummy = &entry;
    }
    i = (i << 2) + i + static_cast<std::size_t>(perturb) + 1;
  }
}

Object* Dict::set(std::uint64_t key, std::uint64_t hash, Object* value) {
  DCHECK(value != nullptr);
  DCHECK(fill_ <= mask_);
  DictEntry& entry = *search(key, hash);
  Object* const old = entry.value;
  entry.value = value;
  if (old != nullptr) return old;
  if (entry.key == DictEntry::kNeverUsed) ++fill_;
  entry.hash = hash;
  entry.key = key;
  ++used_;
  if (is_full()) grow();
  return nullptr;
}

DictEntry Dict::remove(std::uint64_t key, std::uint64_t hash) {
  DictEntry* const found = search(key, hash);
  const DictEntry removed = *found;
  if (removed.value != nullptr) remove(*found);
  return removed;
}

void Dict::remove(DictEntry& entry) {
  entry.value = nullptr;
  entry.key = DictEntry::kDummy;
  --used_;
}

bool Dict::is_full() const {
  const std::uint64_t limit = std::uint64_t{tuning_.load_num} * size();
  if (tuning_.test == DictTuning::Test::kReached) return fill_ * tuning_.load_den >= limit;
  return (fill_ + 1) * tuning_.load_den > limit;
}

void Dict::grow() {
  if (tuning_.slower_above != 0 && used_ > tuning_.slower_above) {
    resize(std::uint64_t{used_} * 2);
  } else {
    resize(std::uint64_t{used_} * tuning_.growth_num / tuning_.growth_den);
  }
}

void Dict::resize(std::uint64_t more_than) {
  std::size_t count = tuning_.smallest;
  while (count <= more_than) count <<= 1;
  DictEntry* const old = table_;
  const std::size_t old_count = size();
  const bool was_first = is_first_table();
  if (count == tuning_.smallest && was_first && fill_ == used_) return;  // Nothing would change.
  // The first table has only one place: what is in it steps aside.
  const bool in_place = was_first && count == tuning_.smallest;
  DictEntry* from = old;
  if (in_place) {
    from = memory_.take_table(old_count);
    std::copy_n(old, old_count, from);
  }
  if (count == tuning_.smallest) {
    table_ = first_;
    std::fill_n(first_, count, DictEntry{});
  } else {
    table_ = memory_.take_table(count);
  }
  mask_ = count - 1;
  fill_ = used_;
  ++version_;
  for (std::size_t i = 0; i < old_count; ++i) {
    if (from[i].value != nullptr) insert_clean(from[i]);
  }
  if (in_place || !was_first) memory_.give_table_back(from, old_count);
}

// Into a table without dummies, that does not have the key.
void Dict::insert_clean(const DictEntry& entry) {
  std::size_t i = static_cast<std::size_t>(entry.hash);
  for (std::uint64_t perturb = entry.hash; table_[i & mask_].value != nullptr;
       perturb >>= kPerturbShift) {
    i = (i << 2) + i + static_cast<std::size_t>(perturb) + 1;
  }
  table_[i & mask_] = entry;
}

// The order must not tell of the table's history, or of its tuning: a program sees it.
Dict::Detached Dict::detach() {
  if (fill_ == 0) return {};
  Detached detached{table_, size()};
  if (is_first_table()) {
    detached.table = memory_.take_table(size());
    std::copy_n(first_, size(), detached.table);
  }
  table_ = first_;
  empty();
  std::sort(detached.table, detached.table + detached.count,
            [](const DictEntry& a, const DictEntry& b) {
              if ((a.value == nullptr) != (b.value == nullptr)) return b.value == nullptr;
              return a.hash < b.hash;
            });
  return detached;
}

void Dict::empty() {
  if (!is_first_table()) memory_.give_table_back(table_, size());
  table_ = first_;
  mask_ = tuning_.smallest - 1;
  fill_ = used_ = 0;
  ++version_;
  std::fill_n(first_, size(), DictEntry{});
}

void Dict::give_back(Detached detached) {
  if (detached.table != nullptr) memory_.give_table_back(detached.table, detached.count);
}

}  // namespace reweave::runtime
