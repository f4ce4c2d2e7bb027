#include "runtime/program/program_findings.h"

#include <algorithm>

#include "runtime/program/program_process.h"
#include "scheduler/sync/mutex.h"
#include "scheduler/sync/rwlock.h"
#include "scheduler/sync/wait_graph.h"

namespace reweave::program {
namespace {

std::string short_file(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Numbers objects in the order in which a report speaks of them.
class ObjectNames {
 public:
  std::string name(const sync::Wait& wait) {
    std::string kind = sync::wait_kind_words(wait.kind);
    if (wait.kind == WaitKind::kTime || wait.kind == WaitKind::kRest ||
        wait.kind == WaitKind::kInput || wait.kind == WaitKind::kJoin) {
      return kind;
    }
    const auto at = std::find(seen_.begin(), seen_.end(), wait.object);
    const auto index = static_cast<std::size_t>(at - seen_.begin());
    if (at == seen_.end()) seen_.push_back(wait.object);
    return kind + " (#" + std::to_string(index + 1) + ")";
  }

 private:
  std::vector<const void*> seen_;
};

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
  }
  return "";
}

bool holds(const Thread& thread, const void* lock) {
  return std::any_of(thread.held.begin(), thread.held.end(),
                     [&](const HeldLock& held) { return held.lock == lock; });
}

/// Who must act before somebody who waits for it can go on.
void holders_of(Control& control, const sync::Wait& wait, std::vector<ThreadId>& holders) {
  for (std::size_t i = 0; i < control.thread_count(); ++i) {
    const Thread& other = control.thread(ThreadId{static_cast<std::uint32_t>(i)});
    const bool joined = wait.kind == WaitKind::kJoin && wait.object == &other;
    if (joined || holds(other, wait.object)) holders.push_back(other.id);
  }
}

std::string holder_words(Control& control, const WaitingThread& waiting) {
  std::vector<ThreadId> holders;
  holders_of(control, waiting.wait, holders);
  std::string words;
  for (const ThreadId holder : holders) {
    const Thread& thread = control.thread(holder);
    const std::string path = control.path(holder);
    if (waiting.wait.kind == WaitKind::kJoin) {
      words += ": thread " + path;
      continue;
    }
    for (const HeldLock& held : thread.held) {
      if (held.lock != waiting.wait.object) continue;
      words += ", held by thread " + path + " since " + place_words(held.where);
      break;
    }
  }
  return words;
}

}  // namespace

std::string place_words(const void* caller) {
  if (caller == nullptr) return "its start";
  const Place place = sites().place(caller);
  std::string words = place.function.empty() ? sites().name(site_of(caller)) : place.function;
  if (!place.file.empty()) {
    words += " (" + short_file(place.file) + ":" + std::to_string(place.line) + ")";
  }
  return words;
}

std::string stack_words(const CallStack& stack, std::string_view indent) {
  std::string words;
  for (const void* address : stack.addresses()) {
    const Place place = sites().place(address);
    if (place.function.empty() || place.file.empty()) continue;
    words += std::string(indent) + place.function + " (" + short_file(place.file) + ":" +
             std::to_string(place.line) + ")\n";
  }
  return words;
}

std::string function_words(const CallStack& stack, const void* caller) {
  const void* const users = stack.users(caller);
  const std::string function =
      users == nullptr ? "" : sites().function_at(static_cast<const char*>(users) - 1);
  return function.empty() ? "?" : function;
}

Finding failure_finding(Control&, FindingKind kind, const std::string& what,
                        const std::string& message, const CallStack& stack,
                        const std::string& path) {
  Finding finding;
  finding.kind = kind;
  finding.signature = std::string(finding_kind_name(kind)) + " " + what + " in " +
                      function_words(stack, stack.empty() ? nullptr : stack.addresses()[0]);
  finding.message = message + ", in thread " + path + ".";
  const std::string calls = stack_words(stack, "  at ");
  if (!calls.empty()) finding.message += "\n" + calls.substr(0, calls.size() - 1);
  return finding;
}

Finding race_finding(Control&, const AccessInRace& later, const AccessInRace& earlier,
                     const CallStack& stack) {
  const auto words = [](const AccessInRace& access) {
    return std::string(access.atomic ? "atomic " : "") + (access.write ? "write" : "read");
  };
  const auto part = [&](const AccessInRace& access) {
    const std::string function =
        access.caller == nullptr ? ""
                                 : sites().function_at(static_cast<const char*>(access.caller) - 1);
    return words(access) + " in " + (function.empty() ? "?" : function);
  };
  Finding finding;
  finding.kind = FindingKind::kRace;
  // The same whichever came first.
  std::string one = part(later), two = part(earlier);
  if (two < one) std::swap(one, two);
  finding.signature = "race " + one + ", " + two;
  finding.message = "Two accesses to one variable that nothing orders:\n  thread " + earlier.path +
                    ": " + words(earlier) + " at " + place_words(earlier.caller) + "\n  thread " +
                    later.path + ": " + words(later) + " at " + place_words(later.caller);
  const std::string calls = stack_words(stack, "    ");
  if (!calls.empty()) finding.message += ", called from\n" + calls.substr(0, calls.size() - 1);
  return finding;
}

Finding stuck_finding(Control& control, const std::vector<WaitingThread>& waiting, bool at_end) {
  Finding finding;
  finding.kind = FindingKind::kDeadlock;
  std::vector<ThreadId> circle;
  if (!at_end) {
    circle = sync::find_circle(
        control.waiters(), [&](ThreadId, const sync::Wait& wait, std::vector<ThreadId>& holders) {
          holders_of(control, wait, holders);
        });
  }
  const bool turning = std::any_of(waiting.begin(), waiting.end(), [](const WaitingThread& w) {
    return w.wait.kind == WaitKind::kRest;
  });
  if (turning && circle.empty()) finding.kind = FindingKind::kLivelock;
  ObjectNames names;
  std::vector<std::string> parts;
  std::string lines;
  for (const WaitingThread& each : waiting) {
    const Thread& thread = *each.thread;
    const bool in_circle = std::find(circle.begin(), circle.end(), thread.id) != circle.end();
    if (circle.empty() || in_circle) {
      parts.push_back(std::string(kind_word(each.wait.kind)) + " in " +
                      function_words(thread.stack, thread.where));
    }
    lines += "\n  thread " + each.path + " waits for " + names.name(each.wait) +
             holder_words(control, each) + ", at " + place_words(thread.stack.users(thread.where));
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
