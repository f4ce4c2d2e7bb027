#include "runtime/language/draw.h"

#include <algorithm>
#include <iterator>

#include "runtime/language/arguments.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

constexpr int kAttempts = 8;

/// How many scenarios know a topic that is not what they are about.
constexpr Ratio kShareBesideFocus{1, 8};

/// How many scenarios know a topic.
Ratio share_of(Topic topic) { return topic == Topic::kThreads ? Ratio{1, 3} : Ratio{1, 4}; }

std::int32_t below(Prng& prng, std::size_t bound) {
  return static_cast<std::int32_t>(prng.below(static_cast<std::uint32_t>(bound)));
}

bool sends(OpCode code) {
  return code == OpCode::kSend || code == OpCode::kSendx || code == OpCode::kSendseq ||
         code == OpCode::kTrysend;
}
bool receives(OpCode code) {
  return code == OpCode::kRecv || code == OpCode::kIter || code == OpCode::kTryrecv ||
         code == OpCode::kRecvt || code == OpCode::kSelect;
}

/// A function other than main, the less used of two. Mostly one that is defined after its user, for
/// circles of calls and spawns seldom end; and where all that happens leads to the function, mostly
/// the last one, which for that reason spawns nobody.
std::int32_t some_function(Prng& prng, const Uses& uses, const Scenario& scenario, std::size_t user,
                           OpCode code) {
  const std::size_t count = scenario.functions.size();
  const bool is_hook = code == OpCode::kChancbf || code == OpCode::kSchedcbf;
  std::size_t first = prng.chance({1, 256}) ? 1 : user + 1;
  if (is_hook && !prng.chance({1, 8})) first = std::max(first, count - 1);
  if (first >= count) return -1;
  const std::int32_t one = static_cast<std::int32_t>(first) + below(prng, count - first);
  const std::int32_t two = static_cast<std::int32_t>(first) + below(prng, count - first);
  return uses.references(static_cast<std::size_t>(one)) <=
                 uses.references(static_cast<std::size_t>(two))
             ? one
             : two;
}

/// A slot to store in: the emptier of two.
std::int32_t some_empty_slot(Prng& prng, const Uses& uses, const Scenario& scenario) {
  if (scenario.slots.empty()) return -1;
  const std::int32_t one = below(prng, scenario.slots.size());
  const std::int32_t two = below(prng, scenario.slots.size());
  return uses.occupied(static_cast<std::size_t>(one)) ? two : one;
}

/// A slot that holds something: often the one that the last operation was about.
std::int32_t some_filled_slot(Prng& prng, const Uses& uses, const Scenario& scenario) {
  const std::optional<std::int32_t> recent = uses.recent();
  if (recent && prng.chance({1, 2})) return *recent;
  std::uint32_t count = 0;
  for (std::size_t s = 0; s < scenario.slots.size(); ++s) count += uses.filled(s) ? 1 : 0;
  if (count == 0) return -1;
  std::uint32_t chosen = prng.below(count);
  for (std::size_t s = 0;; ++s) {
    if (uses.filled(s) && chosen-- == 0) return static_cast<std::int32_t>(s);
  }
}

/// A channel: for a sender one with receivers to spare and the other way round, of two.
std::int32_t some_channel(Prng& prng, const Uses& uses, const Scenario& scenario, OpCode code) {
  if (scenario.channels.empty()) return -1;
  const std::int32_t one = below(prng, scenario.channels.size());
  const std::int32_t two = below(prng, scenario.channels.size());
  const auto surplus = [&uses](std::int32_t channel) {
    const auto c = static_cast<std::size_t>(channel);
    return static_cast<std::int32_t>(uses.senders(c)) -
           static_cast<std::int32_t>(uses.receivers(c));
  };
  if (receives(code)) return surplus(one) >= surplus(two) ? one : two;
  if (sends(code)) return surplus(one) <= surplus(two) ? one : two;
  return one;
}

}  // namespace

bool is_of_condition(OpCode code) {
  return code == OpCode::kWait || code == OpCode::kPollwait || code == OpCode::kNotify ||
         code == OpCode::kNotifyall;
}

