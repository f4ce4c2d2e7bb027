// What the threads of an execution did, for whoever tells of it: the steps with their places, who
// used an object first and who changed it last.
//
// Kept only where an execution is repeated, never while a strategy searches. So it costs a hunt
// nothing, and what a finding says comes from its replay. Of steps the last kStepsMax are kept, or
// all where somebody wants a trace; of objects what kind they are, how they are numbered and who
// touched them.
//
// Addresses are kept, but are never shown and decide nothing but equality.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>

#include "scheduler/dependence.h"
#include "scheduler/sync/waiters.h"

namespace reweave::program {

/// What a step was.
enum class Did : std::uint8_t {
  kCalled,    // A stand-in: `called` is its name.
  kAccessed,  // A plain access.
  kWaited,    // From here on it waits for `object`, …
  kWentOn,    // … and here it goes on.
  kCreated,   // The thread `other`.
  kEnded,     // The thread itself.
  kFreed,     // `bytes` at `object`: told only if somebody uses them afterwards.
  kSpared,    // It was given fresh memory, and nothing that is freed is used again: an answer.
};

/// What is wrong with the memory that a step used, or freed too early.
enum class Fault : std::uint8_t { kNone, kFreed, kBesideBlock, kReturned };

/// Whom a notification woke, and nobody: it was lost; or who holds a lock.
struct Wakes {
  static constexpr std::uint32_t kNamedMax = 3;
  bool known = false;       // It was a notification.
  std::uint32_t count = 0;  // How many; the first of them are named.
  std::array<std::uint32_t, kNamedMax> threads{};
  void add(std::uint32_t thread) {
    if (count < kNamedMax) threads[count] = thread;
    ++count;
  }
};

struct Step {
  std::uint64_t number = 0;  // Of the execution, from 1.
  std::uint32_t thread = 0;
  Did did{};
  Access access = Access::kNone;
  bool atomic = false;
  bool behind = false;  // The holders wait to write, and so come before who waits to read.
  sync::WaitKind wait{};
  std::uint32_t bytes = 0;
  std::uint32_t other = 0;
  const void* object = nullptr;
  const void* caller = nullptr;  // The user's call.
  const char* called = nullptr;
  std::uint32_t depth = 0;
  std::array<const void*, 8> calls{};  // The user's calls that led here, if they were wanted.
  Wakes woken{};
  // A call says what is wanted; whether it was had, and when, say these.
  const void* took = nullptr;  // A lock, or one of a semaphore, that the thread has from here on.
  const void* gave = nullptr;  // A lock that it has had up to here.
  bool shared = false;         // `took` for reading only.
  bool again = false;          // It had the lock before, and has it afterwards.
  bool waited = false;         // The call had to wait: the step behind it says so.
  Wakes holders{};             // Of the lock that is waited for.
  Fault fault{};
};

/// An object that threads wait at, or that they change atomically.
struct ObjectUse {
  std::uint32_t number = 0;  // From 1, among those of its kind.
  const char* kind = "";     // "mutex"
  bool locked = false;       // It is something that is locked.
  std::uint32_t first_thread = 0;
  const void* first = nullptr;  // Where it was used first.
  std::uint32_t last_thread = 0;
  const void* last = nullptr;  // Where it was last changed or notified; null: never.
  const char* last_called = nullptr;
  Wakes woken{};  // By that.
};

class History {
 public:
  static constexpr std::size_t kStepsMax = std::size_t{1} << 16;
  static constexpr std::size_t kTracedMax = std::size_t{1} << 22;

  /// A new execution. Nothing is kept unless `on`.
  void begin(bool on, bool everything);
  bool on() const { return on_; }
  bool keeps_everything() const { return everything_; }

  void add(const Step& step);

  /// The last call that `thread` made on `object` woke these.
  void add_woken(std::uint32_t thread, const void* object, const Wakes& woken);

  /// `thread` used `address` in step `number`, which ends the execution: that step says so, if it
  /// is there, …
  bool blame(std::uint64_t number, std::uint32_t thread, const void* address, Fault fault);
  /// … and so does the one that freed it. Null: it is gone.
  const Step* blame_free(const void* address);

  /// What came of the call that `thread` is in: it got `object`, …
  void note_took(std::uint32_t thread, const void* object, bool shared);
  /// … or gave it back, …
  void note_gave(std::uint32_t thread, const void* object);
  /// … or counted once more, or once less, that it has it.
  void note_again(std::uint32_t thread, const void* object);

  /// How many steps were added; those from dropped() on are there.
  std::uint64_t count() const { return dropped_ + steps_.size(); }
  std::uint64_t dropped() const { return dropped_; }
  const Step& step(std::uint64_t index) const { return steps_[index - dropped_]; }
  /// Null if nobody used it.
  const ObjectUse* use_of(const void* object) const;
  /// The last access of `thread` to one of these bytes at that place; null if it was dropped.
  const Step* last_access(std::uint32_t thread, const void* caller, const void* address,
                          std::uint32_t bytes) const;
  /// True: several threads accessed what this step did, one of them to change it.
  bool is_shared(const Step& step) const;

 private:
  struct Sharers {
    std::uint64_t threads = 0;  // A bit for each, by its number modulo 64.
    bool written = false;
  };
  void note_use(const Step& step);
  Step* call_about(std::uint32_t thread, const void* object);

  bool on_ = false, everything_ = false;
  std::deque<Step> steps_;
  std::uint64_t dropped_ = 0;
  std::map<const void*, ObjectUse> uses_;  // Looked up, never gone through.
  std::map<std::uintptr_t, Sharers> words_;
  std::map<const char*, std::uint32_t> numbers_;  // Given so far, by kind.
};

/// What a stand-in does, in words, and to what kind of object.
struct Deed {
  const char* name = "";  // Of the stand-in.
  const char* verb = "";  // "locks"
  const char* kind = "";  // "mutex"; "": it is about no object.
  bool locks = false;
  bool waits = false;  // It changes nothing: nobody is notified by it.
};
/// Never null: one that is not known "calls" it.
const Deed& deed_of(const char* called);
/// It is done only once the object was had: "locks" and "takes", but not "comes to".
bool is_taking(const Deed& deed);

}  // namespace reweave::program
