#include "runtime/language/shapes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "runtime/language/arguments.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

/// An argument, or what is given to a part.
struct ShapeArgument {
  enum class Kind : std::uint8_t { kNumber, kSlot, kVariable, kDrawn, kThread, kFunction };
  Kind kind{};
  std::int32_t value = 0;  // The number, the letter, or the index of a call.
};

/// One of a row: an operation, or a part.
struct ShapeItem {
  bool maybe = false;
  bool is_part = false;
  OpCode code{};
  std::size_t call = 0;  // Of a part.
  std::array<ShapeArgument, 3> arguments{};
};

namespace {

using Kind = ShapeArgument::Kind;

struct Row {
  std::uint32_t share = 0;
  std::vector<ShapeItem> items{};
};

struct Part {
  std::string name;
  bool is_shape = false;
  std::uint32_t shares = 0;
  std::vector<Row> rows{};
};

/// <PART SLOT…> or {PART SLOT…}.
struct Call {
  std::size_t part = 0;
  std::vector<std::size_t> letters;
};

struct Source {
  std::string_view name;
  std::uint32_t share;
  std::string_view text;
  bool is_shape;
};

constexpr Source kSources[] = {
#define SHAPE(name, share, text) {name, share, text, true},
#define PART(name, share, text) {name, share, text, false},
#include "runtime/language/shapes.def"
#undef PART
#undef SHAPE
};

bool is_slot(std::string_view word) { return word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z'; }
bool is_variable(std::string_view word) {
  return word.size() == 1 && word[0] >= 'a' && word[0] <= 'z';
}

/// The table as it is used. Made once, from the text of its rows.
class Table {
 public:
  Table() {
    for (const Source& source : kSources) part_of(source);
    for (const Source& source : kSources) read_row(source);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!parts_[i].is_shape) continue;
      names_.push_back(parts_[i].name);
      shapes_.push_back(i);
      shares_ += parts_[i].shares;
    }
  }

  const std::vector<std::string>& names() const { return names_; }
  /// Of all shapes.
  std::uint32_t shares() const { return shares_; }
  const std::string& error() const { return error_; }
  std::size_t part_of_shape(std::size_t name) const { return shapes_[name]; }
  const Part& part(std::size_t index) const { return parts_[index]; }
  const Call& call(std::size_t index) const { return calls_[index]; }

 private:
  void fail(const Source& source, std::string_view what) {
    if (!error_.empty()) return;
    error_ = std::string(source.name) + ": \"" + std::string(source.text) + "\": ";
    error_ += what;
  }

