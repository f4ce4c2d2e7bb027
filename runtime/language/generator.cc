#include "runtime/language/generator.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "runtime/language/arguments.h"
#include "runtime/language/bytes.h"
#include "runtime/language/draw.h"
#include "runtime/language/shapes.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

constexpr std::size_t kBlockDepthMax = 3;
constexpr std::uint32_t kBodyOpsMax = 3;
constexpr std::uint32_t kRaisedMax = 5;
constexpr Ratio kUseTheSlot{1, 3};
// Slots that main may use though it is another function that fills them.
constexpr Ratio kExpected{1, 8};
constexpr Ratio kExpectedOfThreads{1, 2};
constexpr Ratio kTakeTheLock{7, 8};  // Waiting and notifying without it is an error.
// A scenario. They cost more time than others.
constexpr Ratio kHasShapes{3, 8};
constexpr Ratio kShapeInMain{3, 4};
constexpr std::uint32_t kSlotsForShapes = 4;   // At least; at most that many without any.
constexpr std::uint32_t kFunctionsBeside = 3;  // Of a scenario with shapes, at most.
constexpr std::uint32_t kOpsBesideShape = 3;   // At most, in a function that a shape needs.

std::uint32_t between(Prng& prng, std::uint32_t low, std::uint32_t high) {
  CHECK(low <= high);
  return low + prng.below(high - low + 1);
}

/// Mostly low.
std::uint32_t few(Prng& prng, std::uint32_t low, std::uint32_t high) {
  const std::uint32_t one = between(prng, low, high);
  const std::uint32_t two = between(prng, low, high);
  return std::min(one, two);
}

/// How much of the table a scenario does without, in eighths.
Ratio scenario_rate(Prng& prng) {
  constexpr std::uint32_t kEighths[] = {0, 1, 2, 4};
  return {kEighths[prng.below(4)], 8};
}

/// How much of that a function does without: short functions are the better for knowing few words.
Ratio function_rate(Prng& prng) {
  constexpr std::uint32_t kEighths[] = {0, 3, 5, 6};
  return {kEighths[prng.below(4)], 8};
}

class Generator {
 public:
  Generator(Prng& prng, const GeneratorOptions& options, Scenario& scenario)
      : prng_(prng), options_(options), scenario_(scenario) {}

  void run();

 private:
  std::uint32_t some_other() {
    return static_cast<std::uint32_t>(first_other_) + prng_.below(others_);
  }
  /// True for what a thread begins with.
  bool sets_the_scene(std::size_t function) const {
    return function == 0 || function == thread_function_;
  }
  void draw_sizes();
  void draw_shapes(bool beside_thread);
  void write_function(std::size_t index, const OpWeights& weights);
  /// So many operations that no shape asks for.
  std::uint32_t draw_budget(std::size_t index, bool has_scripts);
  /// What the shapes want of the function, each in its order, with drawn operations in between.
  void weave(Function& function, const OpWeights& weights, std::uint32_t budget);
  /// One of a script. `depth`: how many blocks of it are open.
  void push_scripted(Function& function, Op op, std::size_t& depth);
  /// Draws up to `budget` operations and appends them; nested bodies take theirs from it.
  void write_body(Function& function, const OpWeights& weights, std::uint32_t budget,
                  std::size_t depth);
  void write_drawn(Function& function, const OpWeights& weights, std::uint32_t& budget,
                   std::size_t depth);
  void write_block(Function& function, const OpWeights& weights, const Op& block,
                   std::uint32_t& budget, std::size_t depth);
  bool leaves_a_filled_slot(const Op& op) const;
  /// One of the two templates: after an operation on a slot comes another one.
  void use_recent(Function& function, const OpWeights& weights);
  void push(Function& function, const Op& op);
  void insert(std::size_t function, const Op& op);
  void expect_slots(Ratio each);
  void fill_expected();
  void complete_channels();
  void start_thread();
  void spawn_unused();
  void end_with_runall();

  Prng& prng_;
  const GeneratorOptions& options_;
  Scenario& scenario_;
  Uses uses_;
  std::vector<ShapeScript> scripts_;
  std::uint32_t shapes_ = 0;         // How many.
  std::uint32_t others_ = 0;         // Functions that no shape has asked for, but for main.
  std::size_t first_other_ = 1;      // They come last.
  std::size_t function_ = 0;         // The one being written.
  std::size_t thread_function_ = 0;  // The one that the other thread begins with; 0: no thread.
};

