#include "runtime/life/dict_object.h"

#include <new>
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "scheduler/base/check.h"

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

DictObject* Thread::make_dict(bool counts_keys, const DictTuning& tuning) {
  if (lacks_memory()) return nullptr;
  auto* const object =
      heap_.make<DictObject>(ObjectKind::kDict, sizeof(Dict) + tuning.smallest * sizeof(DictEntry));
  auto* const first = reinterpret_cast<DictEntry*>(&object->dict() + 1);
  for (std::uint32_t i = 0; i < tuning.smallest; ++i) new (first + i) DictEntry{};
  new (&object->dict()) Dict(tuning, runtime_.tables_, first);
  object->counts_keys = counts_keys;
  object->made_before = std::exchange(runtime_.last_dict_, object);
  return object;
}

Object* Thread::dict_get(const DictObject* object, DictKey key) {
  Object* const value = object->dict().find(key.word, key.hash);
  if (value == nullptr) return nullptr;
  if (value->dead || value->refs == 0) report_dangling_object(value, "found");
  return retain(value);
}

Object* Thread::dict_set(DictObject* object, DictKey key, Object* value) {
  touched_.add(object);
  if (lacks_memory()) {
    release(value);
    return nullptr;
  }
  Dict& dict = object->dict();
  if (settings_.defects.has(Defect::kDictReleasesFirst)) {
    // The historical defect: the entry that was found is used after a release that may have given
    // its table up.
    if (DictEntry* const entry = dict.entry(key.word, key.hash); entry != nullptr) {
      const std::uint32_t version = dict.version();
      release(entry->value);
      require(dict.version() == version, "dict-entry-of-old-table");
      entry->value = value;
      return none();
    }
  }
  Object* const old = dict.set(key.word, key.hash, value);
  if (old != nullptr) {
    release(old);
  } else if (object->counts_keys) {
    (void)retain(key.object());
  }
  return none();
}

void Thread::dict_remove(DictObject* object, DictKey key) {
  touched_.add(object);
  Dict& dict = object->dict();
  if (settings_.defects.has(Defect::kDictReleasesFirst)) {
    if (DictEntry* const entry = dict.entry(key.word, key.hash); entry != nullptr) {
      const std::uint32_t version = dict.version();
      release(entry->value);
      require(dict.version() == version, "dict-entry-of-old-table");
      dict.remove(*entry);
      if (object->counts_keys) release(key.object());
    }
    return;
  }
  const DictEntry removed = dict.remove(key.word, key.hash);
  if (removed.value == nullptr) return;
  release(removed.value);
  if (object->counts_keys) release(key.object());
}

void Thread::dict_clear(DictObject* object) {
  touched_.add(object);
  Dict& dict = object->dict();
  const auto release_entry = [&](const DictEntry& entry) {
    if (object->counts_keys) release(DictKey{entry.key, entry.hash}.object());
    release(entry.value);
  };
  if (settings_.defects.has(Defect::kDictClearsInPlace)) {
    // The historical defect: the table is emptied where it is, while code that runs meanwhile may
    // fill it, or give it up.
    const std::uint32_t version = dict.version();
    for (std::size_t i = 0; i < dict.size(); ++i) {
      const DictEntry entry = dict.begin()[i];
      if (entry.value == nullptr) continue;
      dict.remove(*dict.entry(entry.key, entry.hash));
      release_entry(entry);
      require(dict.version() == version, "dict-entry-of-old-table");
    }
    dict.empty();
    return;
  }
  const Dict::Detached detached = dict.detach();
  for (std::size_t i = 0; i < detached.count && detached.table[i].value != nullptr; ++i)
    release_entry(detached.table[i]);
  dict.give_back(detached);
}

void Thread::destroy_dict(DictObject* object) {
  dict_clear(object);
  heap_.retire(object);
  // Who walks through all dicts must be able to go past the dead.
  sanitizer::unpoison(&object->made_before, sizeof object->made_before);
}

}  // namespace reweave::runtime
