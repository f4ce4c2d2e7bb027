#include "runtime/language/edit.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

bool opens(const Op& op) {
  const OpShape shape = op_info(op.code).shape;
  return shape == OpShape::kBlock || shape == OpShape::kBlockThen;
}

auto position(std::vector<Op>& ops, std::size_t index) {
  return ops.begin() + static_cast<std::ptrdiff_t>(index);
}

/// The `end` of a block.
std::size_t end_of(const Function& function, std::size_t block) {
  const std::size_t match = function.ops[block].match;
  return function.ops[match].code == OpCode::kThen ? function.ops[match].match : match;
}

std::vector<std::string>& names_in(Scenario& scenario, NameKind kind) {
  switch (kind) {
    case NameKind::kChannel:
      return scenario.channels;
    case NameKind::kSlot:
      return scenario.slots;
    case NameKind::kWord:
      return scenario.words;
    case NameKind::kFunction:
      break;
  }
  CHECK_MSG(false, "functions are not kept as names");
  return scenario.words;
}

/// Calls `visit(argument)` for each argument of that kind that refers to something.
template <typename OpType, typename Visit>
void for_each_reference(OpType& op, NameKind kind, Visit visit) {
  const char* letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i) {
    if (names_a(letters[i], kind) && op.args[i] >= 0) visit(op.args[i], letters[i]);
  }
}

void mark_reachable(const Scenario& scenario, std::size_t function, std::vector<bool>& reached) {
  reached[function] = true;
  for (const Op& op : scenario.functions[function].ops) {
    for_each_reference(op, NameKind::kFunction, [&](std::int32_t target, char) {
      const auto index = static_cast<std::size_t>(target);
      if (!reached[index]) mark_reachable(scenario, index, reached);
    });
  }
}

}  // namespace

OpRange item_at(const Function& function, std::size_t index) {
  CHECK(index < function.ops.size());
  const Op& op = function.ops[index];
  CHECK(op_info(op.code).shape != OpShape::kMark);
  return {index, opens(op) ? end_of(function, index) + 1 : index + 1};
}

std::vector<OpRange> bodies_of(const Function& function) {
  std::vector<OpRange> bodies{{0, function.ops.size()}};
  for (std::size_t i = 0; i < function.ops.size(); ++i) {
    const Op& op = function.ops[i];
    if (!opens(op)) continue;
    bodies.push_back({i + 1, op.match});
    const Op& mark = function.ops[op.match];
    if (mark.code == OpCode::kThen) bodies.push_back({op.match + 1u, mark.match});
  }
  return bodies;
}

std::vector<OpRange> items_of(const Function& function, OpRange body) {
  std::vector<OpRange> items;
  for (std::size_t i = body.first; i < body.last; i = items.back().last) {
    items.push_back(item_at(function, i));
  }
  return items;
}

std::size_t depth_at(const Function& function, std::size_t index) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < index; ++i) {
    if (opens(function.ops[i])) ++depth;
    if (function.ops[i].code == OpCode::kEnd) --depth;
  }
  return depth;
}

std::size_t height_of(const Function& function, OpRange items) {
  std::size_t depth = 0;
  std::size_t height = 0;
  for (std::size_t i = items.first; i < items.last; ++i) {
    if (opens(function.ops[i])) height = std::max(height, ++depth);
    if (function.ops[i].code == OpCode::kEnd) --depth;
  }
  return height;
}

void erase_items(Function& function, OpRange items) {
  CHECK(items.first <= items.last && items.last <= function.ops.size());
  function.ops.erase(position(function.ops, items.first), position(function.ops, items.last));
}

void insert_items(Function& function, std::size_t at, std::span<const Op> items) {
  CHECK(at <= function.ops.size());
  function.ops.insert(position(function.ops, at), items.begin(), items.end());
}

