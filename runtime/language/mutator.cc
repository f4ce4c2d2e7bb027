#include "runtime/language/mutator.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/language/arguments.h"
#include "runtime/language/draw.h"
#include "runtime/language/edit.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

constexpr int kAttempts = 16;         // To find one thing that fits.
constexpr int kChangeAttempts = 100;  // To change anything: an empty main leaves little choice.
constexpr std::size_t kRunMax = 4;    // Items moved, wrapped or copied at once.

/// A run of items of one function.
struct Place {
  std::size_t function = 0;
  OpRange items;
};

/// It has operations that the real thing does not have: then it may get more of them.
bool is_beyond(const Scenario& scenario) {
  return std::ranges::any_of(scenario.functions, [](const Function& function) {
    return std::ranges::any_of(
        function.ops, [](const Op& op) { return op_info(op.code).topic == Topic::kBeyond; });
  });
}

class Mutator {
 public:
  Mutator(Prng& prng, const MutatorLimits& limits, Scenario& scenario)
      : prng_(prng),
        limits_(limits),
        scenario_(scenario),
        weights_(is_beyond(scenario) || limits.focus.has(Topic::kBeyond)) {
    weights_.raise(limits.focus);
  }

  /// One attempt; false: nothing was changed.
  bool mutate();
  bool cross(const Scenario& other);

 private:
  using Change = bool (Mutator::*)();

  bool insert_op();
  bool erase();
  bool replace_op();
  bool change_argument();
  bool change_code();
  bool duplicate();
  bool move();
  bool swap();
  bool wrap_in_block();
  bool wrap_in_function();
  bool unwrap();
  bool inline_call();
  bool add_function();
  bool drop_function();
  bool add_channel();
  bool drop_channel();
  bool add_slot();
  bool drop_slot();
  bool set_depth();

  bool take_function(const Scenario& other);
  bool take_body(const Scenario& other);
  bool take_items(const Scenario& other);

  std::size_t below(std::size_t bound) { return prng_.below(static_cast<std::uint32_t>(bound)); }
  Function& function(std::size_t index) { return scenario_.functions[index]; }

  std::size_t ops_in_all() const;
  /// True if `count` more operations may be put into this function.
  bool has_room(std::size_t function, std::size_t count) const;
  /// A function; one with operations, if `filled`.
  std::optional<std::size_t> some_function(bool filled);
  /// An operation that is no mark, of any function, all equally likely.
  std::optional<Place> some_op();
  /// One operation for which `fits` is true.
  template <typename Fits>
  std::optional<Place> some_op_that(Fits fits);
  /// One to kRunMax neighbours in one body.
  std::optional<Place> some_items();
  /// A place between items, at any depth.
  std::size_t some_gap(std::size_t function);
  bool insert_at(std::size_t function, std::size_t at, std::vector<Op> items, bool keep_labels);
  std::size_t append_function(std::vector<Op> ops);
  bool use_function(std::size_t index);
  std::vector<Op> translated(const Scenario& other, std::span<const Op> ops);
  void finish();

  Prng& prng_;
  const MutatorLimits& limits_;
  Scenario& scenario_;
  OpWeights weights_;
  Uses uses_;
};

std::string free_name(char letter, const std::vector<std::string>& taken) {
  for (std::size_t n = taken.size();; ++n) {
    std::string name = letter + std::to_string(n);
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) return name;
  }
}

bool is_block(const Op& op) {
  const OpShape shape = op_info(op.code).shape;
  return shape == OpShape::kBlock || shape == OpShape::kBlockThen;
}

/// The marks that a block needs after its head.
std::vector<Op> block_around(const Op& head, std::span<const Op> first,
                             std::span<const Op> second) {
  std::vector<Op> items{head};
  items.insert(items.end(), first.begin(), first.end());
  if (op_info(head.code).shape == OpShape::kBlockThen) {
    items.push_back({.code = OpCode::kThen});
    items.insert(items.end(), second.begin(), second.end());
  }
  items.push_back({.code = OpCode::kEnd});
  return items;
}

// ---- Choosing where ----

std::size_t Mutator::ops_in_all() const {
  std::size_t count = 0;
  for (const Function& f : scenario_.functions) count += f.ops.size();
  return count;
}

