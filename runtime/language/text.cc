#include "runtime/language/text.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/language/arguments.h"
#include "runtime/language/edit.h"
#include "runtime/language/text_words.h"
#include "scheduler/base/nearest.h"

namespace reweave::runtime {
namespace {

using Words = std::vector<std::string_view>;

bool is_label(std::string_view word) { return word.size() > 1 && word.back() == ':'; }

/// A word as an error shows it: in quotes, and not longer than a line can bear.
std::string quoted(std::string_view word) {
  constexpr std::size_t kShown = 40;
  if (word.size() <= kShown) return "\"" + std::string(word) + "\"";
  return "\"" + std::string(word.substr(0, kShown)) + "…\"";
}

std::string usage(const OpInfo& info) { return info.word + argument_placeholders(info.arguments); }

/// What may stand outside of functions, in front of them.
constexpr std::string_view kDeclarations[] = {"channel", "slot",      "word",
                                              "lock",    "condition", "expect"};
bool is_declaration(std::string_view word) {
  return std::ranges::find(kDeclarations, word) != std::end(kDeclarations);
}

class ScenarioReader {
 public:
  explicit ScenarioReader(LineReader& lines) : lines_(lines) {}

  Expected<Scenario> read();

 private:
  struct OpenBlock {
    OpCode code{};
    int line = 0;
    bool seen_then = false;
    std::size_t at = 0;  // Index of its operation.
  };
  struct UsedLabel {
    std::uint16_t label = 0;
    int line = 0;
  };

  void find_functions(LineReader scout);
  Error error(const std::string& what) const { return lines_.error(what); }
  Error unknown_operation(std::string_view word) const;
  Status declare(const char* kind, std::vector<std::string>& names, std::size_t limit);
  Status declare_lock();
  Status declare_condition();
  Status declare_order();
  Status read_function();
  Status read_expectation(std::string_view word, Function& function) const;
  Status read_operation(Function& function);
  Status read_label(std::string_view word, std::uint16_t& label) const;
  Status take_label(const Function& function, std::uint16_t label);
  Status read_mark(Function& function, OpCode code, bool& function_ends);
  Status read_else(Function& function);
  Status read_arguments(Op& op, const Words& words, std::size_t first);
  Status read_argument(const ArgumentKind& kind, const OpInfo& info, std::string_view word,
                       std::int32_t& value);
  Status find_name(NameKind kind, std::string_view word, std::int32_t& value);
  Status read_number(const OpInfo& info, std::string_view word, const ArgumentRange& range,
                     std::int32_t& value) const;
  Status read_emitted(std::string_view word, std::int32_t& value);
  Status find_declared(const char* kind, const std::vector<std::string>& names,
                       std::string_view word, std::int32_t& value) const;
  Status find_function(std::string_view word, std::int32_t& value) const;
  Status find_word(const ArgumentKind::Words& words, std::string_view word,
                   std::int32_t& value) const;

