// A dict as an object: what dict.h is, with counted references to the values and, where keys are
// objects, to the keys.
//
// Each tasklet may have one for its locals, by number; a program has one with objects for keys.
// Whatever leaves a dict is released when the dict is in order again: an old value after the new
// one is in its place, a deleted entry after it has become a dummy, the entries of a cleared dict
// after it has another table. For a release may run code that changes this very dict, and then its
// table is another one.
//
// The head is followed by the table that is part of it; a larger one is a DictTable of the heap,
// which belongs to its dict alone. So a table that was given up is recognised like any object that
// died: by its generation, and by AddressSanitizer.
#pragma once

#include "runtime/object/dict.h"
#include "runtime/object/object.h"

namespace reweave::runtime {

class Heap;
class Thread;

struct DictTable : Object {
  std::size_t count = 0;
  DictEntry* entries() { return reinterpret_cast<DictEntry*>(this + 1); }
  static DictTable* of(const DictEntry* entries) {
    return reinterpret_cast<DictTable*>(const_cast<DictEntry*>(entries)) - 1;
  }
};

struct DictObject : Object {
  bool counts_keys = false;           // Its keys are objects.
  DictObject* made_before = nullptr;  // The dict made before it in this execution.
  Dict& dict() { return *reinterpret_cast<Dict*>(this + 1); }
  const Dict& dict() const { return *reinterpret_cast<const Dict*>(this + 1); }
};

/// A key, and its hash. Keys that are equal have equal hashes.
struct DictKey {
  std::uint64_t word = 0;
  std::uint64_t hash = 0;

  static DictKey of(std::uint32_t number) { return {number, number}; }
  /// A tasklet or a thing. Nothing is retained.
  static DictKey of(const Object* object);
  Object* object() const { return reinterpret_cast<Object*>(word); }
};

/// Tables from the memory of an execution.
class HeapTables final : public TableMemory {
 public:
  explicit HeapTables(Heap& heap) : heap_(heap) {}
  DictEntry* take_table(std::size_t count) override;
  void give_table_back(DictEntry* table, std::size_t count) override;

 private:
  Heap& heap_;
};

/// An empty dict, whose keys are objects or numbers; owned. Null with MemoryError.
DictObject* make_dict(Thread& thread, bool counts_keys, const DictTuning& tuning = kThriftyDict);
/// The value of a key, owned; null: there is none, and no exception. One that is being destroyed is
/// a finding, `dangling-object`, which ends the execution.
Object* dict_get(Thread& thread, const DictObject* dict, DictKey key);
/// Stores `value` (owned), and retains a new key. The old value goes afterwards. None, or null with
/// MemoryError. Whoever calls holds the dict. May switch.
Object* dict_set(Thread& thread, DictObject* dict, DictKey key, Object* value);
/// Deletes an entry, if there is one. Whoever calls holds the dict and the key. May switch.
void dict_remove(Thread& thread, DictObject* dict, DictKey key);
/// Makes it empty; then all that was in it goes, in order of hashes. Whoever calls holds the dict.
/// May switch.
void dict_clear(Thread& thread, DictObject* dict);
/// The last reference is gone. May switch.
void destroy_dict(Thread& thread, DictObject* dict);

}  // namespace reweave::runtime
