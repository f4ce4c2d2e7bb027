// call_async: jobs, the workers that do them, and the tasklets that wait for their results.
#include <algorithm>
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

Id Specification::new_channel() {
  if (channel_count_ == channels_.size()) channels_.emplace_back();
  Channel& channel = channels_[channel_count_];
  channel.waiting.clear();
  channel.kept.clear();
  Channel fresh;
  fresh.waiting.swap(channel.waiting);  // Its memory is used again.
  fresh.kept.swap(channel.kept);
  channel = std::move(fresh);
  return static_cast<Id>(channel_count_++);
}

Id Specification::wake_channel() {
  if (async_.wake == kNobody) {
    async_.wake = new_channel();
    channel(async_.wake).preference = 1;
  }
  return async_.wake;
}

std::int32_t Specification::free_thread() const {
  for (std::int32_t number = 1; number < kThreadsMax; ++number) {
    if (thread(number).phase_ == Phase::kUnused) return number;
  }
  return 0;
}

bool Specification::grow() {
  const std::int32_t number = async_.workers < async_.workers_max ? free_thread() : 0;
  if (number == 0) return false;
  start_thread(number, -1);
  ++async_.workers;
  return true;
}

Routine<Value> Specification::call_async(std::int32_t function) {
  if (async_.stopped) co_return Value::error(ErrorCode::kPoolStopped);
  if (async_.workers == 0 && (async_.workers_max == 0 || free_thread() == 0))
    co_return Value::error(ErrorCode::kNoWorker);
  const Id self = current_;
  const Id reply = new_channel();
  channel(reply).preference = 1;
  channel(reply).has_job = true;
  at(self).calls.push_back(reply);
  const bool was_atomic = std::exchange(at(self).atomic, true);
  const std::int32_t number = ++async_.jobs_made;
  log(EventKind::kAsync, {number});
  Value result = co_await submit({function, reply, number});
  if (!result.is_error()) {
    co_await take_turn();  // A callback may have ended the atomic section.
    result = co_await channel_action(reply, -1, Value{});
    if (!result.is_error())
      log(EventKind::kReturned, {number, static_cast<std::int32_t>(result.number)});
  }
  channel(reply).closing = true;
  at(self).calls.pop_back();
  if (!was_atomic) {
    at(self).atomic = false;
    Value interrupted;
    if (pending_irq_is_due()) interrupted = co_await interrupt();
    if (interrupted.is_error()) result = interrupted;
  }
  co_return result;
}

// A worker that waits is woken; if none does, another one is started, unless there are enough.
Routine<Value> Specification::submit(Job job) {
  if (channel(wake_channel()).balance < 0) {
    async_.jobs.push_back(job);
    co_return co_await channel_action(async_.wake, 1, Value{});
  }
  co_await take_turn();
  async_.jobs.push_back(job);
  grow();
  co_return Value{};
}

// The life of a worker.
Routine<Value> Specification::work() {
  for (;;) {
    me().atomic = true;
    if (async_.stopped) break;
    if (!async_.jobs.empty()) {
      const Job job = async_.jobs.front();
      async_.jobs.erase(async_.jobs.begin());
      me().atomic = false;
      log(EventKind::kJob, {job.number});
      const Id self = current_;
      at(self).job_reply = job.reply;
      const bool hard = at(self).hard;
      Value result = co_await call(job.function);
      at(self).hard = hard;  // The job's function may have been entered in another way.
      if (!result.is_error()) result = Value::token(0);
      result.number = ++tokens_;
      co_await channel_action(job.reply, 1, result);
      channel(job.reply).has_job = false;
      at(self).job_reply = kNobody;
      continue;
    }
    co_await take_turn();
    const Value woken = co_await channel_action(wake_channel(), -1, Value{});
    if (woken.is_error()) {
      log_error(EventKind::kDied, woken);
      break;
    }
  }
  --async_.workers;
  while (!async_.jobs.empty() && async_.workers == 0 && !grow())
    co_await fail_next_job(ErrorCode::kNoWorker);
  co_return Value{};
}

Routine<Value> Specification::fail_next_job(ErrorCode code) {
  const Job job = async_.jobs.front();
  async_.jobs.erase(async_.jobs.begin());
  if (channel(job.reply).closing) co_return Value{};  // Nobody listens.
  Value error = Value::error(code);
  error.number = ++tokens_;
  const Id self = current_;
  const Id outer = std::exchange(at(self).told_reply, job.reply);
  const Value result = co_await channel_action(job.reply, 1, error);
  at(self).told_reply = outer;
  channel(job.reply).has_job = false;
  co_return result;
}

Routine<Value> Specification::stop_pool() {
  log(EventKind::kAsyncStop, {static_cast<std::int32_t>(async_.jobs.size())});
  async_.stopped = true;
  while (!async_.jobs.empty()) {
    const Value result = co_await fail_next_job(ErrorCode::kPoolStopped);
    if (result.is_error()) co_return result;
  }
  while (async_.wake != kNobody && channel(async_.wake).balance < 0) {
    const Value result = co_await channel_action(async_.wake, 1, Value{});
    if (result.is_error()) co_return result;
  }
  co_return Value{};
}

}  // namespace reweave::runtime::specification