// ---- What the rows of arguments.cc call ----

bool draw_function(const ArgumentDraw& draw, std::int32_t& value) {
  value = some_function(draw.prng, draw.uses, draw.scenario, draw.function, draw.code);
  return value >= 0;
}

bool draw_function_or_none(const ArgumentDraw& draw, std::int32_t& value) {
  value = -1;
  if (!draw.prng.chance({1, 3})) (void)draw_function(draw, value);
  return true;
}

bool draw_filled_slot(const ArgumentDraw& draw, std::int32_t& value) {
  value = some_filled_slot(draw.prng, draw.uses, draw.scenario);
  return value >= 0;
}

bool draw_slot_to_fill(const ArgumentDraw& draw, std::int32_t& value) {
  value = some_empty_slot(draw.prng, draw.uses, draw.scenario);
  return value >= 0;
}

bool draw_slot_or_none(const ArgumentDraw& draw, std::int32_t& value) {
  value = -1;
  if (!draw.prng.chance({1, 4})) (void)draw_slot_to_fill(draw, value);
  return true;
}

bool draw_channel(const ArgumentDraw& draw, std::int32_t& value) {
  value = some_channel(draw.prng, draw.uses, draw.scenario, draw.code);
  return value >= 0;
}

bool draw_word(const ArgumentDraw& draw, std::int32_t& value) {
  if (draw.scenario.words.empty()) return false;
  value = below(draw.prng, draw.scenario.words.size());
  return true;
}

// How many times: mostly few, so that what follows is reached.
bool draw_count(const ArgumentDraw& draw, std::int32_t& value) {
  Prng& prng = draw.prng;
  value = draw.code == OpCode::kRec ? draw_depth(prng) : below(prng, prng.chance({1, 8}) ? 32 : 4);
  return true;
}

bool draw_switch(const ArgumentDraw& draw, std::int32_t& value) {
  value = draw.prng.chance({3, 4}) ? 1 : 0;
  return true;
}

bool draw_preference(const ArgumentDraw& draw, std::int32_t& value) {
  value = below(draw.prng, 3) - 1;
  return true;
}

bool draw_thread(const ArgumentDraw& draw, std::int32_t& value) {
  value = 1 + static_cast<std::int32_t>(draw.prng.chance({1, 8}));
  return true;
}

bool draw_lock(const ArgumentDraw& draw, std::int32_t& value) {
  value = draw.prng.chance({3, 4}) ? 0 : below(draw.prng, 3);
  return true;
}

bool draw_value(const ArgumentDraw& draw, std::int32_t& value) {
  value = -1;
  if (!draw.prng.chance({1, 2})) (void)draw_any_slot(draw, value);
  return true;
}

// One of the first two, so that those who store and those who look mostly mean the same.
bool draw_any_slot(const ArgumentDraw& draw, std::int32_t& value) {
  if (draw.scenario.slots.empty()) return false;
  value = below(draw.prng, std::min<std::size_t>(2, draw.scenario.slots.size()));
  return true;
}

bool draw_integer(const ArgumentDraw& draw, std::int32_t& value) {
  value = below(draw.prng, 5) - 1;
  return true;
}

bool draw_time(const ArgumentDraw& draw, std::int32_t& value) {
  constexpr std::int32_t kTimes[] = {0, 0, 1, 500, 1'000, 1'500, 3'000, 50'000, 200'000};
  value = kTimes[draw.prng.below(static_cast<std::uint32_t>(std::size(kTimes)))];
  return true;
}

OpWeights::OpWeights(bool beyond) {
  CHECK(static_cast<std::size_t>(op_count()) <= kCapacity);
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    CHECK(info.shape != OpShape::kMark || info.weight == 0);
    if (info.topic == Topic::kBeyond && !beyond) continue;
    weights_[static_cast<std::size_t>(code)] = info.weight;
    total_ += info.weight;
  }
}