  LineReader& lines_;
  Scenario scenario_;
  std::vector<std::string_view> function_names_;  // All of the text's, in order of definition.
  int function_line_ = 0;                         // From here on: of the function being read.
  std::vector<OpenBlock> open_;
  std::vector<UsedLabel> labels_;
  std::uint16_t highest_label_ = 0;
  std::uint16_t label_before_ = 0;
};

/// Collects the names of the functions that are defined further down, so that one pass can resolve
/// them with the right line in every error. Stops where the scenario stops.
void ScenarioReader::find_functions(LineReader scout) {
  std::size_t depth = 0;
  while (scout.next()) {
    const Words& words = scout.words();
    const std::size_t first = depth > 0 && is_label(words[0]) && words.size() > 1 ? 1 : 0;
    const std::string_view word = words[first];
    if (word == "function") {
      depth = 1;
      if (function_names_.size() == Scenario::kFunctionsMax) return;
      if (words.size() >= 2) function_names_.push_back(words[1]);
    } else if (depth == 0) {
      if (!is_declaration(word)) return;
    } else if (const std::optional<OpCode> code = find_op(word)) {
      const OpShape shape = op_info(*code).shape;
      if (shape == OpShape::kBlock || shape == OpShape::kBlockThen) ++depth;
      if (*code == OpCode::kEnd) --depth;
    }
  }
}

Expected<Scenario> ScenarioReader::read() {
  if (!lines_.status()) return lines_.status().error();
  find_functions(lines_);
  while (lines_.next()) {
    const std::string_view word = lines_.words()[0];
    Status status = ok();
    if (word == "channel") {
      status = declare("channel", scenario_.channels, Scenario::kChannelsMax);
    } else if (word == "slot") {
      status = declare("slot", scenario_.slots, Scenario::kSlotsMax);
    } else if (word == "word") {
      status = declare("word", scenario_.words, Scenario::kWordsMax);
    } else if (word == "lock" && lines_.words().size() == 2) {
      status = declare_lock();
    } else if (word == "condition") {
      status = declare_condition();
    } else if (word == "expect") {
      status = declare_order();
    } else if (word == "function") {
      status = read_function();
    } else if (find_op(word) || is_label(word)) {
      return error(quoted(word) + " stands outside of a function; put it between `function NAME` " +
                   "and the function's `end`");
    } else {
      lines_.unread();
      break;
    }
    if (!status) return status.error();
  }
  if (scenario_.functions.empty()) {
    return error("a scenario needs a function, and none was found before this line; write " +
                 std::string("`function main`, operations, and `end`"));
  }
  // What link() refuses has been refused above with its line; this is the second look.
  if (Status status = link(scenario_); !status) return error(status.error().message);
  return std::move(scenario_);
}

Error ScenarioReader::unknown_operation(std::string_view word) const {
  std::vector<std::string_view> known;
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    if (info.shape != OpShape::kMark) known.push_back(info.word);  // "snd" is no `end`.
  }
  return error("there is no operation " + quoted(word) + did_you_mean(word, known) +
               "; `reweave help operations` lists them all");
}

Status ScenarioReader::declare(const char* kind, std::vector<std::string>& names,
                               std::size_t limit) {
  const Words& words = lines_.words();
  if (words.size() != 2) {
    return error("found " + std::to_string(words.size() - 1) + " words after `" + kind +
                 "`; write `" + kind + " NAME`, one to a line");
  }
  if (!is_name(words[1])) {
    return error(quoted(words[1]) + " cannot be the name of a " + kind + "; use 1 to " +
                 std::to_string(Scenario::kNameBytesMax) + " letters, digits and _");
  }
  if (std::find(names.begin(), names.end(), words[1]) != names.end()) {
    return error(std::string(kind) + " " + quoted(words[1]) + " is declared twice; remove one");
  }
  if (names.size() == limit) {
    return error("more than " + std::to_string(limit) + " " + kind + "s; use fewer");
  }
  names.emplace_back(words[1]);
  return ok();
}

Status ScenarioReader::declare_lock() {
  const std::string_view word = lines_.words()[1];
  std::int64_t number = 0;
  if (parse_number(word, 0, kLocksMax, number)) {
    return error("`lock " + std::string(word) +
                 "` stands outside of a function; as a declaration "
                 "it gives a lock a name, which has a letter: `lock door`");
  }
  return declare("lock", scenario_.locks, static_cast<std::size_t>(kLocksMax));
}

Status ScenarioReader::declare_condition() {
  const Words& words = lines_.words();
  if (words.size() != 3 || !is_name(words[1]))
    return error("write `condition NAME LOCK`: the condition that belongs to that lock");
  std::int32_t lock = 0;
  if (Status status = read_argument(argument_kind('l'), op_info(OpCode::kLock), words[2], lock);
      !status)
    return status;
  std::vector<std::string>& names = scenario_.conditions;
  if (std::ranges::find(names, words[1]) != names.end())
    return error("condition " + quoted(words[1]) + " is declared twice; remove one");
  const auto at = static_cast<std::size_t>(lock);
  if (names.size() <= at) names.resize(at + 1);
  if (!names[at].empty()) {
    return error("the condition of lock " + quoted(words[2]) + " is called " + quoted(names[at]) +
                 " already; a lock has one condition");
  }
  names[at] = words[1];
  return ok();
}

Status ScenarioReader::declare_order() {
  const Words& words = lines_.words();
  if (words.size() != 4 || words[2] != "before" || words[1] == words[3]) {
    return error(
        "write `expect WORD before WORD`: the second word is emitted only when the first "
        "one was");
  }
  if (scenario_.orders.size() == Scenario::kOrdersMax) {
    return error("more than " + std::to_string(Scenario::kOrdersMax) +
                 " lines with `expect`; use fewer");
  }
  Order order;
  if (Status status = read_emitted(words[1], order.first); !status) return status;
  if (Status status = read_emitted(words[3], order.second); !status) return status;
  scenario_.orders.push_back(order);
  return ok();
}

Status ScenarioReader::read_function() {
  const Words& words = lines_.words();
  function_line_ = lines_.line();
  if (words.size() < 2 || !is_name(words[1])) {
    return error("a function begins with `function NAME`, where NAME is 1 to " +
                 std::to_string(Scenario::kNameBytesMax) + " letters, digits and _");
  }
  Function function;
  function.name = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (Status status = read_expectation(words[i], function); !status) return status;
  }
  if (scenario_.functions.size() == Scenario::kFunctionsMax) {
    return error("more than " + std::to_string(Scenario::kFunctionsMax) + " functions; use fewer");
  }
  for (const Function& other : scenario_.functions) {
    if (other.name == function.name) {
      return error("function " + quoted(words[1]) + " is defined twice; rename one");
    }
  }
  if (function.name == "main" && !scenario_.functions.empty()) {
    return error("`function main` is not the first function; the main tasklet runs the first " +
                 std::string("one: move main there, or rename it"));
  }
  open_.clear();
  labels_.clear();
  highest_label_ = 0;
  label_before_ = 0;
  while (lines_.next()) {
    const Words& line = lines_.words();
    const std::optional<OpCode> code = find_op(line[0]);
    if (code && op_info(*code).shape == OpShape::kMark && line.size() == 1) {
      bool function_ends = false;
      if (Status status = read_mark(function, *code, function_ends); !status) return status;
      if (function_ends) {
        scenario_.functions.push_back(std::move(function));
        return ok();
      }
    } else if (line[0] == "else" && line.size() == 1) {
      if (Status status = read_else(function); !status) return status;
    } else if (Status status = read_operation(function); !status) {
      return status;
    }
  }
  std::string open = "function " + function.name + ", line " + std::to_string(function_line_);
  if (!open_.empty()) {
    open = std::string("the `") + op_info(open_.back().code).word + "` of line " +
           std::to_string(open_.back().line);
  }
  return error("the text ends inside of " + open + "; add `end`");
}