void unwrap_block(Function& function, std::size_t block) {
  CHECK(opens(function.ops[block]));
  const std::size_t mark = function.ops[block].match;
  const std::size_t end = end_of(function, block);
  function.ops.erase(position(function.ops, end));
  if (mark != end) function.ops.erase(position(function.ops, mark));
  function.ops.erase(position(function.ops, block));
}

std::size_t name_count(const Scenario& scenario, NameKind kind) {
  switch (kind) {
    case NameKind::kChannel:
      return scenario.channels.size();
    case NameKind::kSlot:
      return scenario.slots.size();
    case NameKind::kWord:
      return scenario.words.size();
    case NameKind::kFunction:
      return scenario.functions.size();
  }
  return 0;
}

const std::vector<std::string>& names_of(const Scenario& scenario, NameKind kind) {
  return names_in(const_cast<Scenario&>(scenario), kind);  // Nothing is changed there.
}

std::vector<bool> used_names(const Scenario& scenario, NameKind kind) {
  std::vector<bool> used(name_count(scenario, kind), false);
  if (kind == NameKind::kFunction) {
    mark_reachable(scenario, 0, used);
    return used;
  }
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops) {
      for_each_reference(op, kind, [&used](std::int32_t index, char) {
        used[static_cast<std::size_t>(index)] = true;
      });
    }
  }
  if (kind == NameKind::kWord) {
    for (const Order& each : scenario.orders) {
      used[static_cast<std::size_t>(each.first)] = true;
      used[static_cast<std::size_t>(each.second)] = true;
    }
  }
  return used;
}

void redirect_name(Scenario& scenario, NameKind kind, std::size_t from, std::size_t to) {
  for (Function& function : scenario.functions) {
    for (Op& op : function.ops) {
      for_each_reference(op, kind, [from, to](std::int32_t& index, char) {
        if (static_cast<std::size_t>(index) == from) index = static_cast<std::int32_t>(to);
      });
    }
  }
  if (kind != NameKind::kWord) return;
  for (Order& each : scenario.orders) {
    for (std::int32_t* const word : {&each.first, &each.second}) {
      if (static_cast<std::size_t>(*word) == from) *word = static_cast<std::int32_t>(to);
    }
  }
  std::erase_if(scenario.orders, [](const Order& each) { return each.first == each.second; });
}

void remove_name(Scenario& scenario, NameKind kind, std::size_t index) {
  CHECK(index < name_count(scenario, kind));
  CHECK_MSG(kind != NameKind::kFunction || index > 0, "main cannot be removed");
  const auto gone = static_cast<std::int32_t>(index);
  const auto needs_it = [kind, gone](const Op& op) {
    bool needs = false;
    for_each_reference(op, kind, [&](std::int32_t value, char letter) {
      needs |= value == gone && !argument_kind(letter).optional;
    });
    CHECK_MSG(!needs || !opens(op), "a block that names something: deleting it needs its end");
    return needs;
  };
  for (Function& function : scenario.functions) {
    std::erase_if(function.ops, needs_it);
    for (Op& op : function.ops) {
      for_each_reference(op, kind, [gone](std::int32_t& value, char) {
        if (value == gone) {
          value = -1;
        } else if (value > gone) {
          --value;
        }
      });
    }
  }
  if (kind == NameKind::kWord) {
    std::erase_if(scenario.orders,
                  [gone](const Order& each) { return each.first == gone || each.second == gone; });
    for (Order& each : scenario.orders) {
      for (std::int32_t* const word : {&each.first, &each.second}) *word -= *word > gone ? 1 : 0;
    }
  }
  const auto offset = static_cast<std::ptrdiff_t>(index);
  if (kind == NameKind::kFunction) {
    scenario.functions.erase(scenario.functions.begin() + offset);
  } else {
    std::vector<std::string>& names = names_in(scenario, kind);
    names.erase(names.begin() + offset);
  }
}

void relink(Scenario& scenario) {
  const Status status = link(scenario);
  CHECK_MSG(status.has_value(), status.has_value() ? "" : status.error().message.c_str());
}

}  // namespace reweave::runtime