void OpWeights::draw_topics(Prng& prng, const Focus& focus) {
  std::array<bool, kTopicCount> known{};
  known[0] = true;
  for (std::size_t t = 1; t < kTopicCount; ++t) {
    const auto topic = static_cast<Topic>(t);
    const Ratio share = focus.empty() ? share_of(topic) : kShareBesideFocus;
    known[t] = has(topic) && (focus.has(topic) || prng.chance(share));
  }
  for (std::size_t code = 0; code < weights_.size(); ++code) {
    if (weights_[code] == 0) continue;
    if (!known[static_cast<std::size_t>(op_info(static_cast<OpCode>(code)).topic)]) remove(code);
  }
}

bool OpWeights::has(Topic topic) const {
  for (std::size_t code = 0; code < weights_.size(); ++code) {
    if (weights_[code] != 0 && op_info(static_cast<OpCode>(code)).topic == topic) return true;
  }
  return false;
}

void OpWeights::switch_off(Prng& prng, Ratio probability) {
  if (probability.of == 0) return;
  for (std::size_t code = 0; code < weights_.size(); ++code) {
    // What is never drawn anyway takes no number: a new operation without weight changes nothing.
    if (weights_[code] == 0) continue;
    const bool off = prng.chance(probability);
    if (off && static_cast<OpCode>(code) != OpCode::kSpawn) remove(code);
  }
}

void OpWeights::remove(std::size_t code) {
  total_ -= weights_[code];
  weights_[code] = 0;
}

void OpWeights::raise(const Focus& focus) {
  for (std::size_t code = 0; code < weights_.size(); ++code) {
    if (weights_[code] == 0 || !focus.has(static_cast<OpCode>(code))) continue;
    const std::uint32_t more = weights_[code] * (Focus::kFactor - 1);
    weights_[code] += more;
    total_ += more;
  }
}

void OpWeights::raise(Prng& prng, std::uint32_t count) {
  std::array<std::size_t, kCapacity> on{};
  std::uint32_t choices = 0;
  for (std::size_t code = 0; code < weights_.size(); ++code) {
    if (weights_[code] != 0) on[choices++] = code;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t code = on[prng.below(choices)];
    const std::uint32_t more = total_ / 8;
    weights_[code] += more;
    total_ += more;
  }
}

OpCode OpWeights::draw(Prng& prng) const {
  std::uint32_t left = prng.below(total_);
  std::size_t code = 0;
  while (left >= weights_[code]) left -= weights_[code++];
  return static_cast<OpCode>(code);
}

void Uses::clear() { *this = Uses(); }

void Uses::note(std::size_t function, const Op& op) {
  const char* letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i) {
    if (op.args[i] < 0) continue;
    const auto value = static_cast<std::size_t>(op.args[i]);
    const ArgumentKind& kind = argument_kind(letters[i]);
    if (kind.names == NameKind::kFunction) ++references_[value];
    if (kind.names == NameKind::kSlot) recent_ = op.args[i];
    if (kind.stores) {
      ever_filled_ |= std::uint64_t{1} << value;
      filled_ |= std::uint64_t{1} << value;
    }
  }
  const auto first = static_cast<std::size_t>(op.args[0]);
  if (sends(op.code)) ++senders_[first];
  if (receives(op.code)) ++receivers_[first];
  const bool starts_thread = op.code == OpCode::kTstart || op.code == OpCode::kAsync;
  if (op.code == OpCode::kSpawn || starts_thread) has_company_ = true;
  if (op.code == OpCode::kRunto) has_limit_ = true;
  if (starts_thread) has_threads_ = true;
  // Only main runs from its first operation to its last; elsewhere a dropped slot may be full
  // again.
  if (op.code == OpCode::kDrop && function == 0 && !has_threads_)
    filled_ &= ~(std::uint64_t{1} << first);
}

void Uses::enter(std::size_t function) {
  // Main begins alone, unless another thread is there.
  const bool alone = function == 0 && !has_threads_;
  filled_ = alone ? 0 : ever_filled_;
  recent_ = -1;
  has_company_ = !alone;
}

