// Dicts: lists of entries in the order of their hashes, which is that of creation. A cleared dict
// is empty before anything that was in it goes.
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// The entry of a key; nobody: there is none.
Id Specification::find_item(Id dict, Id key) const {
  while (dict != kNobody && item(dict).key != key) dict = item(dict).next;
  return dict;
}

// `value` has a reference for the dict already. `counted`: the key gets one, too.
Routine<Value> Specification::set_item(Id& dict, std::int64_t hash, Id key, Id value,
                                       bool counted) {
  const Id found = find_item(dict, key);
  if (found != kNobody) co_return co_await release(std::exchange(item(found).value, value));
  const auto made = static_cast<Id>(items_.size());
  items_.push_back({.hash = hash, .key = key, .value = value, .counted = counted});
  if (counted) ++at(key).references;
  Id* link = &dict;
  while (*link != kNobody && item(*link).hash < hash) link = &item(*link).next;
  item(made).next = std::exchange(*link, made);
  co_return Value{};
}

Routine<Value> Specification::remove_item(Id& dict, Id key) {
  Id* link = &dict;
  while (*link != kNobody && item(*link).key != key) link = &item(*link).next;
  if (*link == kNobody) co_return Value{};
  const DictItem removed = item(*link);
  *link = removed.next;
  co_await release(removed.value);
  if (removed.counted) co_await release(removed.key);
  co_return Value{};
}

Routine<Value> Specification::clear_dict(Id& dict) {
  for (Id left = std::exchange(dict, kNobody); left != kNobody;) {
    const DictItem removed = item(left);
    left = removed.next;
    if (removed.counted) co_await release(removed.key);
    co_await release(removed.value);
  }
  co_return Value{};
}

std::int64_t Specification::hash_of(Id object) const {
  if (is_tasklet(object)) return std::int64_t{at(object).serial} * 2;
  return std::int64_t{at(object).number} * 2 + 1;
}

Routine<Value> Specification::perform_on_locals(const Op& op) {
  const std::int32_t a = op.args[0], b = op.args[1];
  Id& locals = me().locals;
  switch (op.code) {
    case OpCode::kSetlocal:
      if (slot(b) == kNobody) co_return Value{};
      ++at(slot(b)).references;
      co_return co_await set_item(locals, a, a, slot(b), /*counted=*/false);
    case OpCode::kGetlocal:
      co_return co_await store_found(find_item(locals, a), b);
    case OpCode::kDellocal:
      co_return co_await remove_item(locals, a);
    case OpCode::kClearlocals:
      co_return co_await clear_dict(locals);
    default: {
      std::int32_t count = 0;
      for (Id each = locals; each != kNobody; each = item(each).next) ++count;
      say(count);
      log(EventKind::kLocals, {count});
      co_return Value{};
    }
  }
}

// The operation holds the key.
Routine<Value> Specification::perform_on_keys(Id key, const Op& op) {
  const std::int32_t b = op.args[1];
  switch (op.code) {
    case OpCode::kSetkey:
      if (slot(b) == kNobody) co_return Value{};
      ++at(slot(b)).references;
      co_return co_await set_item(keys_, hash_of(key), key, slot(b), /*counted=*/true);
    case OpCode::kGetkey:
      co_return co_await store_found(find_item(keys_, key), b);
    default:
      co_return co_await remove_item(keys_, key);
  }
}

Routine<Value> Specification::store_found(Id found, std::int32_t to) {
  const Id value = found == kNobody ? kNobody : item(found).value;
  if (value != kNobody) ++at(value).references;
  co_return co_await store(to, value);
}

}  // namespace reweave::runtime::specification
