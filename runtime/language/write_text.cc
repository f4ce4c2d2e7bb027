// The text form of a scenario, written; read it is in text.cc.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/language/arguments.h"
#include "runtime/language/edit.h"
#include "runtime/language/text.h"
#include "runtime/language/text_words.h"

namespace reweave::runtime {
namespace {

/// Null if there is none.
const std::string* name_at(const Scenario& scenario, NameKind kind, std::int32_t index) {
  if (index < 0 || static_cast<std::size_t>(index) >= name_count(scenario, kind)) return nullptr;
  const auto at = static_cast<std::size_t>(index);
  return kind == NameKind::kFunction ? &scenario.functions[at].name : &names_of(scenario, kind)[at];
}

void append_argument(const Scenario& scenario, const ArgumentKind& kind, std::int32_t value,
                     std::string& text) {
  if (kind.optional && value == -1) {
    text += kind.nothing;
  } else if (kind.names) {
    const std::string* const name = name_at(scenario, *kind.names, value);
    text += name != nullptr ? *name : "#" + std::to_string(value);
  } else if (kind.words.noun != nullptr) {
    const bool has_word = value >= 0 && value < kind.words.count;
    text += has_word ? kind.words.word(value) : "#" + std::to_string(value);
  } else if (const std::string* const name = alias_of(scenario, kind, value)) {
    text += *name;
  } else {
    text += std::to_string(value);
  }
}

void append_op(const Scenario& scenario, const Op& op, std::string& text) {
  const OpInfo& info = op_info(op.code);
  text += info.word;
  for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
    text += ' ';
    append_argument(scenario, argument_kind(info.arguments[i]), op.args[i], text);
  }
}

/// True if the words are exactly those that reading the functions alone would collect.
bool words_are_implied(const Scenario& scenario) {
  std::int32_t next = 0;
  for (const Order& order : scenario.orders) {
    for (const std::int32_t word : {order.first, order.second}) {
      if (word > next) return false;
      if (word == next) ++next;
    }
  }
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops) {
      const char* letters = op_info(op.code).arguments;
      for (std::size_t i = 0; letters[i] != '\0'; ++i) {
        if (!names_a(letters[i], NameKind::kWord)) continue;
        if (op.args[i] > next) return false;
        if (op.args[i] == next) ++next;
      }
    }
  }
  return static_cast<std::size_t>(next) == scenario.words.size();
}

void append_declarations(const char* kind, const std::vector<std::string>& names,
                         std::string& text) {
  for (const std::string& name : names) {
    text += kind;
    text += ' ';
    text += name;
    text += '\n';
  }
}

/// Of locks and conditions, and what has to be emitted before what.
void append_expectations(const Scenario& scenario, std::string& text) {
  append_declarations("lock", scenario.locks, text);
  for (std::size_t i = 0; i < scenario.conditions.size(); ++i) {
    const std::string& name = scenario.conditions[i];
    if (name.empty()) continue;
    text += "condition " + name + " ";
    append_argument(scenario, argument_kind('l'), static_cast<std::int32_t>(i), text);
    text += '\n';
  }
  const std::vector<std::string>& words = scenario.words;
  for (const Order& order : scenario.orders) {
    text += "expect " + words[static_cast<std::size_t>(order.first)] + " before " +
            words[static_cast<std::size_t>(order.second)] + "\n";
  }
}

void append_function(const Scenario& scenario, const Function& function, std::string& text) {
  text += "function ";
  text += function.name;
  for (const Expectation& each : kExpectations) {
    if (function.*each.flag) (text += ' ') += each.word;
  }
  text += '\n';
  std::size_t depth = 1;
  std::uint32_t label_before = 0;
  std::vector<OpCode> open;
  for (const Op& op : function.ops) {
    const OpShape shape = op_info(op.code).shape;
    if (shape == OpShape::kMark) --depth;
    text.append(2 * depth, ' ');
    if (shape != OpShape::kMark) {
      if (op.label != label_before + 1) {
        text += std::to_string(op.label);
        text += ": ";
      }
      label_before = op.label;
    }
    if (op.code == OpCode::kThen) {
      text += middle_word(open.back());
    } else {
      append_op(scenario, op, text);
    }
    text += '\n';
    if (shape == OpShape::kBlock || shape == OpShape::kBlockThen) open.push_back(op.code);
    if (op.code == OpCode::kEnd) open.pop_back();
    if (shape != OpShape::kPlain && op.code != OpCode::kEnd) ++depth;
  }
  text += "end\n";
}

}  // namespace

std::string write_scenario(const Scenario& scenario) {
  std::string text;
  append_declarations("channel", scenario.channels, text);
  append_declarations("slot", scenario.slots, text);
  if (!words_are_implied(scenario)) append_declarations("word", scenario.words, text);
  append_expectations(scenario, text);
  for (const Function& function : scenario.functions) {
    if (!text.empty()) text += '\n';
    append_function(scenario, function, text);
  }
  return text;
}

std::string op_text(const Scenario& scenario, const Op& op) {
  std::string text;
  append_op(scenario, op, text);
  return text;
}

}  // namespace reweave::runtime