bool Mutator::has_room(std::size_t function, std::size_t count) const {
  return ops_in_all() + count <= limits_.ops_max &&
         scenario_.functions[function].ops.size() + count <= Scenario::kOpsPerFunctionMax;
}

std::optional<std::size_t> Mutator::some_function(bool filled) {
  std::vector<std::size_t> candidates;
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    if (!filled || !scenario_.functions[f].ops.empty()) candidates.push_back(f);
  }
  if (candidates.empty()) return std::nullopt;
  return candidates[below(candidates.size())];
}

template <typename Fits>
std::optional<Place> Mutator::some_op_that(Fits fits) {
  std::vector<std::pair<std::size_t, std::size_t>> candidates;
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    const std::vector<Op>& ops = scenario_.functions[f].ops;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (op_info(ops[i].code).shape != OpShape::kMark && fits(ops[i]))
        candidates.push_back({f, i});
    }
  }
  if (candidates.empty()) return std::nullopt;
  const auto [f, i] = candidates[below(candidates.size())];
  return Place{f, item_at(scenario_.functions[f], i)};
}

std::optional<Place> Mutator::some_op() {
  return some_op_that([](const Op&) { return true; });
}

std::optional<Place> Mutator::some_items() {
  std::optional<Place> place = some_op();
  if (!place) return place;
  const Function& whole = scenario_.functions[place->function];
  std::size_t more = below(kRunMax);
  // The next item in the same body, if there is one: a mark ends the body.
  while (more-- > 0 && place->items.last < whole.ops.size() &&
         op_info(whole.ops[place->items.last].code).shape != OpShape::kMark) {
    place->items.last = item_at(whole, place->items.last).last;
  }
  return place;
}

std::size_t Mutator::some_gap(std::size_t index) {
  // In front of any operation or mark, or at the end: each of these is between two items.
  return below(scenario_.functions[index].ops.size() + 1);
}

// ---- Putting in ----

bool Mutator::insert_at(std::size_t index, std::size_t at, std::vector<Op> items,
                        bool keep_labels) {
  Function& whole = function(index);
  if (!has_room(index, items.size())) return false;
  // The height is counted on a function of its own: no matches are needed for that.
  const Function alone{"", items};
  if (depth_at(whole, at) + height_of(alone, {0, items.size()}) > Scenario::kNesting) return false;
  if (!keep_labels) {
    for (Op& op : items) op.label = 0;
  }
  insert_items(whole, at, items);
  return true;
}

std::size_t Mutator::append_function(std::vector<Op> ops) {
  std::vector<std::string> taken;
  for (const Function& f : scenario_.functions) taken.push_back(f.name);
  scenario_.functions.push_back({free_name('f', taken), std::move(ops)});
  return scenario_.functions.size() - 1;
}

/// One operation, anywhere, that spawns or calls the last function.
bool Mutator::use_function(std::size_t index) {
  const std::size_t user = below(index);
  const std::size_t at = some_gap(user);
  uses_.scan(scenario_, user, at);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Op op;
    op.code = weights_.draw(prng_);
    const char* letters = op_info(op.code).arguments;
    if (is_block(op) || !names_any(letters, NameKind::kFunction)) continue;
    if (!draw_arguments(prng_, uses_, scenario_, user, op)) continue;
    for (std::size_t i = 0; letters[i] != '\0'; ++i) {
      if (names_a(letters[i], NameKind::kFunction)) op.args[i] = static_cast<std::int32_t>(index);
    }
    return insert_at(user, at, {op}, false);
  }
  return false;
}

void Mutator::finish() {
  for (Function& f : scenario_.functions) number_labels(f);
  relink(scenario_);
}

// ---- The changes ----

bool Mutator::insert_op() {
  const std::optional<std::size_t> where = some_function(false);
  const std::size_t at = some_gap(*where);
  uses_.scan(scenario_, *where, at);
  const std::optional<Op> op = draw_op(prng_, weights_, uses_, scenario_, *where, true);
  if (!op) return false;
  if (!is_block(*op)) return insert_at(*where, at, {*op}, false);
  return insert_at(*where, at, block_around(*op, {}, {}), false);
}

