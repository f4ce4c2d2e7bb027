// A dict like CPython 2.7's: open addressing, perturbed probing, tables of a power of two, a first
// table that is part of the dict itself; and the three numbers that decide how sparse it is, as
// parameters: the smallest table, the highest load, the rate of growth.
//
// A key is a word, equal to none but itself, and comes with its hash: the number of an object or of
// a name, never an address, so that where an entry stands is the same on every run and machine.
// A deleted entry leaves a dummy behind, for what collided with it stands further on. `fill` counts
// entries and dummies, `used` entries alone. After an insertion that made `used` grow, a table that
// is filled to the highest load gives way to the smallest that is larger than `used` times the
// growth rate: also a smaller one, if it was full of dummies.
//
// The dict counts no references and releases nothing. What it lets go of it hands out, and by then
// it is in order again: so whoever releases that may run any code, which may change this dict. But
// no pointer to an entry may be kept over it, because the table may be another one afterwards;
// version() tells. Who breaks this rule has one of the defects of defects.def.
//
// Cost: an entry is three words. One call of TableMemory for each table that is not the first; no
// other allocation, no virtual call.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/object/object.h"

namespace reweave::runtime {

/// How sparse a dict is. See is_valid().
struct DictTuning {
  /// When a table is full, `limit` being the highest load of its entries.
  enum class Test : std::uint8_t {
    kReached,   // fill ≥ limit after the insertion: CPython's test.
    kNextOver,  // One more would be > limit: the test for the next insertion, made before it.
  };
  std::uint32_t smallest = 8;  // Entries of the first table: a power of two.
  std::uint32_t load_num = 2;  // The highest load: load_num / load_den.
  std::uint32_t load_den = 3;
  std::uint32_t growth_num = 4;  // The rate of growth.
  std::uint32_t growth_den = 1;
  /// More entries than these: a table of twice `used`, as CPython's `used > 50000 ? 2 : 4`. 0: no
  /// such limit.
  std::uint32_t slower_above = 50'000;
  Test test = Test::kReached;

  static constexpr std::uint32_t kSmallestMax = 1u << 16;
  /// There is always an entry that was never used, so that every search ends.
  bool is_valid() const;
  bool operator==(const DictTuning&) const = default;
};

/// What CPython 2.7 is built with: 8, 2/3, four times.
inline constexpr DictTuning kDefaultDict{};
/// As the post says that its build was tuned: 1, 4/5, one and a half times.
inline constexpr DictTuning kThriftyDict{.smallest = 1,
                                         .load_num = 4,
                                         .load_den = 5,
                                         .growth_num = 3,
                                         .growth_den = 2,
                                         .slower_above = 0};

struct DictEntry {
  std::uint64_t hash = 0;
  std::uint64_t key = 0;    // Without a value: kNeverUsed or kDummy.
  Object* value = nullptr;  // Null: no entry.

  static constexpr std::uint64_t kNeverUsed = 0, kDummy = 1;
};

/// Where tables come from. `count` entries, all of them as a DictEntry{} is.
class TableMemory {
 public:
  virtual ~TableMemory() = default;
  /// Never null.
  virtual DictEntry* take_table(std::size_t count) = 0;
  virtual void give_table_back(DictEntry* table, std::size_t count) = 0;
};

/// Tables from the system, for dicts outside of an execution. Counts the bytes.
class SystemTables final : public TableMemory {
 public:
  /// No memory: a failed CHECK.
  DictEntry* take_table(std::size_t count) override;
  void give_table_back(DictEntry* table, std::size_t count) override;
  std::size_t bytes() const { return bytes_; }
  /// The most that there ever were, as while a table is copied to another one.
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  std::size_t bytes_ = 0;
  std::size_t bytes_max_ = 0;
};

class Dict {
 public:
  /// `first`: the first table, tuning.smallest times DictEntry{}. It and `memory` must outlive the
  /// dict.
  Dict(const DictTuning& tuning, TableMemory& memory, DictEntry* first);
  /// What it holds is forgotten, not released.
  ~Dict();
  Dict(const Dict&) = delete;
  Dict& operator=(const Dict&) = delete;

  /// The value of a key; null: there is none.
  Object* find(std::uint64_t key, std::uint64_t hash) const { return search(key, hash)->value; }
  /// Stores `value`, which is not null. Returns the value in whose place it is; null: the key is
  /// new in the dict.
  Object* set(std::uint64_t key, std::uint64_t hash, Object* value);
  /// Deletes an entry, and returns it as it was. Without a value: there is none.
  DictEntry remove(std::uint64_t key, std::uint64_t hash);

  /// A table without its dict.
  struct Detached {
    DictEntry* table = nullptr;
    std::size_t count = 0;
  };
  /// Makes the dict empty, with its first table. What was in it is the caller's, in order of
  /// hashes, entries first; to be given back by give_back(). No table: it was empty.
  Detached detach();
  void give_back(Detached detached);

  std::size_t used() const { return used_; }
  std::size_t fill() const { return fill_; }
  std::size_t size() const { return mask_ + 1; }
  const DictTuning& tuning() const { return tuning_; }
  /// Goes up whenever the table becomes another one, or is emptied.
  std::uint32_t version() const { return version_; }
  bool is_first_table() const { return table_ == first_; }

  /// The entries, the free ones as well: those with a value are in use. Until the next change.
  const DictEntry* begin() const { return table_; }
  const DictEntry* end() const { return table_ + size(); }

  /// The place of a key, for who changes its value in place: null if there is none. Good as long as
  /// version() is the same.
  DictEntry* entry(std::uint64_t key, std::uint64_t hash) {
    DictEntry* const at = search(key, hash);
    return at->value == nullptr ? nullptr : at;
  }
  /// Turns an entry into a dummy.
  void remove(DictEntry& entry);
  /// Forgets all entries where they stand: see detach() for how it is done properly.
  void empty();

  /// How many bytes it is, where its head, without the first table, has `head` and an entry
  /// `entry`.
  std::size_t bytes(std::size_t head, std::size_t entry) const {
    return head + entry * (tuning_.smallest + (is_first_table() ? 0 : size()));
  }

 private:
  DictEntry* search(std::uint64_t key, std::uint64_t hash) const;
  void grow();
  void resize(std::uint64_t more_than);
  void insert_clean(const DictEntry& entry);
  bool is_full() const;

  DictTuning tuning_;
  std::uint32_t version_ = 0;
  DictEntry* table_;
  DictEntry* const first_;
  std::size_t mask_;
  std::size_t fill_ = 0;
  std::size_t used_ = 0;
  TableMemory& memory_;
};

}  // namespace reweave::runtime
