// What is still to come in a frame: read off the scenario, for the oracle of those who wait for
// ever.
//
// An operation is reachable if it stands behind the one in progress, in a loop that has turns left,
// or in a function that a reachable one names. What an `if` or `while` decides, which callbacks
// run, and what is in a slot cannot be told: the first may go either way, the others are left to
// chance.
#include <array>

#include "runtime/interpreter/locals.h"

namespace reweave::runtime {

struct Interpreter::Reach {
  const Waiter& waiter;
  bool by_chance;
  bool found = false;
  std::array<bool, Scenario::kFunctionsMax> seen{};
};

namespace {

/// A lock or channel is known by its number, which only those of the scenario have.
bool ends(const Op& op, const Waiter& waiter) {
  const std::uint64_t selects = waiter.tasklet->early_end.selects;
  const char first = op_info(op.code).arguments[0];
  const bool takes_channel = first != '\0' && names_a(first, NameKind::kChannel);
  const bool on_selected = takes_channel && (selects >> op.args[0] & 1) != 0;
  const bool on_channel =
      on_selected || (waiter.channel != nullptr &&
                      op.args[0] == static_cast<std::int32_t>(waiter.channel->number));
  const bool on_lock = waiter.lock != nullptr && op.args[0] == waiter.lock->number();
  const bool on_condition = waiter.condition != nullptr && op.args[0] == waiter.condition->number();
  switch (op.code) {
    case OpCode::kSend:
    case OpCode::kSendx:
    case OpCode::kSendseq:
    case OpCode::kTrysend:
      return on_channel && waiter.waits_for == Waiter::For::kSender;
    case OpCode::kSelect:
      return waiter.channel != nullptr && waiter.waits_for == Waiter::For::kReceiver &&
             (on_channel || op.args[1] == static_cast<std::int32_t>(waiter.channel->number));
    case OpCode::kRecv:
    case OpCode::kIter:
    case OpCode::kTryrecv:
    case OpCode::kRecvt:
    case OpCode::kBuffer:
      return on_channel && waiter.waits_for == Waiter::For::kReceiver;
    case OpCode::kUnlock:
    case OpCode::kWait:
    case OpCode::kPollwait:
      return on_lock && waiter.waits_for == Waiter::For::kLock;
    case OpCode::kNotify:
    case OpCode::kNotifyall:
      return on_condition;
    default:
      return false;
  }
}

/// Acts on whichever tasklet is in a slot, or in the pool.
bool may_end_any(OpCode code) {
  switch (code) {
    case OpCode::kInsert:
    case OpCode::kRun:
    case OpCode::kSwitch:
    case OpCode::kSwitchRaw:
    case OpCode::kKill:
    case OpCode::kKillp:
    case OpCode::kRaiseException:
    case OpCode::kThrow:
    case OpCode::kThrowp:
    case OpCode::kRebind:
    case OpCode::kSetup:
    case OpCode::kSetupNobind:
    case OpCode::kCallobj:
    case OpCode::kNext:
    case OpCode::kForeach:
    case OpCode::kAsyncstop:
      return true;
    default:
      return false;
  }
}

/// Names a function that others make run: whoever drops the last reference, or uses a channel.
bool installs_callback(OpCode code) {
  return code == OpCode::kWeakref || code == OpCode::kChancbf || code == OpCode::kSchedcbf;
}

}  // namespace

const Interpreter::Body* Interpreter::body_of(const Frame& frame) const {
  if (frame.code == nullptr || frame.code->execute != &Interpreter::execute) return nullptr;
  return static_cast<const Body*>(frame.code->body);
}

bool Interpreter::is_idle(FrameRef frame) const { return frame && pool_.is_idle(*frame.frame); }

bool Interpreter::waits_on_purpose(FrameRef frame) const {
  for (; frame && frame.frame->generation == frame.generation; frame = frame.frame->back) {
    if (is_idle(frame)) return true;
    const Body* const body = body_of(*frame.frame);
    if (body != nullptr && scenario_->functions[body->function].daemon) return true;
  }
  return false;
}

void Interpreter::reach_function(std::int32_t function, Reach& reach) const {
  bool& seen = reach.seen[static_cast<std::size_t>(function)];
  if (seen || reach.found) return;
  seen = true;
  for (const Op& op : scenario_->functions[static_cast<std::size_t>(function)].ops)
    reach_operation(op, reach);
}

void Interpreter::reach_operation(const Op& op, Reach& reach) const {
  if (ends(op, reach.waiter) || (reach.by_chance && may_end_any(op.code))) reach.found = true;
  const char* const letters = op_info(op.code).arguments;
  for (std::size_t i = 0; letters[i] != '\0' && !reach.found; ++i) {
    if (names_a(letters[i], NameKind::kFunction) && op.args[i] >= 0)
      reach_function(op.args[i], reach);
  }
}

void Interpreter::reach_frame(const Frame& frame, Reach& reach) const {
  if (pool_.works_for(frame, reach.waiter.channel)) reach.found = true;
  const Body* const body = body_of(frame);
  if (body == nullptr) {
    // Of a thread that has not called its function yet.
    if (frame.code != nullptr && frame.code->execute == &Interpreter::execute_thread)
      reach_function(static_cast<const ThreadMain*>(frame.code->body)->function, reach);
    return;
  }
  const std::vector<Op>& ops = scenario_->functions[body->function].ops;
  for (std::size_t i = next_operation(frame, *body); i < ops.size() && !reach.found; ++i)
    reach_operation(ops[i], reach);
}

// From which operation on all may come: the next one, or the first of a loop that has turns left.
std::size_t Interpreter::next_operation(const Frame& frame, const Body& body) const {
  const std::vector<Op>& ops = scenario_->functions[body.function].ops;
  const auto& locals = const_cast<Frame&>(frame).locals<Locals>();
  // What is in progress is begun already.
  std::size_t from = locals.pc + (locals.phase == Locals::Phase::kInOperation ? 1 : 0);
  for (std::uint32_t i = 0; i < locals.depth; ++i) {
    const Block& block = locals.blocks[i];
    const Op& opener = ops[block.op];
    const bool repeats = opener.code == OpCode::kLoop || opener.code == OpCode::kChoose;
    const bool goes_on = repeats && block.count + 1 < static_cast<std::uint32_t>(opener.args[0]);
    if (!goes_on && opener.code != OpCode::kWhile) continue;
    from = block.op;
    break;
  }
  return from;
}

std::uint64_t Interpreter::key_of(FrameRef frame) const {
  std::uint64_t key = 0;
  for (; frame && frame.frame->generation == frame.generation; frame = frame.frame->back) {
    const Body* const body = body_of(*frame.frame);
    if (body != nullptr) {
      key = mix_hash(key, body->function << 16 | next_operation(*frame.frame, *body));
    } else {  // A worker with his job, or a thread's first frame; the rest adds nothing.
      key = mix_hash(key, static_cast<std::uint64_t>(frame.frame->code->entry));
      key = mix_hash(key, pool_.job_of(*frame.frame));
    }
  }
  return key;
}

void Interpreter::reach_callbacks(Reach& reach) const {
  for (const Function& function : scenario_->functions) {
    for (const Op& op : function.ops) {
      if (installs_callback(op.code)) reach_operation(op, reach);
    }
  }
}

bool Interpreter::could_end(FrameRef frame, const Waiter& waiter, bool by_chance) const {
  Reach reach{.waiter = waiter, .by_chance = by_chance};
  if (by_chance) reach_callbacks(reach);
  for (; frame && frame.frame->generation == frame.generation; frame = frame.frame->back)
    reach_frame(*frame.frame, reach);
  return reach.found;
}

std::string Interpreter::channel_name(const Waiter& waiter) const {
  const std::uint32_t number = waiter.channel->number;
  return number < scenario_->channels.size() ? scenario_->channels[number] : "";
}

std::string Interpreter::channel_words(const Waiter& waiter) const {
  const std::string name = channel_name(waiter);
  if (!name.empty()) return "channel " + name;
  if (waiter.tasklet->early_end.selects != 0) return "one of the channels that it selects";
  if (is_idle(waiter.frame)) return "the channel over which the pool wakes its workers";
  const Op* const op = waiter.site == kNowhere ? nullptr : op_at(*scenario_, waiter.site);
  const bool reply = op != nullptr && op->code == OpCode::kAsync;
  return reply ? "the channel of its call's reply" : "a channel that nobody else knows";
}

std::string Interpreter::lock_words(std::int32_t number) const {
  const auto at = static_cast<std::size_t>(number);
  return "lock " + (at < scenario_->locks.size() ? scenario_->locks[at] : std::to_string(number));
}

std::string Interpreter::condition_words(std::int32_t number) const {
  const auto at = static_cast<std::size_t>(number);
  if (at < scenario_->conditions.size() && !scenario_->conditions[at].empty())
    return "condition " + scenario_->conditions[at];
  return lock_words(number);
}

}  // namespace reweave::runtime
