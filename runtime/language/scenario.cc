#include "runtime/language/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "runtime/language/arguments.h"
#include "runtime/language/text.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

constexpr OpInfo kOperations[] = {
#define OPERATION(identifier, word, arguments, touches, shape, weight, help) \
  OPERATION_OF(kCore, identifier, word, arguments, touches, shape, weight, help)
#define OPERATION_OF(topic, identifier, word, arguments, touches, shape, weight, help) \
  {word, arguments, touches, OpShape::shape, weight, help, Topic::topic},
#include "runtime/vocabulary/operations.def"
#undef OPERATION_OF
#undef OPERATION
};

namespace {

constexpr int kOpCount = static_cast<int>(std::size(kOperations));

std::string place(const Function& function, std::size_t index) {
  return "function " + function.name + ", operation " + std::to_string(index + 1);
}

Error error_at(const Scenario& scenario, const Function& function, std::size_t index,
               const std::string& what) {
  return Error{place(function, index) + " (`" + op_text(scenario, function.ops[index]) +
               "`): " + what};
}

/// Names of one kind: there are not too many, each is a name, none is used twice.
template <typename Items, typename NameOf>
Status check_names(const char* kind, const Items& items, std::size_t limit, NameOf name_of) {
  if (items.size() > limit) {
    return Error{"the scenario has " + std::to_string(items.size()) + " " + kind +
                 "s; the limit is " + std::to_string(limit) + ": remove some"};
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string& name = name_of(items[i]);
    if (!is_name(name)) {
      return Error{std::string(kind) + " " + std::to_string(i) + " is named `" + name +
                   "`; use 1 to " + std::to_string(Scenario::kNameBytesMax) +
                   " letters, digits and _"};
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (name_of(items[j]) == name) {
        return Error{"two " + std::string(kind) + "s are named `" + name + "`; rename one"};
      }
    }
  }
  return ok();
}

/// A number would be taken for that of another lock, `said` for what it means elsewhere.
bool is_number(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

Status check_lock_names(const Scenario& scenario) {
  constexpr auto kMost = static_cast<std::size_t>(kLocksMax);
  const auto itself = [](const std::string& name) -> const std::string& { return name; };
  if (Status status = check_names("lock", scenario.locks, kMost, itself); !status) return status;
  std::vector<std::string> named;
  for (const std::string& name : scenario.conditions) {
    if (!name.empty()) named.push_back(name);
  }
  if (Status status = check_names("condition", named, kMost, itself); !status) return status;
  if (scenario.conditions.size() > kMost)
    return Error{"a condition belongs to one of " + std::to_string(kMost) + " locks; remove some"};
  if (!scenario.conditions.empty() && scenario.conditions.back().empty())
    return Error{"the last condition has no name; remove it"};
  named.insert(named.end(), scenario.locks.begin(), scenario.locks.end());
  for (const std::string& name : named) {
    if (is_number(name))
      return Error{"a lock or condition is named `" + name + "`; use a letter, too"};
  }
  return ok();
}

Status check_orders(const Scenario& scenario) {
  if (scenario.orders.size() > Scenario::kOrdersMax) {
    return Error{"the scenario has " + std::to_string(scenario.orders.size()) +
                 " lines with `expect`; the limit is " + std::to_string(Scenario::kOrdersMax) +
                 ": remove some"};
  }
  const auto words = static_cast<std::int32_t>(scenario.words.size());
  for (const Order& order : scenario.orders) {
    const bool known =
        order.first >= 0 && order.first < words && order.second >= 0 && order.second < words;
    if (!known || order.first == order.second)
      return Error{"an `expect` is not about two of the scenario's words; remove it"};
  }
  return ok();
}

Status check_op(const Scenario& scenario, const Function& function, std::size_t index) {
  const Op& op = function.ops[index];
  if (static_cast<int>(op.code) >= op_count()) {
    return Error{place(function, index) + ": code " + std::to_string(static_cast<int>(op.code)) +
                 " is no operation; use one of operations.def"};
  }
  const OpInfo& info = op_info(op.code);
  std::size_t count = 0;
  for (; info.arguments[count] != '\0'; ++count) {
    const char letter = info.arguments[count];
    const ArgumentRange range = argument_range(scenario, letter);
    if (range.contains(op.args[count])) continue;
    const std::string asked = "argument " + std::to_string(count + 1) + " (" +
                              argument_kind(letter).placeholder + ") is " +
                              std::to_string(op.args[count]);
    if (range.empty()) {
      return error_at(scenario, function, index, asked + ", but the scenario has none: add one");
    }
    return error_at(
        scenario, function, index,
        asked + "; use " + std::to_string(range.low) + " to " + std::to_string(range.high));
  }
  for (; count < op.args.size(); ++count) {
    if (op.args[count] == 0) continue;
    return error_at(scenario, function, index,
                    "argument " + std::to_string(count + 1) + " is " +
                        std::to_string(op.args[count]) +
                        ", but the operation has no such argument; set it to 0");
  }
  const bool is_mark = info.shape == OpShape::kMark;
  if (is_mark && op.label != 0) {
    return error_at(scenario, function, index, "`then` and `end` have no label; set it to 0");
  }
  if (!is_mark && op.label == 0) {
    return error_at(scenario, function, index, "has no label; call number_labels()");
  }
  return ok();
}

/// Labels almost always rise; only where they do not, all pairs are looked at.
Status check_labels(const Scenario& scenario, const Function& function) {
  std::uint16_t highest = 0;
  for (std::size_t i = 0; i < function.ops.size(); ++i) {
    const std::uint16_t label = function.ops[i].label;
    if (label == 0) continue;
    if (label > highest) {
      highest = label;
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (function.ops[j].label != label) continue;
      return error_at(scenario, function, i,
                      "label " + std::to_string(label) + " already belongs to operation " +
                          std::to_string(j + 1) + "; set it to 0 and call number_labels()");
    }
  }
  return ok();
}

/// An open block: where it begins, and its `then` once that has been passed (else the block).
struct OpenBlock {
  std::uint32_t block = 0;
  std::uint32_t tip = 0;
};

Status match_blocks(const Scenario& scenario, Function& function) {
  std::array<OpenBlock, Scenario::kNesting> open{};
  std::size_t depth = 0;
  for (std::uint32_t i = 0; i < function.ops.size(); ++i) {
    Op& op = function.ops[i];
    op.match = 0;
    const OpShape shape = op_info(op.code).shape;
    if (shape == OpShape::kPlain) continue;
    if (shape != OpShape::kMark) {
      if (depth == open.size()) {
        return error_at(scenario, function, i,
                        "blocks are nested deeper than " + std::to_string(open.size()) +
                            "; move the inner ones into a function");
      }
      open[depth++] = {i, i};
      continue;
    }
    const bool is_end = op.code == OpCode::kEnd;
    if (depth == 0) {
      return error_at(scenario, function, i,
                      is_end ? "closes no block; remove it" : "stands in no `finally`; remove it");
    }
    OpenBlock& innermost = open[depth - 1];
    Op& tip = function.ops[innermost.tip];
    const bool wants_then = op_info(tip.code).shape == OpShape::kBlockThen;
    if (wants_then == is_end) {
      return error_at(scenario, function, i,
                      is_end ? "closes a block that has no `then`; add one before it"
                             : "stands in no `finally`, or is its second one; remove it");
    }
    tip.match = i;
    if (is_end) {
      op.match = innermost.block;
      --depth;
    } else {
      innermost.tip = i;
    }
  }
  if (depth > 0) {
    return error_at(scenario, function, open[depth - 1].block, "is not closed; add `end`");
  }
  return ok();
}

}  // namespace

int op_count() { return kOpCount; }

std::optional<OpCode> find_op(std::string_view word) {
  for (int code = 0; code < kOpCount; ++code) {
    if (word == kOperations[code].word) return static_cast<OpCode>(code);
  }
  return std::nullopt;
}

const char* exception_name(ExceptionType type) {
  switch (type) {
    case ExceptionType::kE1:
      return "E1";
    case ExceptionType::kE2:
      return "E2";
    case ExceptionType::kValueError:
      return "ValueError";
    case ExceptionType::kStopIteration:
      return "StopIteration";
    case ExceptionType::kZeroDivisionError:
      return "ZeroDivisionError";
    case ExceptionType::kSystemExit:
      return "SystemExit";
    case ExceptionType::kTaskletExit:
      return "TaskletExit";
    case ExceptionType::kRuntimeError:
      return "RuntimeError";
    case ExceptionType::kMemoryError:
      return "MemoryError";
    case ExceptionType::kGeneratorExit:
      return "GeneratorExit";
  }
  CHECK_MSG(false, "no such exception type");
  return "";
}

const char* canary_name(Canary canary) {
  switch (canary) {
    case Canary::kCrash:
      return "crash";
    case Canary::kHang:
      return "hang";
    case Canary::kLeak:
      return "leak";
    case Canary::kOverflow:
      return "overflow";
    case Canary::kUseAfterFree:
      return "use-after-free";
  }
  CHECK_MSG(false, "no such canary");
  return "";
}

const char* run_flags_name(std::int32_t flags) {
  static constexpr const char* kNames[kRunFlagsCount] = {
      "hard",    "soft",         "total",         "soft+total",
      "nesting", "soft+nesting", "total+nesting", "soft+total+nesting"};
  CHECK(flags >= 0 && flags < kRunFlagsCount);
  return kNames[flags];
}

const char* relation_name(Relation relation) {
  static constexpr const char* kNames[kRelationCount] = {"=", "!=", "<", "<=", ">", ">=", "has"};
  CHECK(static_cast<int>(relation) < kRelationCount);
  return kNames[static_cast<int>(relation)];
}

bool holds(std::int32_t left, Relation relation, std::int32_t right) {
  switch (relation) {
    case Relation::kEqual:
      return left == right;
    case Relation::kUnequal:
      return left != right;
    case Relation::kBelow:
      return left < right;
    case Relation::kAtMost:
      return left <= right;
    case Relation::kAbove:
      return left > right;
    case Relation::kAtLeast:
      return left >= right;
    case Relation::kHas:
      return (left & right) == right;
  }
  CHECK_MSG(false, "no such relation");
  return false;
}

bool is_name(std::string_view word) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !word.empty() && word.size() <= Scenario::kNameBytesMax &&
         std::all_of(word.begin(), word.end(), fits);
}

