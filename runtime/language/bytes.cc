#include "runtime/language/bytes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/language/arguments.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

constexpr std::uint8_t kLabelFollows = 0x80;
constexpr std::uint8_t kMoreFollows = 0x80;
// In place of a code: the code is this one and the next byte.
constexpr std::uint8_t kHighCode = 0x7f;

// ---- Encoding ----

void put_number(std::uint32_t number, std::vector<std::uint8_t>& bytes) {
  CHECK(number < 1u << 21);
  for (int shift = 14; shift > 0; shift -= 7) {
    if (number >> shift == 0) continue;
    bytes.push_back(static_cast<std::uint8_t>(((number >> shift) & 0x7f) | kMoreFollows));
  }
  bytes.push_back(static_cast<std::uint8_t>(number & 0x7f));
}

void put_op(const Scenario& scenario, const Op& op, std::uint32_t& label_before,
            std::vector<std::uint8_t>& bytes) {
  const OpInfo& info = op_info(op.code);
  const auto whole = static_cast<std::uint8_t>(op.code);
  const auto code = std::min(whole, kHighCode);
  const bool is_mark = info.shape == OpShape::kMark;
  const bool labelled = !is_mark && op.label != label_before + 1;
  bytes.push_back(labelled ? static_cast<std::uint8_t>(code | kLabelFollows) : code);
  if (code == kHighCode) bytes.push_back(static_cast<std::uint8_t>(whole - kHighCode));
  if (labelled) put_number(op.label, bytes);
  if (!is_mark) label_before = op.label;
  for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
    const ArgumentKind& kind = argument_kind(info.arguments[i]);
    const ArgumentRange range = kind.range(scenario);
    CHECK(range.contains(op.args[i]));
    const auto offset = static_cast<std::uint32_t>(op.args[i] - range.low);
    if (kind.wide) {
      put_number(offset, bytes);
    } else {
      CHECK(offset < 256);
      bytes.push_back(static_cast<std::uint8_t>(offset));
    }
  }
}

// ---- Decoding ----

