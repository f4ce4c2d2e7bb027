#include "runtime/program/history.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace reweave::program {
namespace {

constexpr const char* kMutex = "mutex";
constexpr const char* kLock = "read-write lock";
constexpr const char* kSpin = "spin lock";
constexpr const char* kCondition = "condition variable";
constexpr const char* kSemaphore = "semaphore";
constexpr const char* kBarrier = "barrier";
constexpr const char* kOnce = "once flag";
constexpr const char* kStatic = "static variable";
constexpr const char* kAtomic = "atomic";
constexpr const char* kFutex = "futex";

constexpr Deed kDeeds[] = {
    {"pthread_mutex_lock", "locks", kMutex, true, false},
    {"pthread_mutex_trylock", "tries to lock", kMutex, true, false},
    {"pthread_mutex_timedlock", "locks, for a time,", kMutex, true, false},
    {"pthread_mutex_clocklock", "locks, for a time,", kMutex, true, false},
    {"pthread_mutex_unlock", "unlocks", kMutex, true, false},
    {"pthread_mutex_destroy", "destroys", kMutex, true, false},
    {"mtx_lock", "locks", kMutex, true, false},
    {"mtx_trylock", "tries to lock", kMutex, true, false},
    {"mtx_timedlock", "locks, for a time,", kMutex, true, false},
    {"mtx_unlock", "unlocks", kMutex, true, false},
    {"mtx_destroy", "destroys", kMutex, true, false},
    {"pthread_rwlock_rdlock", "locks for reading", kLock, true, false},
    {"pthread_rwlock_tryrdlock", "tries to lock for reading", kLock, true, false},
    {"pthread_rwlock_timedrdlock", "locks for reading, for a time,", kLock, true, false},
    {"pthread_rwlock_clockrdlock", "locks for reading, for a time,", kLock, true, false},
    {"pthread_rwlock_wrlock", "locks for writing", kLock, true, false},
    {"pthread_rwlock_trywrlock", "tries to lock for writing", kLock, true, false},
    {"pthread_rwlock_timedwrlock", "locks for writing, for a time,", kLock, true, false},
    {"pthread_rwlock_clockwrlock", "locks for writing, for a time,", kLock, true, false},
    {"pthread_rwlock_unlock", "unlocks", kLock, true, false},
    {"pthread_rwlock_destroy", "destroys", kLock, true, false},
    {"pthread_spin_lock", "locks", kSpin, true, false},
    {"pthread_spin_trylock", "tries to lock", kSpin, true, false},
    {"pthread_spin_unlock", "unlocks", kSpin, true, false},
    {"pthread_cond_wait", "begins to wait at", kCondition, false, true},
    {"pthread_cond_timedwait", "begins to wait, for a time, at", kCondition, false, true},
    {"pthread_cond_clockwait", "begins to wait, for a time, at", kCondition, false, true},
    {"pthread_cond_signal", "notifies one at", kCondition, false, false},
    {"pthread_cond_broadcast", "notifies all at", kCondition, false, false},
    {"pthread_cond_destroy", "destroys", kCondition, false, false},
    {"cnd_wait", "begins to wait at", kCondition, false, true},
    {"cnd_timedwait", "begins to wait, for a time, at", kCondition, false, true},
    {"cnd_signal", "notifies one at", kCondition, false, false},
    {"cnd_broadcast", "notifies all at", kCondition, false, false},
    {"sem_wait", "takes one of", kSemaphore, false, true},
    {"sem_trywait", "tries to take one of", kSemaphore, false, true},
    {"sem_timedwait", "takes, for a time, one of", kSemaphore, false, true},
    {"sem_clockwait", "takes, for a time, one of", kSemaphore, false, true},
    {"sem_post", "adds one to", kSemaphore, false, false},
    {"sem_getvalue", "looks at", kSemaphore, false, true},
    {"sem_destroy", "destroys", kSemaphore, false, false},
    {"pthread_barrier_wait", "comes to", kBarrier, false, false},
    {"pthread_barrier_destroy", "destroys", kBarrier, false, false},
    {"pthread_once", "comes to", kOnce, false, false},
    {"call_once", "comes to", kOnce, false, false},
    {"__cxa_guard_acquire", "begins to make", kStatic, false, false},
    {"__cxa_guard_release", "has made", kStatic, false, false},
    {"__cxa_guard_abort", "gives up making", kStatic, false, false},
    {"syscall", "calls futex() on", kFutex, false, false},
    {"pthread_create", "", "", false, false},
    {"thrd_create", "", "", false, false},
    {"pthread_join", "joins", "thread", false, true},
    {"pthread_tryjoin_np", "tries to join", "thread", false, true},
    {"pthread_timedjoin_np", "joins, for a time,", "thread", false, true},
    {"pthread_clockjoin_np", "joins, for a time,", "thread", false, true},
    {"thrd_join", "joins", "thread", false, true},
};

/// The hooks of atomics are many: their names tell.
const Deed* deed_of_atomic(std::string_view called) {
  static constexpr Deed kLoad{"", "reads", kAtomic, false, true};
  static constexpr Deed kStore{"", "writes", kAtomic, false, false};
  static constexpr Deed kExchange{"", "exchanges", kAtomic, false, false};
  static constexpr Deed kCompare{"", "compares and exchanges", kAtomic, false, false};
  static constexpr Deed kFetch{"", "changes", kAtomic, false, false};
  static constexpr Deed kFence{"", "passes a fence", "", false, true};
  if (called.find("__tsan_atomic") != 0) return nullptr;
  if (called.ends_with("_load")) return &kLoad;
  if (called.ends_with("_store")) return &kStore;
  if (called.ends_with("_exchange")) return &kExchange;
  if (called.ends_with("_fence")) return &kFence;
  if (called.find("_compare_") != std::string_view::npos) return &kCompare;
  return &kFetch;
}

}  // namespace