/// What stands behind a function's name: what it expects.
Status ScenarioReader::read_expectation(std::string_view word, Function& function) const {
  for (const Expectation& known : kExpectations) {
    if (word != known.word) continue;
    if (function.*known.flag) return error(quoted(word) + " is said twice; remove one");
    function.*known.flag = true;
    return ok();
  }
  return error(
      "behind the name of a function comes nothing, `daemon` (who waits in it for ever does "
      "so on purpose) or `raises` (an exception may end who runs it), but here is " +
      quoted(word) + did_you_mean(word, {kExpectations[0].word, kExpectations[1].word}));
}

Status ScenarioReader::read_mark(Function& function, OpCode code, bool& function_ends) {
  if (code == OpCode::kThen) {
    if (open_.empty() || open_.back().code != OpCode::kFinally) {
      return error("`then` stands in no `finally`; remove it");
    }
    if (open_.back().seen_then) {
      return error("the `finally` of line " + std::to_string(open_.back().line) +
                   " has a `then` already; remove this one");
    }
    open_.back().seen_then = true;
  } else {
    if (open_.empty()) {
      function_ends = true;
      return ok();
    }
    const OpenBlock& block = open_.back();
    if (op_info(block.code).shape == OpShape::kBlockThen && !block.seen_then) {
      return error("the `finally` of line " + std::to_string(block.line) +
                   " has no `then`; put it between its two bodies");
    }
    open_.pop_back();
  }
  Op op;
  op.code = code;
  function.ops.push_back(op);
  return ok();
}

// The `if` turns out to have two bodies.
Status ScenarioReader::read_else(Function& function) {
  if (open_.empty() || (open_.back().code != OpCode::kIf && open_.back().code != OpCode::kIfElse))
    return error("`else` stands in no `if`; remove it");
  OpenBlock& block = open_.back();
  if (block.seen_then) {
    return error("the `if` of line " + std::to_string(block.line) +
                 " has an `else` already; remove this one");
  }
  if (function.ops.size() + 1 + open_.size() > Scenario::kOpsPerFunctionMax) {
    return error("more than " + std::to_string(Scenario::kOpsPerFunctionMax) +
                 " operations in function " + function.name + "; move some into another function");
  }
  block.seen_then = true;
  block.code = function.ops[block.at].code = OpCode::kIfElse;
  function.ops.push_back({.code = OpCode::kThen});
  return ok();
}