/// Reads a body; beyond its end everything is 0.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::uint32_t byte() { return at_end() ? 0u : bytes_[position_++]; }
  std::uint32_t number() {
    std::uint32_t number = 0;
    for (int count = 0; count < 3; ++count) {
      const std::uint32_t next = byte();
      number = number << 7 | (next & 0x7f);
      if ((next & kMoreFollows) == 0) break;
    }
    return number;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

/// argument_range() of every letter, computed once for a scenario instead of once for an argument.
class Ranges {
 public:
  struct Entry {
    std::int32_t low = 0;
    std::uint32_t count = 0;
    bool wide = false;
  };
  explicit Ranges(const Scenario& scenario) {
    for (const char letter : argument_letters()) {
      const ArgumentKind& kind = argument_kind(letter);
      const ArgumentRange range = kind.range(scenario);
      entries_[index(letter)] = {range.low, static_cast<std::uint32_t>(range.high - range.low + 1),
                                 kind.wide};
    }
  }
  const Entry& of(char letter) const { return entries_[index(letter)]; }

 private:
  static std::size_t index(char letter) { return static_cast<std::size_t>(letter) & 63; }
  std::array<Entry, 64> entries_;
};

/// Builds the operations of one function, keeping it valid after each of them.
class FunctionBuilder {
 public:
  FunctionBuilder(const Ranges& ranges, std::vector<Op>& ops, bool canaries)
      : ranges_(ranges), ops_(ops), canaries_(canaries) {}

  /// Reads one operation. False: it was the function's own `end`.
  bool read_op(Input& input);
  void close_all() {
    while (depth_ > 0) close();
  }

 private:
  struct OpenBlock {
    std::uint32_t block = 0;
    std::uint32_t tip = 0;  // The block, or its `then` once passed.
    bool wants_then = false;
  };

  void push_mark(OpCode code);
  void close();
  /// Operations that are needed to close what is open.
  std::size_t closing() const { return depth_ + wanted_thens_; }
  std::uint16_t free_label(std::uint32_t wanted) const;
  bool is_used(std::uint32_t label) const;

  const Ranges& ranges_;
  std::vector<Op>& ops_;
  bool canaries_;
  std::array<OpenBlock, Scenario::kNesting> open_{};
  std::size_t depth_ = 0;
  std::size_t wanted_thens_ = 0;
  std::uint32_t label_before_ = 0;
  std::uint32_t highest_label_ = 0;
};

void FunctionBuilder::push_mark(OpCode code) {
  ops_[open_[depth_ - 1].tip].match = static_cast<std::uint32_t>(ops_.size());
  Op& mark = ops_.emplace_back();
  mark.code = code;
}

void FunctionBuilder::close() {
  OpenBlock& block = open_[depth_ - 1];
  if (block.wants_then) {
    push_mark(OpCode::kThen);
    block.tip = static_cast<std::uint32_t>(ops_.size() - 1);
    --wanted_thens_;
  }
  push_mark(OpCode::kEnd);
  ops_.back().match = block.block;
  --depth_;
}

bool FunctionBuilder::is_used(std::uint32_t label) const {
  if (label > highest_label_) return false;  // Labels almost always rise.
  return std::any_of(ops_.begin(), ops_.end(), [label](const Op& op) { return op.label == label; });
}

std::uint16_t FunctionBuilder::free_label(std::uint32_t wanted) const {
  if (wanted == 0 || wanted > UINT16_MAX || is_used(wanted)) wanted = label_before_ + 1;
  if (wanted > UINT16_MAX || is_used(wanted)) wanted = highest_label_ + 1;
  if (wanted > UINT16_MAX) {
    wanted = 1;
    while (is_used(wanted)) ++wanted;  // There are more labels than operations.
  }
  return static_cast<std::uint16_t>(wanted);
}

bool FunctionBuilder::read_op(Input& input) {
  const std::uint32_t first = input.byte();
  std::uint32_t number = first & ~std::uint32_t{kLabelFollows};
  if (number == kHighCode) number += input.byte();
  const auto code = static_cast<OpCode>(number % static_cast<std::uint32_t>(op_count()));
  const OpInfo& info = op_info(code);
  if (code == OpCode::kEnd) {
    if (depth_ == 0) return false;
    close();
    return true;
  }
  if (code == OpCode::kThen) {
    if (depth_ == 0 || !open_[depth_ - 1].wants_then) return true;
    push_mark(OpCode::kThen);
    open_[depth_ - 1].tip = static_cast<std::uint32_t>(ops_.size() - 1);
    open_[depth_ - 1].wants_then = false;
    --wanted_thens_;
    return true;
  }
  Op op;
  op.code = code;
  const std::uint32_t wanted = (first & kLabelFollows) != 0 ? input.number() : label_before_ + 1;
  bool fits = (code != OpCode::kCanary && code != OpCode::kAssert) || canaries_;
  for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
    const Ranges::Entry& range = ranges_.of(info.arguments[i]);
    const std::uint32_t value = range.wide ? input.number() : input.byte();
    if (range.count == 0) {
      fits = false;
      continue;
    }
    const std::uint32_t offset = value < range.count ? value : value % range.count;
    op.args[i] = range.low + static_cast<std::int32_t>(offset);
  }
  std::size_t needed = 1;  // Places: for itself, and for its `then` and `end`.
  if (info.shape == OpShape::kBlock) needed = 2;
  if (info.shape == OpShape::kBlockThen) needed = 3;
  if (needed > 1 && depth_ == open_.size()) fits = false;
  if (ops_.size() + closing() + needed > Scenario::kOpsPerFunctionMax) fits = false;
  if (!fits) return true;

  op.label = free_label(wanted);
  label_before_ = op.label;
  highest_label_ = std::max<std::uint32_t>(highest_label_, op.label);
  if (needed > 1) {
    const auto index = static_cast<std::uint32_t>(ops_.size());
    open_[depth_++] = {index, index, needed == 3};
    if (needed == 3) ++wanted_thens_;
  }
  ops_.push_back(op);
  return true;
}