bool Mutator::erase() {
  const std::optional<Place> place = some_items();
  if (!place) return false;
  erase_items(function(place->function), place->items);
  return true;
}

bool Mutator::replace_op() {
  const std::optional<Place> place = some_op_that([](const Op& op) { return !is_block(op); });
  if (!place) return false;
  uses_.scan(scenario_, place->function, place->items.first);
  std::optional<Op> op = draw_op(prng_, weights_, uses_, scenario_, place->function, false);
  Op& old = function(place->function).ops[place->items.first];
  if (!op) return false;
  op->label = old.label;
  op->match = 0;
  if (*op == old) return false;
  old = *op;
  return true;
}

bool Mutator::change_argument() {
  const std::optional<Place> place =
      some_op_that([](const Op& op) { return op_info(op.code).arguments[0] != '\0'; });
  if (!place) return false;
  Op& op = function(place->function).ops[place->items.first];
  const char* letters = op_info(op.code).arguments;
  const std::size_t which = below(std::strlen(letters));
  const std::int32_t before = op.args[which];
  if (argument_kind(letters[which]).wide) {
    // Anything in range is allowed, but few numbers differ in effect.
    const std::int32_t near = before + static_cast<std::int32_t>(prng_.below(5)) - 2;
    const std::int32_t fresh =
        op.code == OpCode::kRec ? draw_depth(prng_) : static_cast<std::int32_t>(below(5));
    const ArgumentRange range = argument_range(scenario_, letters[which]);
    op.args[which] = std::clamp(prng_.chance({1, 2}) ? near : fresh, range.low, range.high);
  } else {
    const ArgumentRange range = argument_range(scenario_, letters[which]);
    const auto count = static_cast<std::size_t>(range.high - range.low + 1);
    op.args[which] = range.low + static_cast<std::int32_t>(below(count));
  }
  return op.args[which] != before;
}

/// `send` becomes `recv`, `call` becomes `hcall`, …: the weights choose among those that fit.
bool Mutator::change_code() {
  const std::optional<Place> place = some_op();
  if (!place) return false;
  Op& op = function(place->function).ops[place->items.first];
  const OpInfo& old = op_info(op.code);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const OpCode code = weights_.draw(prng_);
    const OpInfo& info = op_info(code);
    if (code == op.code || info.shape != old.shape) continue;
    if (!same_arguments(info.arguments, old.arguments)) continue;
    op.code = code;
    return true;
  }
  return false;
}

bool Mutator::duplicate() {
  const std::optional<Place> place = some_items();
  if (!place) return false;
  const Function& from = function(place->function);
  const std::vector<Op> items(from.ops.begin() + static_cast<std::ptrdiff_t>(place->items.first),
                              from.ops.begin() + static_cast<std::ptrdiff_t>(place->items.last));
  const std::optional<std::size_t> target = some_function(false);
  const std::size_t where = prng_.chance({1, 2}) ? place->function : *target;
  const std::size_t at = some_gap(where);
  return insert_at(where, at, items, false);
}

bool Mutator::move() {
  const std::optional<Place> place = some_items();
  if (!place) return false;
  Function& from = function(place->function);
  std::vector<Op> items(from.ops.begin() + static_cast<std::ptrdiff_t>(place->items.first),
                        from.ops.begin() + static_cast<std::ptrdiff_t>(place->items.last));
  const std::optional<std::size_t> target = some_function(false);
  const bool stays = prng_.chance({1, 2}) || *target == place->function;
  const std::size_t where = stays ? place->function : *target;
  erase_items(from, place->items);
  const std::size_t at = some_gap(where);
  if (insert_at(where, at, items, stays)) return !stays || at != place->items.first;
  insert_items(from, place->items.first, items);
  return false;
}

bool Mutator::swap() {
  const std::optional<Place> place = some_op();
  if (!place) return false;
  Function& whole = function(place->function);
  const std::size_t next = place->items.last;
  if (next >= whole.ops.size() || op_info(whole.ops[next].code).shape == OpShape::kMark) {
    return false;
  }
  const OpRange second = item_at(whole, next);
  const auto begin = whole.ops.begin();
  std::rotate(begin + static_cast<std::ptrdiff_t>(place->items.first),
              begin + static_cast<std::ptrdiff_t>(second.first),
              begin + static_cast<std::ptrdiff_t>(second.last));
  return true;
}