Status ScenarioReader::read_operation(Function& function) {
  const Words& words = lines_.words();
  const bool labelled = is_label(words[0]);
  if (labelled && words.size() == 1) {
    return error("label " + quoted(words[0]) + " is followed by no operation; write it in front " +
                 "of one: `7: sched`");
  }
  const std::size_t first = labelled ? 1 : 0;
  const std::string_view word = words[first];
  const std::optional<OpCode> code = find_op(word);
  if (!code) {
    if (word == "function" || is_declaration(word)) {
      const std::string where =
          open_.empty() ? "function " + function.name + ", line " + std::to_string(function_line_)
                        : std::string("the `") + op_info(open_.back().code).word + "` of line " +
                              std::to_string(open_.back().line);
      return error("`" + std::string(word) + "` stands inside of " + where +
                   ", which is not closed; add `end` before this line");
    }
    return unknown_operation(word);
  }
  const OpInfo& info = op_info(*code);
  if (info.shape == OpShape::kMark) {
    return error(std::string("`") + info.word + "` takes neither a label nor an argument; write " +
                 "it alone on its line");
  }
  // What is open, and what this operation opens, will need a `then` and an `end`.
  std::size_t marks = info.shape == OpShape::kBlock ? 1 : info.shape == OpShape::kBlockThen ? 2 : 0;
  for (const OpenBlock& block : open_) {
    const bool wants_then = op_info(block.code).shape == OpShape::kBlockThen && !block.seen_then;
    marks += wants_then ? 2 : 1;
  }
  if (function.ops.size() + 1 + marks > Scenario::kOpsPerFunctionMax) {
    return error("more than " + std::to_string(Scenario::kOpsPerFunctionMax) +
                 " operations in function " + function.name + "; move some into another function");
  }
  Op op;
  op.code = *code;
  if (labelled) {
    if (Status status = read_label(words[0], op.label); !status) return status;
  } else {
    if (label_before_ == UINT16_MAX) {
      return error("no label is left after " + std::to_string(label_before_) +
                   "; give the operation a free one: `7: " + info.word + "`");
    }
    op.label = static_cast<std::uint16_t>(label_before_ + 1);
  }
  if (Status status = take_label(function, op.label); !status) return status;
  if (Status status = read_arguments(op, words, first + 1); !status) return status;
  if (info.shape != OpShape::kPlain) {
    if (open_.size() == Scenario::kNesting) {
      return error("blocks are nested deeper than " + std::to_string(Scenario::kNesting) +
                   "; move the inner ones into a function");
    }
    open_.push_back({op.code, lines_.line(), false, function.ops.size()});
  }
  function.ops.push_back(op);
  return ok();
}

Status ScenarioReader::read_label(std::string_view word, std::uint16_t& label) const {
  std::int64_t number = 0;
  if (!parse_number(word.substr(0, word.size() - 1), 1, UINT16_MAX, number)) {
    return error(quoted(word) + " is no label; write a number from 1 to " +
                 std::to_string(UINT16_MAX) + " and a colon: `7: sched`");
  }
  label = static_cast<std::uint16_t>(number);
  return ok();
}

Status ScenarioReader::take_label(const Function& function, std::uint16_t label) {
  for (const UsedLabel& used : labels_) {
    if (label > highest_label_) break;  // Labels almost always rise.
    if (used.label != label) continue;
    return error("label " + std::to_string(label) + " is used on line " +
                 std::to_string(used.line) + " of function " + function.name +
                 " already; give this operation a free one: `NUMBER: …`");
  }
  labels_.push_back({label, lines_.line()});
  highest_label_ = std::max(highest_label_, label);
  label_before_ = label;
  return ok();
}

/// Where it is the last one.
bool may_be_left_out(char letter) {
  const ArgumentKind& kind = argument_kind(letter);
  return kind.optional && kind.nothing == "-";
}

Status ScenarioReader::read_arguments(Op& op, const Words& words, std::size_t first) {
  const OpInfo& info = op_info(op.code);
  const std::size_t taken = std::strlen(info.arguments);
  const std::size_t given = words.size() - first;
  std::size_t needed = taken;
  while (needed > 0 && may_be_left_out(info.arguments[needed - 1])) --needed;
  if (given < needed || given > taken) {
    return error(std::string("`") + info.word + "` is followed by " + std::to_string(given) +
                 (given == 1 ? " word" : " words") + "; write `" + usage(info) + "`");
  }
  for (std::size_t i = 0; i < taken; ++i) {
    const std::string_view word = i < given ? words[first + i] : std::string_view("-");
    const ArgumentKind& kind = argument_kind(info.arguments[i]);
    if (Status status = read_argument(kind, info, word, op.args[i]); !status) return status;
  }
  return ok();
}

