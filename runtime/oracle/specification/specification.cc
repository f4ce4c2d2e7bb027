#include "runtime/oracle/specification/specification.h"

#include <algorithm>

namespace reweave::runtime::specification {

void Specification::predict(const Scenario& scenario, const Rules& rules,
                            std::span<const GivenAnswer> answers) {
  scenario_ = &scenario;
  rules_ = rules;
  answers_ = answers;
  events_.clear();
  end_state_.clear();
  pool_.reset();
  tasklet_count_ = 0;
  next_number_ = 0;
  actor_count_ = 0;
  channels_.resize(scenario.channels.size());
  for (Channel& channel : channels_) {
    channel.waiting.clear();
    channel.balance = 0;
    channel.preference = -1;
    channel.closing = channel.schedule_all = false;
  }
  slots_.assign(scenario.slots.size(), kNobody);
  step_ = tokens_ = 0;
  queue_.clear();
  del_post_switch_ = switching_to_ = kNobody;
  watchdogs_.clear();
  limit_ = {};
  limit_owner_ = interrupted_ = kNobody;
  ticks_ = 0;
  watermark_ = kNever;
  runto_returned_ = false;
  nesting_ = switch_trap_ = 0;
  soft_ = rules.soft;
  callback_running_ = in_schedule_callback_ = error_handler_ = false;
  channel_callback_ = schedule_callback_ = {};

  const Id main = create(0);
  ++at(main).references;  // It never dies.
  append(main);
  current_ = main;
  at(main).state = Tasklet::State::kRunning;
  next_ = life(main).start(*this);
  run_until_nothing_is_next();
  conclude();
}

void Specification::conclude() {
  for (const Channel& channel : channels_) end_state_.balances.push_back(channel.balance);
  for (Id id = 1; id < static_cast<Id>(tasklet_count_); ++id) {
    if (at(id).state != Tasklet::State::kDestroyed && !at(id).dying)
      end_state_.left.push_back({number_of(id), flags_of(id)});
  }
  end_state_.run_count = static_cast<std::uint32_t>(queue_.size());
}

std::int32_t Specification::tasklet_number(ActorId actor) const {
  for (std::size_t i = 0; i < tasklet_count_; ++i) {
    if (tasklets_[i].actor == actor) return tasklets_[i].number;
  }
  return -1;
}

void Specification::log(EventKind kind, EventArguments arguments) {
  Event& event = events_.emplace_back();
  event.step = step_;
  event.actor = at(current_).actor;
  event.kind = static_cast<std::uint16_t>(kind);
  event.count = static_cast<std::uint8_t>(arguments.size());
  std::copy(arguments.begin(), arguments.end(), event.args.begin());
}

void Specification::log_error(EventKind kind, const Value& error) {
  log(kind, {static_cast<std::int32_t>(error.type) | static_cast<std::int32_t>(error.code) << 8,
             static_cast<std::int32_t>(error.number)});
}

std::uint32_t Specification::flags_of(Id id) const {
  const Tasklet& tasklet = at(id);
  const bool alive = tasklet.alive();
  return (alive ? 1u : 0) | (tasklet.blocked != 0 ? 2u : 0) | (tasklet.floating() ? 0 : 4u) |
         (alive && tasklet.floating() ? 8u : 0) | (id == current_ ? 16u : 0) |
         (id == kMain ? 32u : 0);
}

// ---- The queues: none of these changes a count; who moves a tasklet moves its reference ----

void Specification::append(Id tasklet) {
  at(tasklet).queued = true;
  queue_.push_back(tasklet);
}

// It runs now: the queue is a ring, and this is where it begins.
void Specification::make_head(Id tasklet) {
  std::rotate(queue_.begin(), std::find(queue_.begin(), queue_.end(), tasklet), queue_.end());
}

void Specification::take_out(Id tasklet) {
  at(tasklet).queued = false;
  queue_.erase(std::find(queue_.begin(), queue_.end(), tasklet));
}

void Specification::wait_on(Id number, Id tasklet, int direction) {
  at(tasklet).blocked = static_cast<std::int8_t>(direction);
  at(tasklet).channel = number;
  if (number == kTemporary) return;
  channel(number).waiting.push_back(tasklet);
  channel(number).balance += direction;
}

void Specification::stop_waiting(Id id) {
  Tasklet& tasklet = at(id);
  if (tasklet.channel != kTemporary) {
    Channel& left = channel(tasklet.channel);
    left.waiting.erase(std::find(left.waiting.begin(), left.waiting.end(), id));
    left.balance -= tasklet.blocked;
  }
  tasklet.blocked = 0;
  tasklet.channel = kNobody;
}

}  // namespace reweave::runtime::specification