void Generator::run() {
  OpWeights weights(options_.beyond);
  weights.draw_topics(prng_, options_.focus);
  weights.raise(options_.focus);
  draw_sizes();
  weights.switch_off(prng_, scenario_rate(prng_));
  weights.raise(prng_, prng_.below(kRaisedMax + 1));
  uses_.clear();
  thread_function_ = 0;
  const bool threaded = weights.has(Topic::kThreads) || weights.has(Topic::kLocks);
  const bool starts_thread = threaded && others_ > 0;
  draw_shapes(starts_thread);
  set_implied_names(scenario_);
  if (starts_thread) {
    uses_.expect_threads();
    // An early one, which can refer to others.
    thread_function_ = first_other_ + few(prng_, 0, others_ - 1);
  }
  expect_slots(threaded ? kExpectedOfThreads : kExpected);
  // The other thread first: main then knows which slots it fills and where it waits.
  if (thread_function_ != 0) write_function(thread_function_, weights);
  for (std::size_t f = 0; f < scenario_.functions.size(); ++f) {
    if (f != 0 && f == thread_function_) continue;
    OpWeights own = weights;
    if (f > 0) own.switch_off(prng_, function_rate(prng_));
    write_function(f, own);
  }
  fill_expected();
  complete_channels();
  if (thread_function_ != 0) start_thread();
  spawn_unused();
  end_with_runall();
  for (Function& function : scenario_.functions) number_labels(function);
  scenario_.locks.clear();
  scenario_.conditions.clear();
  scenario_.orders.clear();
  const Status status = link(scenario_);
  CHECK_MSG(status.has_value(), "the generator wrote an invalid scenario");
}

void Generator::draw_sizes() {
  scripts_.clear();
  const bool has_shapes = options_.shapes_max > 0 && prng_.chance(kHasShapes);
  shapes_ = has_shapes ? few(prng_, 1, options_.shapes_max) : 0;
  // Shapes bring functions of their own, and need slots.
  const std::uint32_t most = std::min(kFunctionsBeside, options_.functions_max);
  others_ = has_shapes ? between(prng_, std::min(options_.functions_min, most), most)
                       : between(prng_, options_.functions_min, options_.functions_max);
  --others_;  // Main.
  const std::uint32_t slots = std::min(kSlotsForShapes, options_.slots_max);
  scenario_.channels.resize(few(prng_, 1, options_.channels_max));
  scenario_.slots.resize(has_shapes ? between(prng_, slots, options_.slots_max)
                                    : few(prng_, 1, slots));
  scenario_.words.resize(few(prng_, 1, options_.words_max));
}

// All of a scenario are of two kinds at most: what a program is about, it is about more than once.
void Generator::draw_shapes(bool beside_thread) {
  ShapeWriter writer(prng_, uses_, scenario_);
  if (beside_thread) writer.take_thread();
  const std::size_t kinds[] = {draw_shape(prng_), draw_shape(prng_)};
  constexpr std::size_t kNotMain = Scenario::kFunctionsMax;
  for (std::uint32_t i = 0; i < shapes_; ++i) {
    const bool in_main = others_ == 0 || prng_.chance(kShapeInMain);
    if (!writer.write(kinds[prng_.below(2)], in_main ? 0 : kNotMain, scripts_)) break;
  }
  // What a shape needs comes before the others, so that these can be used in it.
  first_other_ = 1 + writer.functions();
  scenario_.functions.resize(first_other_ + others_);
  for (ShapeScript& script : scripts_) {
    if (script.function == kNotMain) script.function = some_other();
  }
  const bool starts_threads =
      std::any_of(scripts_.begin(), scripts_.end(), [](const ShapeScript& script) {
        return std::any_of(script.ops.begin(), script.ops.end(), [](const Op& op) {
          return op.code == OpCode::kTstart || op.code == OpCode::kAsync;
        });
      });
  if (starts_threads) uses_.expect_threads();
}

void Generator::write_function(std::size_t index, const OpWeights& weights) {
  Function& function = scenario_.functions[index];
  function.ops.clear();
  function_ = index;
  uses_.enter(index);
  const bool has_scripts =
      std::any_of(scripts_.begin(), scripts_.end(),
                  [index](const ShapeScript& script) { return script.function == index; });
  const std::uint32_t budget = draw_budget(index, has_scripts);
  if (has_scripts) {
    weave(function, weights, budget);
  } else {
    write_body(function, weights, budget, 0);
  }
}