  std::optional<std::size_t> find(std::string_view name) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].name == name) return i;
    }
    return std::nullopt;
  }

  void part_of(const Source& source) {
    std::optional<std::size_t> index = find(source.name);
    if (!index) {
      index = parts_.size();
      parts_.push_back({.name = std::string(source.name), .is_shape = source.is_shape});
    }
    if (parts_[*index].is_shape != source.is_shape) fail(source, "shape or part?");
    parts_[*index].shares += source.share;
  }

  void read_row(const Source& source) {
    Row row{.share = source.share};
    std::size_t depth = 0;
    for (std::string_view rest = source.text; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const ShapeItem item = read_item(source, rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      row.items.push_back(item);
      if (item.is_part) continue;
      const OpShape shape = op_info(item.code).shape;
      const bool closes = item.code == OpCode::kEnd;
      if (closes && depth == 0) fail(source, "an end too many");
      if (shape != OpShape::kPlain && item.maybe) fail(source, "blocks are always there");
      if (closes) --depth;
      if (shape == OpShape::kBlock || shape == OpShape::kBlockThen) ++depth;
    }
    if (depth != 0) fail(source, "a block is not closed");
    parts_[*find(source.name)].rows.push_back(std::move(row));
  }

  /// Takes the next word off: "{PART SLOT…}" and "<PART SLOT…>" are one.
  static std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const bool is_call = text.starts_with('{') || text.starts_with('<');
    const char last = text.starts_with('{') ? '}' : '>';
    const std::size_t end = is_call ? text.find(last) + 1 : text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(word.size());
    return word;
  }

  ShapeItem read_item(const Source& source, std::string_view text) {
    ShapeItem item;
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    item.maybe = text.starts_with('?');
    if (item.maybe) text.remove_prefix(1);
    const std::string_view word = take_word(text);
    if (word.starts_with('<')) {
      item.is_part = true;
      item.call = read_call(source, word);
      return item;
    }
    const std::optional<OpCode> code = find_op(word);
    if (!code) {
      fail(source, "an unknown operation");
      return item;
    }
    item.code = *code;
    const char* const letters = op_info(*code).arguments;
    for (std::size_t i = 0; letters[i] != '\0'; ++i)
      item.arguments[i] = read_argument(source, take_word(text), letters[i]);
    if (!take_word(text).empty()) fail(source, "an argument too many");
    return item;
  }

  ShapeArgument read_argument(const Source& source, std::string_view word, char letter) {
    const ArgumentKind& kind = argument_kind(letter);
    if (word == "*") return {Kind::kDrawn, 0};
    if (word == "+" && letter == 'h') return {Kind::kThread, 0};
    if (word == kind.nothing && kind.optional) return {Kind::kNumber, -1};
    if (word.starts_with('{') && kind.names == NameKind::kFunction)
      return {Kind::kFunction, static_cast<std::int32_t>(read_call(source, word))};
    if (is_slot(word) && kind.names == NameKind::kSlot) return {Kind::kSlot, word[0] - 'A'};
    const bool other = kind.names != NameKind::kSlot && kind.names != NameKind::kFunction;
    if (is_variable(word) && other) return {Kind::kVariable, word[0] - 'a'};
    std::int32_t number = 0;
    const char* const end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (kind.names || word.empty() || read.ec != std::errc() || read.ptr != end)
      fail(source, "an argument that cannot stand there");
    return {Kind::kNumber, number};
  }

  std::size_t read_call(const Source& source, std::string_view word) {
    Call call;
    std::string_view inside = word.substr(1, word.size() < 2 ? 0 : word.size() - 2);
    const std::optional<std::size_t> part = find(take_word(inside));
    if (!part || parts_[*part].is_shape) {
      fail(source, "a part that there is not");
    } else {
      call.part = *part;
    }
    for (std::string_view slot = take_word(inside); !slot.empty(); slot = take_word(inside)) {
      if (!is_slot(slot)) fail(source, "a part is given slots");
      call.letters.push_back(static_cast<std::size_t>(slot[0] - 'A'));
    }
    calls_.push_back(std::move(call));
    return calls_.size() - 1;
  }

  std::vector<Part> parts_;
  std::vector<Call> calls_;
  std::vector<std::string> names_;
  std::vector<std::size_t> shapes_;  // The parts with these names.
  std::uint32_t shares_ = 0;
  std::string error_;
};

const Table& table() {
  static const Table* const made = new Table;  // Never freed.
  return *made;
}

const Row& draw_row(Prng& prng, const Part& part) {
  std::uint32_t left = prng.below(part.shares);
  std::size_t row = 0;
  while (left >= part.rows[row].share) left -= part.rows[row++].share;
  return part.rows[row];
}

}  // namespace

const std::vector<std::string>& shape_names() { return table().names(); }

std::size_t draw_shape(Prng& prng) {
  std::uint32_t left = prng.below(table().shares());
  std::size_t name = 0;
  for (;; ++name) {
    const std::uint32_t shares = table().part(table().part_of_shape(name)).shares;
    if (left < shares) return name;
    left -= shares;
  }
}

std::string shape_table_error() { return table().error(); }