void Uses::scan(const Scenario& scenario, std::size_t function, std::size_t at) {
  clear();
  for (std::size_t f = 0; f < scenario.functions.size(); ++f) {
    if (f == function) continue;
    for (const Op& op : scenario.functions[f].ops) note(f, op);
  }
  enter(function);
  const std::vector<Op>& ops = scenario.functions[function].ops;
  for (std::size_t i = 0; i < at; ++i) note(function, ops[i]);
  const std::uint64_t filled_here = filled_;
  const std::int32_t recent_here = recent_;
  const bool company_here = has_company_;
  for (std::size_t i = at; i < ops.size(); ++i) note(function, ops[i]);
  filled_ = filled_here;
  recent_ = recent_here;
  has_company_ = company_here;
}

std::optional<std::int32_t> Uses::recent() const {
  if (recent_ < 0 || !filled(static_cast<std::size_t>(recent_))) return std::nullopt;
  return recent_;
}

OpWeights OpWeights::users_of_a_slot() const {
  OpWeights users;
  users.weights_ = {};
  users.total_ = 0;
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    if (info.arguments[0] == '\0') continue;
    const ArgumentKind& kind = argument_kind(info.arguments[0]);
    if (kind.names != NameKind::kSlot || kind.stores) continue;
    const std::uint32_t weight = weights_[static_cast<std::size_t>(code)];
    users.weights_[static_cast<std::size_t>(code)] = weight;
    users.total_ += weight;
  }
  return users;
}

std::int32_t draw_depth(Prng& prng) {
  switch (prng.below(4)) {
    case 0:
      return 1 + static_cast<std::int32_t>(prng.below(4));
    case 1:
      return 5 + static_cast<std::int32_t>(prng.below(17));
    case 2:
      return 22 + static_cast<std::int32_t>(prng.below(6));
    default:
      return 26 + static_cast<std::int32_t>(prng.below(40));
  }
}

bool draw_arguments(Prng& prng, const Uses& uses, const Scenario& scenario, std::size_t function,
                    Op& op) {
  op.args = {};
  const ArgumentDraw draw{prng, uses, scenario, function, op.code};
  const char* letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0'; ++i) {
    if (!argument_kind(letters[i]).draw(draw, op.args[i])) return false;
  }
  return true;
}

namespace {

/// Operations without a use while main is alone: it cannot switch, and blocking ends the run.
bool needs_company(OpCode code) {
  switch (code) {
    case OpCode::kSched:
    case OpCode::kSchedrm:
    case OpCode::kRunall:
    case OpCode::kRunto:
    case OpCode::kSend:
    case OpCode::kRecv:
    case OpCode::kSendx:
    case OpCode::kSendseq:
    case OpCode::kIter:
    case OpCode::kSendtmp:
    case OpCode::kRecvtmp:
    case OpCode::kSelect:
    case OpCode::kTrysend:
    case OpCode::kTryrecv:
      return true;
    default:
      return false;
  }
}

/// What does nothing while there is one thread.
bool needs_threads(OpCode code) {
  switch (code) {
    case OpCode::kSettle:
    case OpCode::kBindt:
    case OpCode::kThread:
    case OpCode::kLock:
    case OpCode::kTrylock:
    case OpCode::kUnlock:
    case OpCode::kSleep:
    case OpCode::kNow:
      return true;
    default:
      return is_of_condition(code);
  }
}

/// Operations that never end unless a run() has set a limit of time.
bool needs_interruption(OpCode code) {
  return code == OpCode::kSpin || code == OpCode::kHspin || code == OpCode::kSpinsched;
}

}  // namespace

std::optional<Op> draw_op(Prng& prng, const OpWeights& weights, const Uses& uses,
                          const Scenario& scenario, std::size_t function, bool blocks) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Op op;
    op.code = weights.draw(prng);
    if (!blocks && op_info(op.code).shape != OpShape::kPlain) continue;
    // Nested run() has its uses, but few of them.
    if (op.code == OpCode::kRunall && function != 0 && !prng.chance({1, 4})) continue;
    if (needs_company(op.code) && !uses.has_company()) continue;
    if (needs_threads(op.code) && !uses.has_threads()) continue;
    if (needs_interruption(op.code) && (function == 0 || !uses.has_limit())) continue;
    if (draw_arguments(prng, uses, scenario, function, op)) return op;
  }
  return std::nullopt;
}

}  // namespace reweave::runtime