bool Mutator::wrap_in_block() {
  const std::optional<Place> place = some_items();
  if (!place) return false;
  Op head;
  for (int attempt = 0; attempt < kAttempts && !is_block(head); ++attempt) {
    head.code = weights_.draw(prng_);
  }
  uses_.scan(scenario_, place->function, place->items.first);
  if (!is_block(head) || !draw_arguments(prng_, uses_, scenario_, place->function, head)) {
    return false;
  }
  Function& whole = function(place->function);
  const std::size_t height = height_of(whole, place->items) + 1;
  if (depth_at(whole, place->items.first) + height > Scenario::kNesting) return false;
  if (!has_room(place->function, 3)) return false;
  const auto first = whole.ops.begin() + static_cast<std::ptrdiff_t>(place->items.first);
  const auto last = whole.ops.begin() + static_cast<std::ptrdiff_t>(place->items.last);
  const std::vector<Op> items(first, last);
  erase_items(whole, place->items);
  insert_items(whole, place->items.first, block_around(head, items, {}));
  return true;
}

bool Mutator::wrap_in_function() {
  if (scenario_.functions.size() >= limits_.functions_max) return false;
  const std::optional<Place> place = some_items();
  if (!place || !has_room(place->function, 1)) return false;
  Function& whole = function(place->function);
  const auto first = whole.ops.begin() + static_cast<std::ptrdiff_t>(place->items.first);
  const auto last = whole.ops.begin() + static_cast<std::ptrdiff_t>(place->items.last);
  std::vector<Op> items(first, last);
  erase_items(whole, place->items);
  const std::size_t callee = append_function(std::move(items));
  Op call{.code = OpCode::kHcall};
  call.args[0] = static_cast<std::int32_t>(callee);
  if (prng_.chance({1, 3})) {
    call.code = OpCode::kRec;
    call.args = {draw_depth(prng_), static_cast<std::int32_t>(callee), 0};
  }
  insert_items(function(place->function), place->items.first, {&call, 1});
  return true;
}

bool Mutator::unwrap() {
  const std::optional<Place> place = some_op_that([](const Op& op) { return is_block(op); });
  if (!place) return false;
  unwrap_block(function(place->function), place->items.first);
  return true;
}

bool Mutator::inline_call() {
  const auto calls = [](const Op& op) {
    return op.code == OpCode::kCall || op.code == OpCode::kHcall ||
           (op.code == OpCode::kRec && op.args[1] >= 0);
  };
  const std::optional<Place> place = some_op_that(calls);
  if (!place) return false;
  Function& caller = function(place->function);
  const Op call = caller.ops[place->items.first];
  const auto callee = static_cast<std::size_t>(call.args[call.code == OpCode::kRec ? 1 : 0]);
  const std::vector<Op> body = function(callee).ops;
  // A function that does nothing but call itself would be replaced by the same call.
  if (body.size() == 1 && body[0].code == call.code && body[0].args == call.args) return false;
  erase_items(caller, place->items);
  if (insert_at(place->function, place->items.first, body, false)) return true;
  insert_items(caller, place->items.first, {&call, 1});
  return false;
}

bool Mutator::add_function() {
  if (scenario_.functions.size() >= limits_.functions_max) return false;
  if (ops_in_all() + 4 > limits_.ops_max) return false;
  const std::size_t index = append_function({});
  const std::size_t wanted = 1 + below(3);
  for (std::size_t i = 0; i < wanted; ++i) {
    uses_.scan(scenario_, index, i);
    std::optional<Op> op = draw_op(prng_, weights_, uses_, scenario_, index, false);
    if (!op) break;
    function(index).ops.push_back(*op);
  }
  use_function(index);
  return true;
}

bool Mutator::drop_function() {
  if (scenario_.functions.size() < 2) return false;
  remove_name(scenario_, NameKind::kFunction, 1 + below(scenario_.functions.size() - 1));
  return true;
}