const Deed& deed_of(const char* called) {
  static constexpr Deed kOther{"", "calls", "", false, false};
  if (called == nullptr) return kOther;
  for (const Deed& deed : kDeeds) {
    if (std::strcmp(deed.name, called) == 0) return deed;
  }
  const Deed* const atomic = deed_of_atomic(called);
  return atomic == nullptr ? kOther : *atomic;
}

void History::begin(bool on, bool everything) {
  on_ = on;
  everything_ = everything;
  steps_.clear();
  dropped_ = 0;
  uses_.clear();
  words_.clear();
  numbers_.clear();
}

bool is_taking(const Deed& deed) {
  const std::string_view verb = deed.verb;
  return (deed.locks && (verb.starts_with("locks") || verb.starts_with("tries"))) ||
         (deed.kind == kSemaphore && verb.find("take") != std::string_view::npos);
}

void History::add(const Step& step) {
  if (step.did == Did::kWaited && !steps_.empty()) {
    Step& call = steps_.back();
    const bool is_its = call.thread == step.thread && call.did == Did::kCalled;
    if (is_its && call.object != nullptr && call.object == step.object) call.waited = true;
  }
  steps_.push_back(step);
  if (steps_.size() > (everything_ ? kTracedMax : kStepsMax)) {
    steps_.pop_front();
    ++dropped_;
  }
  if (step.did == Did::kCalled && step.object != nullptr) note_use(step);
  if (everything_ && step.object != nullptr && step.bytes != 0 && step.did != Did::kFreed) {
    const auto begin = reinterpret_cast<std::uintptr_t>(step.object);
    for (std::uintptr_t word = begin >> 3; word <= (begin + step.bytes - 1) >> 3; ++word) {
      Sharers& sharers = words_[word];
      sharers.threads |= std::uint64_t{1} << step.thread % 64;
      sharers.written = sharers.written || step.access != Access::kRead;
    }
  }
}