std::uint32_t Generator::draw_budget(std::size_t index, bool has_scripts) {
  const std::uint32_t most = options_.ops_per_function_max;
  if (index > 0 && index < first_other_) return few(prng_, 0, std::min(most, kOpsBesideShape));
  // What sets the scene is mostly long; the others are mostly short.
  const std::uint32_t shortage = few(prng_, 0, most - 1);
  const std::uint32_t budget = sets_the_scene(index) ? most - shortage : 1 + shortage;
  if (shapes_ == 0) return budget;
  return has_scripts ? budget / 4 : (budget + 1) / 2;
}

void Generator::weave(Function& function, const OpWeights& weights, std::uint32_t budget) {
  struct Strand {
    ShapeScript* script;
    std::size_t next;
  };
  std::vector<Strand> left;
  std::size_t ops = 0;
  for (ShapeScript& script : scripts_) {
    if (script.function != function_ || script.ops.empty()) continue;
    left.push_back({&script, 0});
    ops += script.ops.size();
  }
  std::size_t current = 0;
  std::size_t depth = 0;  // Of the current one: while it is in a block, no other goes on.
  while (!left.empty()) {
    if (prng_.below(static_cast<std::uint32_t>(ops) + budget) < budget) {
      --budget;
      write_drawn(function, weights, budget, depth);
      continue;
    }
    if (depth == 0) current = prng_.below(static_cast<std::uint32_t>(left.size()));
    ShapeScript& script = *left[current].script;
    const Op& op = script.ops[left[current].next++];
    --ops;
    push_scripted(function, op, depth);
    if (left[current].next == script.ops.size())
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(current));
  }
  write_body(function, weights, budget, 0);
}

void Generator::push_scripted(Function& function, Op op, std::size_t& depth) {
  const OpInfo& info = op_info(op.code);
  if (info.shape == OpShape::kMark) {
    if (op.code == OpCode::kEnd) --depth;
    function.ops.push_back(op);
    return;
  }
  const ArgumentDraw draw{prng_, uses_, scenario_, function_, op.code};
  for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
    if (op.args[i] != kDrawnLater) continue;
    // Blocks have counts, which can always be drawn.
    if (!argument_kind(info.arguments[i]).draw(draw, op.args[i])) return;
  }
  if (info.shape != OpShape::kPlain) ++depth;
  push(function, op);
}

void Generator::write_body(Function& function, const OpWeights& weights, std::uint32_t budget,
                           std::size_t depth) {
  while (budget > 0) {
    --budget;
    write_drawn(function, weights, budget, depth);
  }
}

// `budget`: of what comes with it.
void Generator::write_drawn(Function& function, const OpWeights& weights, std::uint32_t& budget,
                            std::size_t depth) {
  const std::optional<Op> op =
      draw_op(prng_, weights, uses_, scenario_, function_, depth < kBlockDepthMax);
  if (!op) return;
  if (budget > 0 && is_of_condition(op->code) && prng_.chance(kTakeTheLock)) {
    --budget;
    push(function, {.code = OpCode::kLock, .args = {op->args[0], 0, 0}});
  }
  if (op_info(op->code).shape != OpShape::kPlain)
    return write_block(function, weights, *op, budget, depth);
  push(function, *op);
  if (budget == 0 || !leaves_a_filled_slot(*op) || !prng_.chance(kUseTheSlot)) return;
  --budget;
  use_recent(function, weights);
}

bool Generator::leaves_a_filled_slot(const Op& op) const {
  const bool has_slot = names_any(op_info(op.code).arguments, NameKind::kSlot);
  return has_slot && op.code != OpCode::kDrop && uses_.recent().has_value();
}

void Generator::use_recent(Function& function, const OpWeights& weights) {
  const OpWeights users = weights.users_of_a_slot();
  if (users.empty()) return;
  const std::optional<Op> op = draw_op(prng_, users, uses_, scenario_, function_, false);
  if (op) push(function, *op);
}