/// "c7" into `name`, touching it only where it differs: no allocation, and mostly no write.
void set_name(std::string& name, char letter, std::size_t index) {
  std::array<char, 4> text{letter};
  std::size_t size = 1;
  if (index >= 100) text[size++] = static_cast<char>('0' + index / 100);
  if (index >= 10) text[size++] = static_cast<char>('0' + index / 10 % 10);
  text[size++] = static_cast<char>('0' + index % 10);
  const std::string_view wanted(text.data(), size);
  if (name != wanted) name = wanted;
}

}  // namespace

void encode_scenario(const Scenario& scenario, std::vector<std::uint8_t>& bytes) {
  const std::size_t begin = bytes.size();
  CHECK_MSG(!scenario.functions.empty(), "only linked scenarios are encoded");
  bytes.push_back(static_cast<std::uint8_t>(scenario.functions.size() - 1));
  bytes.push_back(static_cast<std::uint8_t>(scenario.channels.size()));
  bytes.push_back(static_cast<std::uint8_t>(scenario.slots.size()));
  put_number(static_cast<std::uint32_t>(scenario.words.size()), bytes);
  for (const Function& function : scenario.functions) {
    std::uint32_t label_before = 0;
    for (const Op& op : function.ops) put_op(scenario, op, label_before, bytes);
    bytes.push_back(static_cast<std::uint8_t>(OpCode::kEnd));
  }
  std::vector<std::uint8_t> length;
  put_number(static_cast<std::uint32_t>(bytes.size() - begin), length);
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(begin), length.begin(), length.end());
}

std::size_t ScenarioDecoder::decode(std::span<const std::uint8_t> bytes, Scenario& scenario) {
  Input head(bytes);
  const std::size_t length = head.number();
  const std::size_t body_bytes = std::min(length, bytes.size() - head.position());
  Input input(bytes.subspan(head.position(), body_bytes));

  const std::size_t functions = 1 + input.byte() % Scenario::kFunctionsMax;
  scenario.channels.resize(input.byte() % (Scenario::kChannelsMax + 1));
  scenario.slots.resize(input.byte() % (Scenario::kSlotsMax + 1));
  scenario.words.resize(input.number() % (Scenario::kWordsMax + 1));
  scenario.locks.clear();
  scenario.conditions.clear();
  scenario.orders.clear();
  while (scenario.functions.size() > functions) {
    spare_.push_back(std::move(scenario.functions.back()));
    scenario.functions.pop_back();
  }
  while (scenario.functions.size() < functions) {
    if (spare_.empty()) {
      scenario.functions.emplace_back();
      continue;
    }
    scenario.functions.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  set_implied_names(scenario);

  const Ranges ranges(scenario);
  for (Function& function : scenario.functions) {
    function.ops.clear();
    function.daemon = function.raises = false;
    FunctionBuilder builder(ranges, function.ops, options_.canaries);
    while (!input.at_end() && builder.read_op(input)) {
    }
    builder.close_all();
  }
  return head.position() + body_bytes;
}

std::size_t decode_scenario(std::span<const std::uint8_t> bytes, Scenario& scenario) {
  return ScenarioDecoder().decode(bytes, scenario);
}

void set_implied_names(Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.channels.size(); ++i) set_name(scenario.channels[i], 'c', i);
  for (std::size_t i = 0; i < scenario.slots.size(); ++i) set_name(scenario.slots[i], 's', i);
  for (std::size_t i = 0; i < scenario.words.size(); ++i) set_name(scenario.words[i], 'w', i);
  for (std::size_t i = 0; i < scenario.functions.size(); ++i) {
    std::string& name = scenario.functions[i].name;
    if (i > 0) {
      set_name(name, 'f', i);
    } else if (name != "main") {
      name = "main";
    }
  }
}

}  // namespace reweave::runtime