bool Mutator::add_channel() {
  if (scenario_.channels.size() >= limits_.channels_max) return false;
  scenario_.channels.push_back(free_name('c', scenario_.channels));
  // Something uses it, or it would make no difference.
  const auto fresh = static_cast<std::int32_t>(scenario_.channels.size() - 1);
  const auto takes_one = [](const Op& op) {
    const char first = op_info(op.code).arguments[0];
    return first != '\0' && names_a(first, NameKind::kChannel);
  };
  const std::optional<Place> place = some_op_that(takes_one);
  if (place) function(place->function).ops[place->items.first].args[0] = fresh;
  return true;
}

bool Mutator::drop_channel() {
  if (scenario_.channels.size() < 2) return false;
  const std::size_t gone = below(scenario_.channels.size());
  // Mostly its users move to another channel, so that both sides still meet.
  const std::size_t heir = below(scenario_.channels.size());
  if (prng_.chance({3, 4})) redirect_name(scenario_, NameKind::kChannel, gone, heir);
  remove_name(scenario_, NameKind::kChannel, gone);
  return true;
}

bool Mutator::add_slot() {
  if (scenario_.slots.size() >= limits_.slots_max) return false;
  scenario_.slots.push_back(free_name('s', scenario_.slots));
  const auto fresh = static_cast<std::int32_t>(scenario_.slots.size() - 1);
  const std::optional<Place> place =
      some_op_that([](const Op& op) { return op.code == OpCode::kSpawn; });
  if (place) function(place->function).ops[place->items.first].args[1] = fresh;
  return true;
}

bool Mutator::drop_slot() {
  if (scenario_.slots.size() < 2) return false;
  const std::size_t gone = below(scenario_.slots.size());
  const std::size_t heir = below(scenario_.slots.size());
  if (prng_.chance({3, 4})) redirect_name(scenario_, NameKind::kSlot, gone, heir);
  remove_name(scenario_, NameKind::kSlot, gone);
  return true;
}

/// A call goes deeper, or a depth crosses the default of `spill_levels`, 25.
bool Mutator::set_depth() {
  const std::optional<Place> place = some_op_that(
      [](const Op& op) { return op.code == OpCode::kRec || op.code == OpCode::kHcall; });
  if (!place) return false;
  Op& op = function(place->function).ops[place->items.first];
  if (op.code == OpCode::kHcall) {
    op.code = OpCode::kRec;
    op.args = {draw_depth(prng_), op.args[0], 0};
    return true;
  }
  const std::int32_t before = op.args[0];
  op.args[0] = before < 25 ? 25 + static_cast<std::int32_t>(below(40))
                           : 1 + static_cast<std::int32_t>(below(24));
  return true;
}

bool Mutator::mutate() {
  // How often each is tried; adding and removing balance, so that sizes wander.
  static constexpr struct {
    std::uint32_t weight;
    Change change;
  } kChanges[] = {
      {20, &Mutator::insert_op},    {14, &Mutator::erase},
      {8, &Mutator::replace_op},    {14, &Mutator::change_argument},
      {6, &Mutator::change_code},   {6, &Mutator::duplicate},
      {8, &Mutator::move},          {5, &Mutator::swap},
      {3, &Mutator::wrap_in_block}, {5, &Mutator::wrap_in_function},
      {3, &Mutator::unwrap},        {3, &Mutator::inline_call},
      {5, &Mutator::add_function},  {3, &Mutator::drop_function},
      {1, &Mutator::add_channel},   {1, &Mutator::drop_channel},
      {1, &Mutator::add_slot},      {1, &Mutator::drop_slot},
      {4, &Mutator::set_depth},
  };
  std::uint32_t total = 0;
  for (const auto& entry : kChanges) total += entry.weight;
  std::uint32_t left = prng_.below(total);
  std::size_t chosen = 0;
  while (left >= kChanges[chosen].weight) left -= kChanges[chosen++].weight;
  const bool changed = (this->*kChanges[chosen].change)();
  if (changed) finish();
  return changed;
}

// ---- Crossing ----