Status ScenarioReader::read_argument(const ArgumentKind& kind, const OpInfo& info,
                                     std::string_view word, std::int32_t& value) {
  if (kind.optional && word == kind.nothing) {
    value = -1;
    return ok();
  }
  if (kind.names) return find_name(*kind.names, word, value);
  if (kind.words.noun != nullptr) return find_word(kind.words, word, value);
  if (kind.aliases != nullptr && !word.empty()) {
    const std::vector<std::string>& names = scenario_.*kind.aliases;
    const auto found = std::ranges::find(names, word);
    value = static_cast<std::int32_t>(found - names.begin());
    if (found != names.end()) return ok();
  }
  return read_number(info, word, kind.range(scenario_), value);
}

Status ScenarioReader::find_name(NameKind kind, std::string_view word, std::int32_t& value) {
  switch (kind) {
    case NameKind::kChannel:
      return find_declared("channel", scenario_.channels, word, value);
    case NameKind::kSlot:
      return find_declared("slot", scenario_.slots, word, value);
    case NameKind::kFunction:
      return find_function(word, value);
    case NameKind::kWord:
      break;
  }
  return read_emitted(word, value);
}

Status ScenarioReader::read_number(const OpInfo& info, std::string_view word,
                                   const ArgumentRange& range, std::int32_t& value) const {
  std::int64_t number = 0;
  if (!parse_number(word, range.low, range.high, number)) {
    return error("found " + quoted(word) + " where `" + usage(info) + "` takes a number from " +
                 std::to_string(range.low) + " to " + std::to_string(range.high));
  }
  value = static_cast<std::int32_t>(number);
  return ok();
}

Status ScenarioReader::read_emitted(std::string_view word, std::int32_t& value) {
  if (!is_name(word)) {
    return error(quoted(word) + " cannot be emitted; use 1 to " +
                 std::to_string(Scenario::kNameBytesMax) + " letters, digits and _");
  }
  std::vector<std::string>& known = scenario_.words;
  const auto found = std::find(known.begin(), known.end(), word);
  value = static_cast<std::int32_t>(found - known.begin());
  if (found != known.end()) return ok();
  if (known.size() == Scenario::kWordsMax) {
    return error("more than " + std::to_string(Scenario::kWordsMax) +
                 " different words; use fewer");
  }
  known.emplace_back(word);
  return ok();
}

Status ScenarioReader::find_declared(const char* kind, const std::vector<std::string>& names,
                                     std::string_view word, std::int32_t& value) const {
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    return error(std::string(kind) + " " + quoted(word) + " is not declared above" +
                 did_you_mean(word, known) + "; declare it with `" + kind + " NAME`");
  }
  value = static_cast<std::int32_t>(found - names.begin());
  return ok();
}

Status ScenarioReader::find_function(std::string_view word, std::int32_t& value) const {
  const auto found = std::find(function_names_.begin(), function_names_.end(), word);
  if (found == function_names_.end()) {
    return error("function " + quoted(word) + " is defined nowhere" +
                 did_you_mean(word, function_names_) +
                 "; define it with `function NAME`, operations, and `end`");
  }
  value = static_cast<std::int32_t>(found - function_names_.begin());
  return ok();
}

Status ScenarioReader::find_word(const ArgumentKind::Words& words, std::string_view word,
                                 std::int32_t& value) const {
  std::string all;
  for (value = 0; value < words.count; ++value) {
    const std::string each = words.word(value);
    if (word == each) return ok();
    all += (value == 0 ? "" : value + 1 == words.count ? " or " : ", ") + each;
  }
  return error(quoted(word) + " is no " + words.noun + " that a scenario can name; use " + all);
}

}  // namespace

Expected<Scenario> read_scenario(LineReader& reader) { return ScenarioReader(reader).read(); }

Expected<Scenario> parse_scenario(std::string_view text, std::string_view name) {
  LineReader reader(text, name);
  Expected<Scenario> scenario = read_scenario(reader);
  if (scenario && reader.next()) {
    const std::string_view word = reader.words()[0];
    return reader.error(
        quoted(word) + " begins no line of a scenario" +
        did_you_mean(word, {"channel", "slot", "word", "lock", "condition", "expect", "function"}) +
        "; write `channel`, `slot`, `word`, `lock`, `condition`, `expect` or "
        "`function`");
  }
  return scenario;
}

}  // namespace reweave::runtime
