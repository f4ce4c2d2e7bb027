#include "runtime/specification/specification.h"

#include <algorithm>

namespace reweave::runtime::specification {

namespace {

bool starts_threads(const Scenario& scenario) {
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops) {
      if (op.code == OpCode::kTstart || op.code == OpCode::kAsync) return true;
    }
  }
  return false;
}

}  // namespace

void Specification::predict(const Scenario& scenario, const Rules& rules,
                            std::span<const GivenAnswer> answers) {
  scenario_ = &scenario;
  rules_ = rules;
  answers_ = choices_ = fires_ = answers;
  passes_.clear();
  events_.clear();
  end_state_.clear();
  pool_.reset();
  tasklet_count_ = 0;
  spare_going_.clear();
  for (std::size_t list = 0; list < going_.size(); ++list) {
    going_[list].clear();
    spare_going_.push_back(list);
  }
  next_number_ = 0;
  thing_count_ = tasklets_made_ = 0;
  items_.clear();
  keys_ = kNobody;
  weakrefs_.clear();
  spare_records_.clear();
  tasklet_numbers_.clear();
  channel_count_ = 0;
  for (std::size_t i = 0; i < scenario.channels.size(); ++i) new_channel();
  async_.clear();
  slots_.assign(scenario.slots.size(), kNobody);
  integers_.assign(scenario.slots.size(), 0);
  step_ = tokens_ = 0;
  runto_returned_ = collecting_ = false;
  order_.clear();
  garbage_.clear();
  gc_debug_ = 0;
  soft_ = rules.soft;
  error_handler_ = false;
  channel_callback_ = schedule_callback_ = {};
  number_ = 0;
  ThreadState::clear();
  for (std::int32_t i = 0; i < kThreadsMax; ++i) {
    threads_[static_cast<std::size_t>(i)].number_ = i;
    threads_[static_cast<std::size_t>(i)].clear();
  }
  threaded_ = starts_threads(scenario);
  started_ = false;
  stacks_.clear();
  for (Lock& lock : locks_) {
    if (!locks_used_) break;
    lock.held = false;
    lock.waiting.clear();
    lock.sleeping.clear();
  }
  locks_used_ = false;
  now_ = 0;
  timers_.clear();
  tasklet_timers_.clear();
  tasklet_timers_made_ = 0;
  waiting_room_ = kNobody;

  phase_ = Phase::kReady;
  keep_stack(stub());
  begin_main(create(0));
  next_ = life(main_).start(*this);
  run_until_nothing_is_next();
  conclude();
}

void Specification::conclude() {
  for (std::size_t i = 0; i < scenario_->channels.size(); ++i)
    end_state_.balances.push_back(channels_[i].balance);
  for (Id id = 1; id < static_cast<Id>(tasklet_count_); ++id) {
    if (at(id).state == Tasklet::State::kDestroyed) continue;
    if (!is_tasklet(id)) {
      end_state_.things.push_back(number_of(id));
    } else if (!at(id).dying && !at(id).main)
      end_state_.left.push_back({number_of(id), flags_of(id)});
  }
  end_state_.run_count = static_cast<std::uint32_t>(run_count());
}

std::int32_t Specification::tasklet_number(ActorId actor) const {
  return tasklet_numbers_[static_cast<std::size_t>(actor)];
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
  const bool alive = tasklet.alive() || is_ending(id);
  return (alive ? 1u : 0) | (tasklet.blocked != 0 ? 2u : 0) | (tasklet.floating() ? 0 : 4u) |
         (alive && tasklet.floating() ? 8u : 0) | (is_current_at_home(id) ? 16u : 0) |
         (tasklet.main && tasklet.thread != kNobody ? 32u : 0);
}

// ---- The queues: none of these changes a count; the caller moves the tasklet's reference ----

// It has ended, but for its last schedule callback.
bool Specification::is_ending(Id id) const {
  if (at(id).state != Tasklet::State::kEnded || at(id).thread == kNobody) return false;
  return thread(at(id).thread).in_schedule_callback_ && thread(at(id).thread).current_ == id;
}

// In 3.7.5, in the schedule callback of a tasklet that has left the run queue: beside that one,
// into the queue of the channel on which it blocks. Where it is in none, the real thing crashes.
bool Specification::append_beside_leaving(Id id) {
  ThreadState& home = thread(at(id).thread);
  if (!home.in_schedule_callback_ || !rules_.defects.has(Defect::kInsertBesideLeaving))
    return false;
  const Tasklet& leaving = at(home.current_);
  if (leaving.queued || leaving.blocked == 0 || leaving.channel == kTemporary) return false;
  std::vector<Id>& waiting = channel(leaving.channel).waiting;
  waiting.insert(std::find(waiting.begin(), waiting.end(), home.current_), id);
  at(id).channel = leaving.channel;
  at(id).astray = true;
  ++home.astray_;
  return true;
}

void Specification::append(Id tasklet) {
  at(tasklet).queued = true;
  if (append_beside_leaving(tasklet)) return;
  thread(at(tasklet).thread).queue_.push_back(tasklet);
}

// Appends it to the run queue, if it is not there.
void Specification::make_runnable(Id tasklet) {
  if (at(tasklet).blocked != 0) {
    stop_waiting(tasklet);
    append(tasklet);
  } else if (!at(tasklet).queued) {
    ++at(tasklet).references;
    append(tasklet);
  }
}

// It runs now: the queue is a ring, and this is where it begins.
void Specification::make_head(Id tasklet) {
  std::rotate(queue_.begin(), std::find(queue_.begin(), queue_.end(), tasklet), queue_.end());
}

void Specification::take_out(Id tasklet) {
  at(tasklet).queued = false;
  if (at(tasklet).astray) {
    if (at(tasklet).thread != kNobody) --thread(at(tasklet).thread).astray_;
    return stop_waiting(tasklet);
  }
  const auto leave = [tasklet](std::vector<Id>& queue) {
    const auto place = std::find(queue.begin(), queue.end(), tasklet);
    if (place != queue.end()) queue.erase(place);
  };
  if (at(tasklet).thread != kNobody) return leave(thread(at(tasklet).thread).queue_);
  // The queue has ended with its thread, or is about to.
  for (std::int32_t i = 0; i < kThreadsMax; ++i) leave(thread(i).queue_);
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
    std::vector<Id>& waiting = channel(tasklet.channel).waiting;
    waiting.erase(std::find(waiting.begin(), waiting.end(), id));
    if (tasklet.queued || !tasklet.astray) channel(tasklet.channel).balance -= counted_as(id);
  }
  tasklet.blocked = 0;
  tasklet.channel = kNobody;
  tasklet.queued = tasklet.astray = false;
}

// In 3.7.5 whoever leaves a channel is counted as the balance is, whatever it waited for.
std::int32_t Specification::counted_as(Id id) const {
  const bool as_balance = at(id).astray || rules_.defects.has(Defect::kPeerLookedUpEarly);
  if (!as_balance) return at(id).blocked;
  return channels_[static_cast<std::size_t>(at(id).channel)].balance > 0 ? 1 : -1;
}

}  // namespace reweave::runtime::specification