/// Operations of another scenario in this one's numbers: indices wrap (main is only where main
/// was), words are added where there is room. Operations that need what this one lacks are left
/// out.
std::vector<Op> Mutator::translated(const Scenario& other, std::span<const Op> ops) {
  std::vector<Op> result;
  for (Op op : ops) {
    const char* letters = op_info(op.code).arguments;
    bool fits = true;
    for (std::size_t i = 0; letters[i] != '\0'; ++i) {
      if (names_a(letters[i], NameKind::kWord)) {
        const std::string& word = other.words[static_cast<std::size_t>(op.args[i])];
        std::vector<std::string>& words = scenario_.words;
        const auto found = std::find(words.begin(), words.end(), word);
        op.args[i] = static_cast<std::int32_t>(found - words.begin());
        if (found == words.end() && words.size() == Scenario::kWordsMax) op.args[i] = 0;
        if (found == words.end() && words.size() < Scenario::kWordsMax) words.push_back(word);
        continue;
      }
      const ArgumentRange range = argument_range(scenario_, letters[i]);
      if (range.empty()) {
        fits = false;
      } else if (op.args[i] > range.high) {
        const bool is_function = names_a(letters[i], NameKind::kFunction);
        const std::int32_t low = is_function && range.high > 0 ? 1 : std::max(range.low, 0);
        op.args[i] = range.high < low ? range.high : low + op.args[i] % (range.high - low + 1);
      }
    }
    CHECK_MSG(fits || !is_block(op), "a block that names something");
    if (fits) result.push_back(op);
  }
  return result;
}

bool Mutator::take_function(const Scenario& other) {
  if (scenario_.functions.size() >= limits_.functions_max) return false;
  const std::vector<Op>& ops = other.functions[below(other.functions.size())].ops;
  if (ops_in_all() + ops.size() + 3 > limits_.ops_max) return false;
  const std::size_t index = append_function(translated(other, ops));
  use_function(index);
  return true;
}

bool Mutator::take_body(const Scenario& other) {
  const std::optional<std::size_t> target = some_function(false);
  const std::vector<Op>& ops = other.functions[below(other.functions.size())].ops;
  const std::size_t before = function(*target).ops.size();
  if (ops.size() > before && !has_room(*target, ops.size() - before)) return false;
  function(*target).ops = translated(other, ops);
  return true;
}

bool Mutator::take_items(const Scenario& other) {
  const Function& from = other.functions[below(other.functions.size())];
  const std::vector<OpRange> bodies = bodies_of(from);
  const std::vector<OpRange> items = items_of(from, bodies[below(bodies.size())]);
  if (items.empty()) return false;
  const std::size_t first = below(items.size());
  const std::size_t last = std::min(first + below(kRunMax), items.size() - 1);
  const auto begin = from.ops.begin();
  const std::vector<Op> ops(begin + static_cast<std::ptrdiff_t>(items[first].first),
                            begin + static_cast<std::ptrdiff_t>(items[last].last));
  const std::optional<std::size_t> target = some_function(false);
  const std::size_t at = some_gap(*target);
  if (!has_room(*target, ops.size())) return false;
  return insert_at(*target, at, translated(other, ops), false);
}

bool Mutator::cross(const Scenario& other) {
  bool changed = false;
  switch (prng_.below(4)) {
    case 0:
      changed = take_body(other);
      break;
    case 1:
      changed = take_items(other);
      break;
    default:
      changed = take_function(other);
      break;
  }
  if (changed) finish();
  return changed;
}

}  // namespace

void mutate_scenario(Prng& prng, const MutatorLimits& limits, Scenario& scenario) {
  CHECK(limits.functions_max <= Scenario::kFunctionsMax);
  CHECK(limits.channels_max <= Scenario::kChannelsMax);
  CHECK(limits.slots_max <= Scenario::kSlotsMax);
  Mutator mutator(prng, limits, scenario);
  for (int attempt = 0; attempt < kChangeAttempts; ++attempt) {
    if (mutator.mutate()) return;
  }
}

void cross_scenarios(Prng& prng, const MutatorLimits& limits, const Scenario& other,
                     Scenario& scenario) {
  CHECK(limits.functions_max <= Scenario::kFunctionsMax);
  CHECK(&other != &scenario);
  Mutator mutator(prng, limits, scenario);
  for (int attempt = 0; attempt < kChangeAttempts; ++attempt) {
    if (mutator.cross(other)) return;
  }
}

}  // namespace reweave::runtime
