#include "runtime/life/dict_object.h"

#include <new>
#include <utility>

#include "runtime/tasklet/allocation.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

static_assert(sizeof(DictObject) % alignof(Dict) == 0);
static_assert(sizeof(DictTable) % alignof(DictEntry) == 0);

// In order of creation, and never an address: the order of a table must be the same on every run.
DictKey DictKey::of(const Object* object) {
  const auto word = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(object));
  if (object->kind == ObjectKind::kTasklet)
    return {word, std::uint64_t{static_cast<const Tasklet*>(object)->serial} << 1};
  return {word, std::uint64_t{static_cast<const Thing*>(object)->number} << 1 | 1};
}

DictEntry* HeapTables::take_table(std::size_t count) {
  auto* const table = heap_.make<DictTable>(ObjectKind::kDictTable, count * sizeof(DictEntry));
  table->count = count;
  for (std::size_t i = 0; i < count; ++i) new (table->entries() + i) DictEntry{};
  return table->entries();
}

void HeapTables::give_table_back(DictEntry* table, std::size_t count) {
  DictTable* const header = DictTable::of(table);
  CHECK(!header->dead);
  CHECK(header->count == count);
  heap_.retire(header);
}

DictObject* make_dict(Thread& thread, bool counts_keys, const DictTuning& tuning) {
  if (lacks_memory(thread)) return nullptr;
  auto* const object = thread.heap().make<DictObject>(
      ObjectKind::kDict, sizeof(Dict) + tuning.smallest * sizeof(DictEntry));
  auto* const first = reinterpret_cast<DictEntry*>(&object->dict() + 1);
  for (std::uint32_t i = 0; i < tuning.smallest; ++i) new (first + i) DictEntry{};
  new (&object->dict()) Dict(tuning, thread.shared().tables, first);
  object->counts_keys = counts_keys;
  object->made_before = std::exchange(thread.shared().last_dict, object);
  return object;
}

Object* dict_get(Thread& thread, const DictObject* object, DictKey key) {
  Object* const value = object->dict().find(key.word, key.hash);
  if (value == nullptr) return nullptr;
  if (value->dead || value->refs == 0) report_dangling_object(thread, value, "found");
  return retain(value);
}

Object* dict_set(Thread& thread, DictObject* object, DictKey key, Object* value) {
  thread.shared().touched.add(object);
  if (lacks_memory(thread)) {
    thread.release(value);
    return nullptr;
  }
  Dict& dict = object->dict();
  if (thread.settings().defects.has(Defect::kDictReleasesFirst)) {
    // The historical defect: the entry that was found is used after a release that may have given
    // its table up.
    if (DictEntry* const entry = dict.entry(key.word, key.hash); entry != nullptr) {
      const std::uint32_t version = dict.version();
      thread.release(entry->value);
      require(thread, dict.version() == version, "dict-entry-of-old-table");
      entry->value = value;
      return thread.none();
    }
  }
  Object* const old = dict.set(key.word, key.hash, value);
  if (old != nullptr) {
    thread.release(old);
  } else if (object->counts_keys) {
    (void)retain(key.object());
  }
  return thread.none();
}

void dict_remove(Thread& thread, DictObject* object, DictKey key) {
  thread.shared().touched.add(object);
  Dict& dict = object->dict();
  if (thread.settings().defects.has(Defect::kDictReleasesFirst)) {
    if (DictEntry* const entry = dict.entry(key.word, key.hash); entry != nullptr) {
      const std::uint32_t version = dict.version();
      thread.release(entry->value);
      require(thread, dict.version() == version, "dict-entry-of-old-table");
      dict.remove(*entry);
      if (object->counts_keys) thread.release(key.object());
    }
    return;
  }
  const DictEntry removed = dict.remove(key.word, key.hash);
  if (removed.value == nullptr) return;
  thread.release(removed.value);
  if (object->counts_keys) thread.release(key.object());
}

void dict_clear(Thread& thread, DictObject* object) {
  thread.shared().touched.add(object);
  Dict& dict = object->dict();
  const auto release_entry = [&](const DictEntry& entry) {
    if (object->counts_keys) thread.release(DictKey{entry.key, entry.hash}.object());
    thread.release(entry.value);
  };
  if (thread.settings().defects.has(Defect::kDictClearsInPlace)) {
    // The historical defect: the table is emptied where it is, while code that runs meanwhile may
    // fill it, or give it up.
    const std::uint32_t version = dict.version();
    for (std::size_t i = 0; i < dict.size(); ++i) {
      const DictEntry entry = dict.begin()[i];
      if (entry.value == nullptr) continue;
      dict.remove(*dict.entry(entry.key, entry.hash));
      release_entry(entry);
      require(thread, dict.version() == version, "dict-entry-of-old-table");
    }
    dict.empty();
    return;
  }
  const Dict::Detached detached = dict.detach();
  for (std::size_t i = 0; i < detached.count && detached.table[i].value != nullptr; ++i)
    release_entry(detached.table[i]);
  dict.give_back(detached);
}

void destroy_dict(Thread& thread, DictObject* object) {
  dict_clear(thread, object);
  thread.heap().retire(object);
  // Who walks through all dicts must be able to go past the dead.
  sanitizer::unpoison(&object->made_before, sizeof object->made_before);
}

}  // namespace reweave::runtime
