#include "runtime/program/program_findings.h"

#include <algorithm>

#include "runtime/program/descriptor_waits.h"
#include "runtime/program/program_process.h"
#include "scheduler/machine/crash_words.h"
#include "scheduler/sync/mutex.h"
#include "scheduler/sync/rwlock.h"
#include "scheduler/sync/wait_graph.h"

namespace reweave::program {
namespace {

/// One word or two for a signature.
std::string_view kind_word(WaitKind kind) {
  switch (kind) {
    case WaitKind::kNothing:
      return "nothing";
    case WaitKind::kMutex:
      return "mutex";
    case WaitKind::kReadLock:
      return "read-lock";
    case WaitKind::kWriteLock:
      return "write-lock";
    case WaitKind::kCondition:
      return "condition";
    case WaitKind::kSemaphore:
      return "semaphore";
    case WaitKind::kBarrier:
      return "barrier";
    case WaitKind::kOnce:
      return "once";
    case WaitKind::kFutex:
      return "futex";
    case WaitKind::kJoin:
      return "join";
    case WaitKind::kTime:
      return "sleep";
    case WaitKind::kInput:
      return "input";
    case WaitKind::kRest:
      return "loop";
    case WaitKind::kChannel:
      return "channel";
    case WaitKind::kSignal:
      return "signal";
  }
  return "";
}

enum class Hold : std::uint8_t { kAny, kToWrite };

bool holds(const Thread& thread, const void* lock, Hold hold = Hold::kAny) {
  return std::any_of(thread.held.begin(), thread.held.end(), [&](const HeldLock& held) {
    return held.lock == lock && (hold == Hold::kAny || !held.shared);
  });
}

bool waits_to_write(Control& control, const Thread& thread, const void* lock) {
  const sync::Wait& wait = control.waiters().of(thread.id);
  return wait.kind == WaitKind::kWriteLock && wait.object == lock;
}

/// Who has what a thread waits for, and since where.
std::string holder_words(Control& control, const WaitingThread& waiting) {
  std::string words;
  if (waiting.wait.kind == WaitKind::kJoin) return words;
  for (const ThreadId holder : who_must_act(control, waiting.wait)) {
    const Thread& thread = control.thread(holder);
    if (waiting.wait.kind == WaitKind::kReadLock &&
        waits_to_write(control, thread, waiting.wait.object))
      words += ", behind " + thread_words(control, holder, false) + ", which waits to write";
    for (const HeldLock& held : thread.held) {
      if (held.lock != waiting.wait.object) continue;
      words +=
          ", held by " + thread_words(control, holder, false) + " since " + place_words(held.where);
      break;
    }
  }
  return words;
}

/// What it waits for: completes "waits for".
std::string wait_words(Control& control, const Thread& thread, const sync::Wait& wait) {
  const char* const kind = sync::wait_kind_words(wait.kind);
  const std::vector<ThreadId> holders = who_must_act(control, wait);
  if (wait.kind == WaitKind::kJoin) {
    return holders.empty() ? kind : "the end of " + thread_words(control, holders.front(), false);
  }
  if (wait.kind == WaitKind::kInput) return descriptor_waits().words(thread);
  if (wait.kind == WaitKind::kTime || wait.kind == WaitKind::kRest ||
      wait.kind == WaitKind::kSignal)
    return kind;
  if (control.history().use_of(wait.object) == nullptr) return kind;
  const bool is_condition = wait.kind == WaitKind::kCondition;
  std::string words = is_condition ? std::string(kind) + " at " : "";
  // What waits by futexes in the C++ library has a name there, and its object is not told apart.
  const std::string called = wait.kind == WaitKind::kFutex
                                 ? sites().library_call(thread.stack.addresses())
                                 : std::string();
  words += object_words(control, wait.object, 0, "", /*whole=*/called.empty());
  return called.empty() ? words : words + ", in " + called;
}

/// Who notified last, or changed last what is waited for; "" where that is no question.
std::string last_change_words(Control& control, const sync::Wait& wait) {
  const bool is_notified = wait.kind == WaitKind::kCondition;
  if (!is_notified && wait.kind != WaitKind::kSemaphore && wait.kind != WaitKind::kFutex) return "";
  const ObjectUse* const use = control.history().use_of(wait.object);
  if (use == nullptr) return "";
  const std::string what = is_notified ? "notified" : "changed";
  if (use->last == nullptr)
    return "\n    nobody " + what + (is_notified ? " anybody there" : " it");
  const std::string words = "\n    last " + what + " by " +
                            thread_words(control, ThreadId{use->last_thread}, false) + " at " +
                            place_words(use->last);
  if (!use->woken.known) return words;
  if (use->woken.count == 0) return words + ", when nobody waited there";
  return words + ", which woke " + woken_words(control, use->woken);
}

}  // namespace

std::vector<ThreadId> who_must_act(Control& control, const sync::Wait& wait) {
  std::vector<ThreadId> holders, writers;
  for (std::size_t i = 0; i < control.thread_count(); ++i) {
    const Thread& other = control.thread(ThreadId{static_cast<std::uint32_t>(i)});
    const bool joined = wait.kind == WaitKind::kJoin && wait.object == &other;
    const Hold hold = wait.kind == WaitKind::kReadLock ? Hold::kToWrite : Hold::kAny;
    if (joined || holds(other, wait.object, hold)) holders.push_back(other.id);
    if (waits_to_write(control, other, wait.object)) writers.push_back(other.id);
  }
  return holders.empty() && wait.kind == WaitKind::kReadLock ? writers : holders;
}

std::string stack_words(const CallStack& stack, std::string_view indent) {
  std::string words;
  for (const void* address : stack.addresses()) {
    const Place place = sites().place(address);
    if (place.function.empty() || place.file.empty() || !sites().is_in_users_module(address))
      continue;
    words += std::string(indent) + place_words(address) + "\n";
  }
  return words;
}

std::string function_words(const CallStack& stack, const void* caller) {
  const void* const users = stack.users(caller);
  const std::string function =
      users == nullptr ? "" : sites().function_at(static_cast<const char*>(users) - 1);
  return function.empty() ? "?" : function;
}

Finding failure_finding(Control& control, FindingKind kind, const std::string& what,
                        const std::string& message, const CallStack& stack, ThreadId thread) {
  Finding finding;
  finding.kind = kind;
  finding.signature = std::string(finding_kind_name(kind)) + (what.empty() ? "" : " " + what) +
                      " in " +
                      function_words(stack, stack.empty() ? nullptr : stack.addresses()[0]);
  finding.message = message + ", in " + thread_words(control, thread, true) + ".";
  const std::string calls = stack_words(stack, "  at ");
  if (!calls.empty()) finding.message += "\n" + calls.substr(0, calls.size() - 1);
  return finding;
}

Finding undefined_finding(const std::string& line) {
  const std::string path = line.substr(0, line.find(':'));
  Finding finding;
  finding.kind = FindingKind::kCrash;
  finding.signature = "crash " + error_kind(line) + " in " + path.substr(path.rfind('/') + 1);
  finding.message = "UndefinedBehaviorSanitizer: " + line;
  return finding;
}

Finding race_finding(Control& control, const AccessInRace& later, const AccessInRace& earlier) {
  const auto words = [](const AccessInRace& access) {
    return std::string(access.atomic ? "atomic " : "") + (access.write ? "write" : "read");
  };
  const auto part = [&](const AccessInRace& access) {
    const std::string function =
        access.caller == nullptr ? ""
                                 : sites().function_at(static_cast<const char*>(access.caller) - 1);
    return words(access) + " in " + (function.empty() ? "?" : function);
  };
  const auto line = [&](const AccessInRace& access) {
    std::string text = "\n  " + thread_words(control, access.thread, true) + ": " + words(access) +
                       " of " + std::to_string(access.bytes) +
                       (access.bytes == 1 ? " byte" : " bytes") + " at " +
                       place_words(access.caller);
    // The first call is the access itself.
    const std::string calls = stack_words(access.stack, "    ");
    const std::size_t end = calls.find('\n');
    if (end != std::string::npos && end + 1 < calls.size())
      text += ", called from\n" + calls.substr(end + 1, calls.size() - end - 2);
    return text;
  };
  Finding finding;
  finding.kind = FindingKind::kRace;
  // The same whichever came first.
  std::string one = part(later), two = part(earlier);
  if (two < one) std::swap(one, two);
  finding.signature = "race " + one + ", " + two;
  const std::string object = object_words(control, later.address, later.bytes, "", true);
  finding.message = "Two accesses to one variable that nothing orders" +
                    (object == "memory" ? std::string(":") : ", " + object + ":") + line(earlier) +
                    line(later);
  return finding;
}

Finding stuck_finding(Control& control, const std::vector<WaitingThread>& waiting, bool at_end) {
  Finding finding;
  finding.kind = FindingKind::kDeadlock;
  std::vector<ThreadId> circle;
  if (!at_end) {
    circle = sync::find_circle(
        control.waiters(), [&](ThreadId, const sync::Wait& wait, std::vector<ThreadId>& holders) {
          holders = who_must_act(control, wait);
        });
  }
  const bool turning = std::any_of(waiting.begin(), waiting.end(), [](const WaitingThread& w) {
    return w.wait.kind == WaitKind::kRest;
  });
  if (turning && circle.empty()) finding.kind = FindingKind::kLivelock;
  std::vector<std::string> parts;
  std::string lines;
  for (const WaitingThread& each : waiting) {
    const Thread& thread = *each.thread;
    const bool in_circle = std::find(circle.begin(), circle.end(), thread.id) != circle.end();
    if (circle.empty() || in_circle) {
      parts.push_back(std::string(kind_word(each.wait.kind)) + " in " +
                      function_words(thread.stack, thread.where));
    }
    lines += "\n  " + thread_words(control, thread.id, true) + "\n    waits for " +
             wait_words(control, thread, each.wait) + holder_words(control, each) +
             last_change_words(control, each.wait) + "\n    at " +
             place_words(thread.stack.users(thread.where));
  }
  finding.signature = finding_kind_name(finding.kind);
  if (at_end) finding.signature += " at-end";
  if (!parts.empty()) finding.signature += " " + sync::shape_of(std::move(parts));
  if (!circle.empty()) {
    finding.message = "Threads wait for each other:";
  } else if (turning) {
    finding.message = "No thread does anything any more that another one could notice:";
  } else if (at_end) {
    finding.message = "The program ended, and threads sleep for ever:";
  } else {
    finding.message = "No thread can go on:";
  }
  finding.message += lines;
  return finding;
}

}  // namespace reweave::program
