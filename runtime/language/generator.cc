#include "runtime/language/generator.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "runtime/language/arguments.h"
#include "runtime/language/bytes.h"
#include "runtime/language/draw.h"
#include "scheduler/base/check.h"

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
  /// True for what a thread begins with.
  bool sets_the_scene(std::size_t function) const {
    return function == 0 || function == thread_function_;
  }
  void write_function(std::size_t index, const OpWeights& weights);
  /// Draws up to `budget` operations and appends them; nested bodies take theirs from it.
  void write_body(Function& function, const OpWeights& weights, std::uint32_t budget,
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
  std::size_t function_ = 0;         // The one being written.
  std::size_t thread_function_ = 0;  // The one that the other thread begins with; 0: no thread.
};

void Generator::run() {
  OpWeights weights;
  weights.draw_topics(prng_);
  const bool threaded = weights.has(Topic::kThreads) || weights.has(Topic::kLocks);
  scenario_.functions.resize(between(prng_, options_.functions_min, options_.functions_max));
  scenario_.channels.resize(few(prng_, 1, options_.channels_max));
  scenario_.slots.resize(few(prng_, 1, options_.slots_max));
  scenario_.words.resize(few(prng_, 1, options_.words_max));
  set_implied_names(scenario_);
  weights.switch_off(prng_, scenario_rate(prng_));
  weights.raise(prng_, prng_.below(kRaisedMax + 1));
  uses_.clear();
  thread_function_ = 0;
  if (threaded && scenario_.functions.size() > 1) {
    uses_.expect_threads();
    // An early one, which can refer to others.
    thread_function_ = few(prng_, 1, static_cast<std::uint32_t>(scenario_.functions.size()) - 1);
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
  const Status status = link(scenario_);
  CHECK_MSG(status.has_value(), "the generator wrote an invalid scenario");
}

void Generator::write_function(std::size_t index, const OpWeights& weights) {
  Function& function = scenario_.functions[index];
  function.ops.clear();
  function_ = index;
  uses_.enter(index);
  const std::uint32_t most = options_.ops_per_function_max;
  // What sets the scene is mostly long; the others are mostly short.
  const std::uint32_t shortage = few(prng_, 0, most - 1);
  write_body(function, weights, sets_the_scene(index) ? most - shortage : 1 + shortage, 0);
}

void Generator::write_body(Function& function, const OpWeights& weights, std::uint32_t budget,
                           std::size_t depth) {
  while (budget > 0) {
    --budget;
    const std::optional<Op> op =
        draw_op(prng_, weights, uses_, scenario_, function_, depth < kBlockDepthMax);
    if (!op) continue;
    if (budget > 0 && is_of_condition(op->code) && prng_.chance(kTakeTheLock)) {
      --budget;
      push(function, {.code = OpCode::kLock, .args = {op->args[0], 0, 0}});
    }
    if (op_info(op->code).shape == OpShape::kPlain) {
      push(function, *op);
      if (budget > 0 && leaves_a_filled_slot(*op) && prng_.chance(kUseTheSlot)) {
        --budget;
        use_recent(function, weights);
      }
    } else {
      write_block(function, weights, *op, budget, depth);
    }
  }
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
  const auto functions = static_cast<std::uint32_t>(scenario_.functions.size());
  if (functions < 2) return;
  for (std::size_t s = 0; s < scenario_.slots.size(); ++s) {
    if ((uses_.still_expected() >> s & 1) == 0) continue;
    Op op{.code = prng_.chance({1, 2}) ? OpCode::kSpawn : OpCode::kBind};
    const std::uint32_t function = 1 + prng_.below(functions - 1);
    op.args = {static_cast<std::int32_t>(
                   between(prng_, std::min(function + 1, functions - 1), functions - 1)),
               static_cast<std::int32_t>(s), 0};
    insert(function, op);
  }
}

void Generator::complete_channels() {
  const auto functions = static_cast<std::uint32_t>(scenario_.functions.size());
  for (std::size_t c = 0; c < scenario_.channels.size(); ++c) {
    const bool sends = uses_.senders(c) > 0;
    if (sends == (uses_.receivers(c) > 0) || functions < 2 || prng_.chance({1, 8})) continue;
    Op op{.code = sends ? OpCode::kRecv : OpCode::kSend};
    op.args[0] = static_cast<std::int32_t>(c);
    const std::uint32_t function = 1 + prng_.below(functions - 1);
    insert(function, op);
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