Status link(Scenario& scenario) {
  const auto itself = [](const std::string& name) -> const std::string& { return name; };
  const auto of_function = [](const Function& f) -> const std::string& { return f.name; };
  for (Status status :
       {check_names("channel", scenario.channels, Scenario::kChannelsMax, itself),
        check_names("slot", scenario.slots, Scenario::kSlotsMax, itself),
        check_names("word", scenario.words, Scenario::kWordsMax, itself),
        check_names("function", scenario.functions, Scenario::kFunctionsMax, of_function)}) {
    if (!status) return status;
  }
  if (std::ranges::find(scenario.slots, kSaid) != scenario.slots.end())
    return Error{"a slot is named `said`, which means what was said last; rename it"};
  if (Status status = check_lock_names(scenario); !status) return status;
  if (Status status = check_orders(scenario); !status) return status;
  if (scenario.functions.empty()) {
    return Error{"the scenario has no function; add one: the first is run by the main tasklet"};
  }
  for (std::size_t f = 0; f < scenario.functions.size(); ++f) {
    Function& function = scenario.functions[f];
    if (f > 0 && function.name == "main") {
      return Error{"function main is number " + std::to_string(f + 1) +
                   "; the main tasklet runs the first one: move it there or rename it"};
    }
    if (function.ops.size() > Scenario::kOpsPerFunctionMax) {
      return Error{"function " + function.name + " has " + std::to_string(function.ops.size()) +
                   " operations; the limit is " + std::to_string(Scenario::kOpsPerFunctionMax) +
                   ": move some into another function"};
    }
    for (std::size_t i = 0; i < function.ops.size(); ++i) {
      if (Status status = check_op(scenario, function, i); !status) return status;
    }
    if (Status status = check_labels(scenario, function); !status) return status;
    if (Status status = match_blocks(scenario, function); !status) return status;
  }
  return ok();
}

