// Reference-counted objects: what a tasklet runtime is made of, and what its bugs are about.
//
// Objects live in an arena of the execution. Freed memory is not handed out again within one
// execution, except for frames, whose caches are the point; and every object carries a generation
// that changes when its life ends. So a reference that outlived its object is recognised in every
// build, and AddressSanitizer, which sees the body poisoned, confirms it.
//
// Counting is explicit, as in the real thing: retain() and Thread::release() are what Py_INCREF and
// Py_DECREF are, and a release may run arbitrary code (weak-reference callbacks, finalizers), so it
// may switch tasks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/base/reweave_check.h"

namespace reweave::runtime {

struct Code;

enum class ObjectKind : std::uint8_t {
  kNone,   // The one None.
  kToken,  // A value that can be sent; unique.
  kBomb,   // An exception on its way, in a tempval or pending.
  kFrame,
  kTasklet,
  kChannel,
  kPair,  // Two objects that are to die together.
  // Things, from here to the dict: closure.h, record.h.
  kCell,
  kTuple,
  kFunction,
  kGenerator,
  kRecord,
  kReference,
  kDict,  // dict_object.h
  kDictTable,
  kWeakRef,  // Stays the last one: it is not counted among what is alive.
};
inline constexpr std::size_t kObjectKindCount = static_cast<std::size_t>(ObjectKind::kWeakRef) + 1;
/// "tasklet", "cell", …; lives for ever.
const char* object_kind_name(ObjectKind kind);
/// An object that a program can hold and that is no tasklet: a Thing.
constexpr bool is_thing(ObjectKind kind) {
  return kind >= ObjectKind::kCell && kind < ObjectKind::kDict;
}

struct WeakRef;

struct Object {
  std::uint32_t refs = 1;
  ObjectKind kind{};
  bool dead = false;             // Destroyed, or parked in a cache.
  std::uint16_t references = 0;  // While a census is taken: how many were met.
  std::uint32_t generation = 0;  // Goes up whenever a life ends.
  std::uint32_t bytes = 0;       // Of the whole object, for poisoning.
  WeakRef* weakrefs = nullptr;   // Newest first.
};

struct Reference;

/// A weak reference: what is told when the target dies. Belongs to its target, is not counted and
/// lives as long as the execution.
struct WeakRef : Object {
  WeakRef* next = nullptr;              // Older.
  std::uint32_t target_generation = 0;  // The life of the target that it is for.
  std::uint32_t reference_generation = 0;
  Code* code = nullptr;            // Is run; null: nothing.
  Reference* reference = nullptr;  // Yields nothing any more; null: nobody. Not counted.
};

/// What a slot of a program can hold besides tasklets. Events call it by its number.
struct Thing : Object {
  std::uint32_t number = 0;  // From 1, in order of creation; one count for all things.
};

/// One more reference. Returns the object.
template <typename T>
T* retain(T* object) {
  REWEAVE_DCHECK(object->refs > 0);
  ++object->refs;
  return object;
}

// ---- Values ----

/// The types of exceptions; see scenario.h for their names. Numbers are stable: they are part of
/// trace hashes.
enum class ExceptionType : std::uint8_t {
  kE1,
  kE2,
  kValueError,
  kStopIteration,
  kZeroDivisionError,
  kSystemExit,
  kTaskletExit,
  kRuntimeError,
  kMemoryError,    // raised by the runtime only: a scenario cannot name it
  kGeneratorExit,  // likewise: in a suspended generator that dies
};
inline constexpr int kNameableExceptions = 7;

/// Which rule of the runtime an exception tells of; kNone for the program's own.
enum class ErrorCode : std::uint8_t {
  kNone,
  kDeadlock,
  kMainRecvDeadlock,
  kMainSendDeadlock,
  kBlockTrap,
  kSwitchTrap,
  kRunBlocked,
  kRunDead,
  kRemoveBlocked,
  kRemoveCurrent,
  kThrowDead,
  kRecursiveChannelCallback,
  kClosed,
  kNesting,
  kRecursiveScheduleCallback,
  kBindCurrent,
  kBindScheduled,
  kBindCState,
  kUnbindMain,
  kSetupAlive,
  kNotBound,
  kNoThread,            // The tasklet's thread has ended.
  kThreadDead,          // The thread that it is to run in has ended, or has not begun.
  kSwitchThread,        // switch() to a tasklet of another thread.
  kBindThreadRunnable,  // bind_thread() of a runnable tasklet.
  kPoolStopped,         // A call_async() after the pool's end, or one that was not begun before it.
  kNoWorker,            // call_async() found no worker, and there can be none.
  kNotLocked,           // A lock that nobody has was given back, or waited on.
  kLockDeadlock,        // Nobody is left who could give the lock back, or notify.
  kThrowRunning,        // It is running just now, on another thread.
};
/// "deadlock", "block_trap", …; "" for kNone.
const char* error_code_name(ErrorCode code);

/// Where a token is on its way from a sender to a receiver; see tasklet/ledger.h.
enum class TokenPlace : std::uint8_t {
  kSender,     // In the sender's hands or tempval.
  kInFlight,   // Handed over to a receiver that has not returned yet.
  kDelivered,  // The receive has returned it.
  kReleased,   // Left the ledger for a named reason.
  kThrown,     // Waits to be raised in whom it was thrown at; see Ledger::thrown().
};

/// A value or an exception as the ledger sees it. Number 0: not tracked.
struct Token : Object {
  std::uint32_t number = 0;  // From 1, in order of sending; one count for values and exceptions.
  TokenPlace place = TokenPlace::kSender;
  std::uint8_t reason = 0;  // A ReleaseReason once kReleased.
  std::uint16_t padding2 = 0;
  std::uint32_t sender = 0;       // Number of the tasklet that sent it.
  std::uint32_t sender_site = 0;  // SiteId of the operation.
  std::uint32_t receiver = 0;     // Number of the tasklet that it was handed to, or thrown at.
  std::uint64_t sent_step = 0;
  std::int64_t payload = 0;  // For users of the C++ interface; the runtime does not look at it.
};

struct Bomb : Token {
  ExceptionType type{};
  ErrorCode code{};
};

struct Pair : Object {
  Object* first = nullptr;
  Object* second = nullptr;
};

}  // namespace reweave::runtime