void Generator::write_block(Function& function, const OpWeights& weights, const Op& block,
                            std::uint32_t& budget, std::size_t depth) {
  const auto write_part = [&] {
    const std::uint32_t wanted = between(prng_, 1, kBodyOpsMax);
    const std::uint32_t part = std::min(wanted, budget);
    budget -= part;
    write_body(function, weights, part, depth + 1);
  };
  push(function, block);
  write_part();
  if (op_info(block.code).shape == OpShape::kBlockThen) {
    function.ops.push_back({.code = OpCode::kThen});
    write_part();
  }
  function.ops.push_back({.code = OpCode::kEnd});
}

void Generator::push(Function& function, const Op& op) {
  uses_.note(function_, op);
  function.ops.push_back(op);
}

void Generator::insert(std::size_t function, const Op& op) {
  std::vector<Op>& ops = scenario_.functions[function].ops;
  const std::uint32_t at = prng_.below(static_cast<std::uint32_t>(ops.size()) + 1);
  ops.insert(ops.begin() + at, op);
  uses_.note(function, op);
}

void Generator::expect_slots(Ratio each) {
  std::uint64_t expected = 0;
  for (std::size_t s = 0; s < scenario_.slots.size(); ++s) {
    if (prng_.chance(each)) expected |= std::uint64_t{1} << s;
  }
  uses_.expect_filled(expected);
}

void Generator::fill_expected() {
  if (others_ == 0) return;
  for (std::size_t s = 0; s < scenario_.slots.size(); ++s) {
    if ((uses_.still_expected() >> s & 1) == 0) continue;
    Op op{.code = prng_.chance({1, 2}) ? OpCode::kSpawn : OpCode::kBind};
    // The last one spawns nobody.
    const auto last = static_cast<std::uint32_t>(scenario_.functions.size()) - 1;
    const std::uint32_t drawn = some_other();
    const std::uint32_t function = drawn == last ? 0 : drawn;
    op.args = {static_cast<std::int32_t>(between(prng_, function + 1, last)),
               static_cast<std::int32_t>(s), 0};
    insert(function, op);
  }
}

void Generator::complete_channels() {
  for (std::size_t c = 0; c < scenario_.channels.size(); ++c) {
    const bool sends = uses_.senders(c) > 0;
    if (sends == (uses_.receivers(c) > 0) || others_ == 0 || prng_.chance({1, 8})) continue;
    Op op{.code = sends ? OpCode::kRecv : OpCode::kSend};
    op.args[0] = static_cast<std::int32_t>(c);
    insert(some_other(), op);
  }
}

void Generator::start_thread() {
  Op op{.code = OpCode::kTstart};
  op.args = {1, static_cast<std::int32_t>(thread_function_), 0};
  // Mostly early, for what comes before it is done alone.
  std::vector<Op>& ops = scenario_.functions[0].ops;
  const std::uint32_t at = few(prng_, 0, static_cast<std::uint32_t>(ops.size()));
  ops.insert(ops.begin() + at, op);
  uses_.note(0, op);
}

void Generator::spawn_unused() {
  for (std::size_t f = 1; f < scenario_.functions.size(); ++f) {
    if (uses_.references(f) > 0 || prng_.chance({1, 8})) continue;
    Op spawn{.code = OpCode::kSpawn};
    const bool keep = prng_.chance({1, 2});
    const std::uint32_t slot = prng_.below(static_cast<std::uint32_t>(scenario_.slots.size()));
    spawn.args = {static_cast<std::int32_t>(f), keep ? static_cast<std::int32_t>(slot) : -1, 0};
    insert(0, spawn);
  }
}

void Generator::end_with_runall() {
  Function& main = scenario_.functions[0];
  const bool has_it = !main.ops.empty() && main.ops.back().code == OpCode::kRunall;
  if (!has_it && prng_.chance({7, 8})) main.ops.push_back({.code = OpCode::kRunall});
}

}  // namespace

void generate_scenario(Prng& prng, const GeneratorOptions& options, Scenario& scenario) {
  CHECK(options.functions_min >= 1);
  CHECK(options.functions_max <= Scenario::kFunctionsMax);
  CHECK(options.channels_max >= 1 && options.channels_max <= Scenario::kChannelsMax);
  CHECK(options.slots_max >= 1 && options.slots_max <= Scenario::kSlotsMax);
  CHECK(options.words_max >= 1 && options.words_max <= Scenario::kWordsMax);
  CHECK(options.ops_per_function_max >= 1);
  CHECK(options.ops_per_function_max <= Scenario::kOpsPerFunctionMax / 5);
  Generator(prng, options, scenario).run();
}

}  // namespace reweave::runtime