std::size_t operation_count(const Scenario& scenario) {
  std::size_t count = 0;
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops) count += op.label != 0 ? 1 : 0;
  }
  return count;
}

void number_labels(Function& function) {
  std::uint16_t highest = 0;
  for (const Op& op : function.ops) highest = std::max(highest, op.label);
  std::uint16_t lowest = 1;  // Only looked for once the highest label is the highest there is.
  for (Op& op : function.ops) {
    if (op_info(op.code).shape == OpShape::kMark) {
      op.label = 0;
      continue;
    }
    if (op.label != 0) continue;
    if (highest < UINT16_MAX) {
      op.label = ++highest;
      continue;
    }
    const auto taken = [&function](std::uint16_t label) {
      return std::any_of(function.ops.begin(), function.ops.end(),
                         [label](const Op& other) { return other.label == label; });
    };
    while (taken(lowest)) {
      CHECK_MSG(lowest < UINT16_MAX, "a function with more operations than labels");
      ++lowest;
    }
    op.label = lowest;
  }
}

const Op* op_at(const Scenario& scenario, SiteId site) {
  const auto number = static_cast<std::uint32_t>(site);
  const std::size_t function = number >> 16, label = number & 0xffff;
  if (function >= scenario.functions.size() || label == 0) return nullptr;
  const std::vector<Op>& ops = scenario.functions[function].ops;
  // Where nothing was deleted and no block ends before it, it is at its number.
  if (label <= ops.size() && ops[label - 1].label == label) return &ops[label - 1];
  for (const Op& op : ops) {
    if (op.label == label) return &op;
  }
  return nullptr;
}

std::string site_name(const Scenario& scenario, SiteId site) {
  const auto number = static_cast<std::uint32_t>(site);
  const std::size_t function = number >> 16;
  const std::uint32_t label = number & 0xffff;
  if (function >= scenario.functions.size()) return "?";  // As a process that died wrote it.
  const std::string& name = scenario.functions[function].name;
  return label == 0 ? name : name + "." + std::to_string(label);
}

std::optional<SiteId> find_site(const Scenario& scenario, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  std::uint16_t label = 0;
  if (dot != std::string_view::npos) {
    const std::string_view digits = name.substr(dot + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), label);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (digits[0] == '0') return std::nullopt;  // "main.0" and "main.07" are no names.
  }
  const std::string_view function_name = name.substr(0, dot);
  for (std::size_t f = 0; f < scenario.functions.size(); ++f) {
    const Function& function = scenario.functions[f];
    if (function.name != function_name) continue;
    if (label == 0) return site_of(f, 0);
    for (const Op& op : function.ops) {
      if (op.label == label) return site_of(f, label);
    }
  }
  return std::nullopt;
}

}  // namespace reweave::runtime
