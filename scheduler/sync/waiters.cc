#include "scheduler/sync/waiters.h"

#include "scheduler/base/internal_check.h"

namespace reweave::sync {

const char* wait_kind_words(WaitKind kind) {
  switch (kind) {
    case WaitKind::kNothing:
      return "nothing";
    case WaitKind::kMutex:
      return "a mutex";
    case WaitKind::kReadLock:
      return "a read lock";
    case WaitKind::kWriteLock:
      return "a write lock";
    case WaitKind::kCondition:
      return "a notification";
    case WaitKind::kSemaphore:
      return "a semaphore";
    case WaitKind::kBarrier:
      return "the others at a barrier";
    case WaitKind::kOnce:
      return "an initialization by another thread";
    case WaitKind::kFutex:
      return "a change of an atomic";
    case WaitKind::kJoin:
      return "the end of a thread";
    case WaitKind::kTime:
      return "time to pass";
    case WaitKind::kInput:
      return "input or output";
    case WaitKind::kRest:
      return "a change of what it reads in a loop";
    case WaitKind::kChannel:
      return "the other end of a channel";
    case WaitKind::kSignal:
      return "a signal";
  }
  return "";
}

void Waiters::begin() {
  while (first_ != kNobody) forget(first_);
  for (Entry& e : entries_) e.timed_out = e.offered = false;
}

void Waiters::wait(ThreadId thread, const Wait& wait) {
  const auto index = static_cast<std::size_t>(thread);
  if (index >= entries_.size()) entries_.resize(index + 16);
  Entry& e = entries_[index];
  CHECK_MSG(e.wait.kind == WaitKind::kNothing, "a thread waits for one thing at a time");
  CHECK(wait.kind != WaitKind::kNothing);
  e.wait = wait;
  e.offered = e.timed_out = false;
  e.previous = last_;
  e.next = kNobody;
  (last_ == kNobody ? first_ : entry(last_).next) = thread;
  last_ = thread;
  ++waiting_;
  ++counts_[bucket(wait.object)];
  if (wait.deadline != kNever) ++timed_;
}

void Waiters::forget(ThreadId thread) {
  if (static_cast<std::size_t>(thread) >= entries_.size()) return;
  Entry& e = entry(thread);
  if (e.wait.kind == WaitKind::kNothing) return;
  (e.previous == kNobody ? first_ : entry(e.previous).next) = e.next;
  (e.next == kNobody ? last_ : entry(e.next).previous) = e.previous;
  --waiting_;
  --counts_[bucket(e.wait.object)];
  if (e.wait.deadline != kNever) --timed_;
  e.wait.kind = WaitKind::kNothing;
  e.wait.deadline = kNever;
  e.offered = false;
}

void Waiters::wake(ThreadId thread) {
  const bool was_ready = entry(thread).offered;
  forget(thread);
  if (!was_ready) host_.make_ready(thread);
}

void Waiters::move(ThreadId thread, const Wait& wait) {
  CHECK(!entry(thread).offered);
  const bool late = entry(thread).timed_out;
  forget(thread);
  this->wait(thread, wait);
  entry(thread).timed_out = late;
}

std::optional<ThreadId> Waiters::choose(const void* object, std::uint32_t bits) {
  if (counts_[bucket(object)] == 0) return std::nullopt;
  std::uint32_t found = 0;
  ThreadId only = kNobody;
  for (ThreadId t = first_; t != kNobody; t = entry(t).next) {
    if (!matches(entry(t), object, bits)) continue;
    if (found++ == 0) only = t;
  }
  if (found == 0) return std::nullopt;
  if (found == 1) return only;
  std::uint32_t chosen = host_.pick_waiter(found);
  CHECK(chosen < found);
  for (ThreadId t = first_;; t = entry(t).next) {
    if (matches(entry(t), object, bits) && chosen-- == 0) return t;
  }
}

bool Waiters::wake_one(const void* object, std::uint32_t bits) {
  const std::optional<ThreadId> chosen = choose(object, bits);
  if (chosen) wake(*chosen);
  return chosen.has_value();
}

std::uint32_t Waiters::wake_all(const void* object) {
  if (counts_[bucket(object)] == 0) return 0;
  std::uint32_t woken = 0;
  for (ThreadId t = first_; t != kNobody;) {
    const ThreadId next = entry(t).next;
    if (entry(t).wait.object == object) {
      wake(t);
      ++woken;
    }
    t = next;
  }
  return woken;
}

void Waiters::offer(const void* object) { offer(object, WaitKind::kNothing); }

void Waiters::offer(const void* object, WaitKind kind) {
  if (counts_[bucket(object)] == 0) return;
  for (ThreadId t = first_; t != kNobody; t = entry(t).next) {
    Entry& e = entry(t);
    if (e.wait.object != object || e.offered) continue;
    if (kind != WaitKind::kNothing && e.wait.kind != kind) continue;
    e.offered = true;
    host_.make_ready(t);
  }
}

void Waiters::taken(const void* object, ThreadId taker) {
  forget(taker);
  taken(object, WaitKind::kNothing);
}

void Waiters::taken(const void* object, WaitKind kind) {
  if (counts_[bucket(object)] == 0) return;
  for (ThreadId t = first_; t != kNobody; t = entry(t).next) {
    Entry& e = entry(t);
    if (e.wait.object != object || !e.offered) continue;
    if (kind != WaitKind::kNothing && e.wait.kind != kind) continue;
    e.offered = false;
    host_.unready(t);
  }
}

ThreadId Waiters::earliest() const {
  ThreadId best = kNobody;
  for (ThreadId t = first_; t != kNobody; t = entry(t).next) {
    if (entry(t).wait.deadline == kNever) continue;
    if (best == kNobody || entry(t).wait.deadline < entry(best).wait.deadline) best = t;
  }
  CHECK(best != kNobody);
  return best;
}

std::uint64_t Waiters::next_deadline() const {
  return timed_ == 0 ? kNever : entry(earliest()).wait.deadline;
}

const Wait& Waiters::of(ThreadId thread) const {
  static constexpr Wait kNone;
  if (static_cast<std::size_t>(thread) >= entries_.size()) return kNone;
  return entry(thread).wait;
}

bool Waiters::anybody_waits_for(const void* object) const {
  if (counts_[bucket(object)] == 0) return false;
  for (ThreadId t = first_; t != kNobody; t = entry(t).next) {
    if (entry(t).wait.object == object) return true;
  }
  return false;
}

}  // namespace reweave::sync