void History::note_use(const Step& step) {
  const Deed& deed = deed_of(step.called);
  if (*deed.kind == '\0') return;
  auto [at, is_new] = uses_.try_emplace(step.object);
  ObjectUse& use = at->second;
  if (is_new || (deed.kind != use.kind && use.kind == kAtomic)) {
    use.kind = deed.kind;
    use.number = ++numbers_[deed.kind];
    use.locked = deed.locks;
    use.first_thread = step.thread;
    use.first = step.caller;
  }
  const bool changes = step.access != Access::kRead && step.access != Access::kAcquire;
  if (!changes || deed.waits) return;
  use.last_thread = step.thread;
  use.last = step.caller;
  use.last_called = step.called;
  use.woken = {};
}

void History::add_woken(std::uint32_t thread, const void* object, const Wakes& woken) {
  const auto step = std::find_if(steps_.rbegin(), steps_.rend(), [&](const Step& each) {
    return each.thread == thread && each.object == object && each.did == Did::kCalled;
  });
  if (step == steps_.rend()) return;
  step->woken = woken;
  const auto use = uses_.find(object);
  if (use != uses_.end() && use->second.last == step->caller) use->second.woken = woken;
}

bool History::blame(std::uint64_t number, std::uint32_t thread, const void* address, Fault fault) {
  for (auto step = steps_.rbegin(); step != steps_.rend() && step->number == number; ++step) {
    const bool uses = step->did == Did::kAccessed || step->did == Did::kCalled;
    if (!uses || step->thread != thread || step->object != address) continue;
    step->fault = fault;
    return true;
  }
  return false;
}

const Step* History::blame_free(const void* address) {
  const auto step = std::find_if(steps_.rbegin(), steps_.rend(), [address](const Step& each) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(each.object);
    return each.did == Did::kFreed && offset < each.bytes;
  });
  if (step == steps_.rend()) return nullptr;
  step->fault = Fault::kFreed;
  return &*step;
}

/// The step in which `thread` called what is about `object`, or went on after it had to wait in
/// there. A handler of a signal may have run since, so it need not be the last one. Null: it is
/// gone, or there was none since the thread took the object.
Step* History::call_about(std::uint32_t thread, const void* object) {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (step->thread != thread) continue;
    const bool is_call = step->did == Did::kCalled && step->object == object;
    const bool is_wait = step->did == Did::kCalled && deed_of(step->called).kind == kCondition;
    if (is_call || is_wait || step->did == Did::kWentOn) return &*step;
    if (step->took == object) return nullptr;
  }
  return nullptr;
}

void History::note_took(std::uint32_t thread, const void* object, bool shared) {
  Step* const step = call_about(thread, object);
  if (step == nullptr) return;
  step->took = object;
  step->shared = shared;
}

void History::note_gave(std::uint32_t thread, const void* object) {
  Step* const step = call_about(thread, object);
  if (step != nullptr && step->took != object) step->gave = object;
}

void History::note_again(std::uint32_t thread, const void* object) {
  Step* const step = call_about(thread, object);
  if (step != nullptr) step->again = true;
}

const ObjectUse* History::use_of(const void* object) const {
  const auto at = uses_.find(object);
  return at == uses_.end() ? nullptr : &at->second;
}

const Step* History::last_access(std::uint32_t thread, const void* caller, const void* address,
                                 std::uint32_t bytes) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  for (auto at = steps_.rbegin(); at != steps_.rend(); ++at) {
    if (at->thread != thread || at->caller != caller || at->bytes == 0) continue;
    if (at->did == Did::kFreed) continue;
    const auto its = reinterpret_cast<std::uintptr_t>(at->object);
    if (its < begin + bytes && begin < its + at->bytes) return &*at;
  }
  return nullptr;
}

bool History::is_shared(const Step& step) const {
  if (step.bytes == 0) return false;
  const auto begin = reinterpret_cast<std::uintptr_t>(step.object);
  for (std::uintptr_t word = begin >> 3; word <= (begin + step.bytes - 1) >> 3; ++word) {
    const auto at = words_.find(word);
    if (at == words_.end()) continue;
    const std::uint64_t threads = at->second.threads;
    if (at->second.written && (threads & (threads - 1)) != 0) return true;
  }
  return false;
}

}  // namespace reweave::program