bool ShapeWriter::write(std::size_t name, std::size_t host, std::vector<ShapeScript>& scripts) {
  CHECK(name < shape_names().size());
  taken_ = 0;
  drawn_.fill(kDrawnLater);
  bodies_.clear();
  scripts_ = &scripts;
  if (functions_ >= kFunctionsMax) return false;
  ShapeScript script{.function = host, .ops = {}};
  expand(table().part_of_shape(name), {}, host, script.ops);
  scripts.push_back(std::move(script));
  return true;
}

void ShapeWriter::expand(std::size_t part, const std::vector<std::int32_t>& given, std::size_t host,
                         std::vector<Op>& ops) {
  Slots slots;
  slots.fill(-1);
  for (std::size_t i = 0; i < given.size(); ++i) slots[i] = given[i];
  for (const ShapeItem& item : draw_row(prng_, table().part(part)).items) {
    if (item.maybe && prng_.chance({1, 2})) continue;
    if (!item.is_part) {
      ops.push_back(make_op(item, slots, host));
      continue;
    }
    const Call& call = table().call(item.call);
    std::vector<std::int32_t> handed;
    for (const std::size_t letter : call.letters) handed.push_back(slot_of(slots, letter));
    expand(call.part, handed, host, ops);
  }
}

Op ShapeWriter::make_op(const ShapeItem& item, Slots& slots, std::size_t host) {
  Op op{.code = item.code};
  const char* const letters = op_info(item.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i) {
    const ShapeArgument& argument = item.arguments[i];
    const auto index = static_cast<std::size_t>(argument.value);
    switch (argument.kind) {
      case Kind::kNumber:
        op.args[i] = argument.value;
        break;
      case Kind::kSlot:
        op.args[i] = slot_of(slots, index);
        break;
      case Kind::kVariable:
        op.args[i] = variable(index, letters[i], op.code, host);
        break;
      case Kind::kDrawn:
        op.args[i] = kDrawnLater;
        break;
      case Kind::kThread:
        op.args[i] = std::min(static_cast<std::int32_t>(++threads_),
                              argument_range(scenario_, letters[i]).high);
        break;
      case Kind::kFunction: {
        const Call& call = table().call(index);
        std::vector<std::int32_t> handed;
        for (const std::size_t letter : call.letters) handed.push_back(slot_of(slots, letter));
        op.args[i] = function_of(call.part, handed);
        break;
      }
    }
  }
  return op;
}

// One that the shape has not yet, if there is any.
std::int32_t ShapeWriter::slot_of(Slots& slots, std::size_t letter) {
  std::int32_t& slot = slots[letter];
  if (slot >= 0) return slot;
  const auto count = static_cast<std::uint32_t>(scenario_.slots.size());
  std::uint32_t chosen = prng_.below(count);
  for (std::uint32_t tried = 0; tried < count && (taken_ >> chosen & 1) != 0; ++tried)
    chosen = (chosen + 1) % count;
  taken_ |= std::uint64_t{1} << chosen;
  slot = static_cast<std::int32_t>(chosen);
  return slot;
}

std::int32_t ShapeWriter::variable(std::size_t letter, char kind, OpCode code, std::size_t host) {
  std::int32_t& value = drawn_[letter];
  const ArgumentKind& row = argument_kind(kind);
  if (value != kDrawnLater && row.range(scenario_).contains(value)) return value;
  if (!row.draw({prng_, uses_, scenario_, host, code}, value)) value = row.simplest();
  return value;
}

std::int32_t ShapeWriter::function_of(std::size_t part, const std::vector<std::int32_t>& given) {
  for (const Body& body : bodies_) {
    if (body.part == part && body.slots == given) return body.function;
  }
  const auto function = static_cast<std::int32_t>(++functions_);
  bodies_.push_back({.part = part, .slots = given, .function = function});
  ShapeScript script{.function = static_cast<std::size_t>(function), .ops = {}};
  expand(part, given, script.function, script.ops);
  scripts_->push_back(std::move(script));
  return function;
}

}  // namespace reweave::runtime
