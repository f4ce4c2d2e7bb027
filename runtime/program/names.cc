#include "runtime/program/names.h"

#include <semaphore.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace reweave::program {
namespace {

std::string short_file(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// How long an object of that kind is; 0: nobody knows.
std::uintptr_t bytes_of(std::string_view kind) {
  if (kind == "mutex") return sizeof(pthread_mutex_t);
  if (kind == "read-write lock") return sizeof(pthread_rwlock_t);
  if (kind == "spin lock") return sizeof(pthread_spinlock_t);
  if (kind == "condition variable") return sizeof(pthread_cond_t);
  if (kind == "semaphore") return sizeof(sem_t);
  if (kind == "barrier") return sizeof(pthread_barrier_t);
  return 0;
}

/// "'forks[2]'", "'counter'", "'bank.total'"; without debug information "'bank+8'", or an element
/// of what may be an array of things that long. "" if it has no static storage.
std::string variable_words(const void* object, std::uintptr_t bytes) {
  const Sites::Variable variable = sites().variable_at(object, bytes);
  if (variable.name.empty()) return "";
  if (variable.part) return "'" + variable.name + *variable.part + "'";
  const bool is_element = bytes != 0 && variable.bytes > bytes && variable.bytes % bytes == 0 &&
                          variable.offset % bytes == 0;
  if (is_element) return "'" + variable.name + "[" + std::to_string(variable.offset / bytes) + "]'";
  if (variable.offset == 0) return "'" + variable.name + "'";
  return "'" + variable.name + "+" + std::to_string(variable.offset) + "'";
}

/// The thread on whose stack `address` lies, by number; a large number if it is on none.
std::uint32_t place_of_stack(const void* address) {
  if (!Donors::is_on_stack(address)) return UINT32_MAX;
  return static_cast<std::uint32_t>(
      (reinterpret_cast<std::uintptr_t>(address) - Donors::kStacksAt) / Donors::kStackStride);
}

std::string function_of(std::uintptr_t address) {
  return address == 0 ? "" : sites().function_beginning_at(reinterpret_cast<const void*>(address));
}

/// Of std::thread: the type of what it was given tells which lambda it is, and what is no lambda is
/// a pointer to a function in there.
std::string function_of_state(const Thread& thread) {
  const auto* const table = reinterpret_cast<const void*>(thread.given[0]);
  const std::string type = sites().mangled_variable_at(table);
  if (!type.starts_with("_ZTV")) return "";
  const std::string function = thread_function_of_type(type);
  if (!function.empty()) return function;
  for (std::size_t i = 1; i < thread.given.size(); ++i) {
    const std::string found = function_of(thread.given[i]);
    if (!found.empty()) return found;
  }
  return "";
}

std::string threads_words(Control& control, const Wakes& threads) {
  std::string words;
  const std::uint32_t named = std::min(threads.count, Wakes::kNamedMax);
  for (std::uint32_t i = 0; i < named; ++i) {
    if (i != 0) words += i + 1 == threads.count ? " and " : ", ";
    words += thread_words(control, ThreadId{threads.threads[i]}, false);
  }
  if (threads.count > named) words += " and " + std::to_string(threads.count - named) + " more";
  return words;
}

std::string wait_words(Control& control, const Step& step) {
  const ObjectUse* const use = control.history().use_of(step.object);
  if (step.wait == WaitKind::kJoin) {
    return step.other == UINT32_MAX
               ? "waits for the other threads"
               : "waits for the end of " + thread_words(control, ThreadId{step.other}, false);
  }
  if (use == nullptr || step.wait == WaitKind::kTime || step.wait == WaitKind::kRest ||
      step.wait == WaitKind::kInput || step.wait == WaitKind::kSignal)
    return std::string("waits for ") + sync::wait_kind_words(step.wait);
  const std::string words =
      "waits for " + object_words(control, step.object, 0, "", /*whole=*/false);
  if (!use->locked || step.holders.count == 0) return words;
  const bool itself = step.holders.count == 1 && step.holders.threads[0] == step.thread;
  const std::string who = itself ? "itself" : threads_words(control, step.holders);
  return words + (step.behind ? ", behind who waits to write: " : ", held by ") + who;
}

/// "goes on", and what it has got by its waiting.
std::string going_on_words(Control& control, const Step& step) {
  const ObjectUse* const use = step.took == nullptr ? nullptr : control.history().use_of(step.took);
  if (use == nullptr || (!use->locked && !step.shared)) return "goes on";
  std::string verb = "takes one of";
  if (use->locked) verb = "locks";
  if (std::string_view(use->kind) == "read-write lock")
    verb += step.shared ? " for reading" : " for writing";
  return "goes on and " + verb + " " +
         object_words(control, step.took, 0, use->kind, /*whole=*/false);
}

/// What a call that takes something came to. "": it had to wait, and the step behind says so.
std::string taking_words(Control& control, const Step& step, const Deed& deed) {
  constexpr std::string_view kLocks = "locks", kTakes = "takes";
  if (step.waited) return "";
  const std::string object = object_words(control, step.object, step.bytes, deed.kind, false);
  std::string verb = deed.verb;
  const bool tries = verb.starts_with("tries");
  if (step.took == step.object) return verb + " " + object + (tries ? ", and gets it" : "");
  if (step.again) return verb + " " + object + (tries ? ", and has it" : ", which it has");
  if (verb.starts_with(kLocks)) verb.replace(0, kLocks.size(), "tries to lock");
  if (verb.starts_with(kTakes)) verb.replace(0, kTakes.size(), "tries to take");
  return verb + " " + object + " in vain";
}

/// Completes "reads 4 bytes of ".
std::string fault_words(Fault fault) {
  if (fault == Fault::kBesideBlock) return "the heap beside a block";
  return fault == Fault::kReturned ? "a variable whose function has returned" : "freed memory";
}

/// What a call did that is about `deed.kind`.
std::string call_words(Control& control, const Step& step) {
  const Deed& deed = deed_of(step.called);
  const std::string_view kind = deed.kind;
  std::string words = deed.verb;
  if (words.empty()) return "";  // The step behind says it.
  if (words == "calls") return words + " " + step.called;
  if (kind == "thread") {
    if (step.waited) return "";
    return words + " " + thread_words(control, ThreadId{step.other}, false);
  }
  if (kind.empty() || step.object == nullptr) return words;
  if (is_taking(deed)) return taking_words(control, step, deed);
  const std::string object = object_words(control, step.object, step.bytes, deed.kind, false);
  // Whoever waits at a condition gives its mutex back at once, and takes it when it goes on.
  if (deed.waits && step.gave != nullptr)
    return "unlocks " + object_words(control, step.gave, 0, "mutex", false) + " to wait at " +
           object;
  words += " " + object;
  if (step.again) words += ", which it still has";
  return step.woken.known ? words + ", wakes " + woken_words(control, step.woken) : words;
}

}  // namespace

std::string use_words(Access access, std::uint32_t bytes, bool now) {
  if (bytes == 0) return now ? "uses " : "used ";
  std::string verb = now ? "changes" : "changed";
  if (access == Access::kRead) verb = now ? "reads" : "read";
  if (access == Access::kWrite) verb = now ? "writes" : "wrote";
  return verb + " " + std::to_string(bytes) + (bytes == 1 ? " byte of " : " bytes of ");
}

std::string place_words(const void* caller) {
  if (caller == nullptr) return "its start";
  if (caller == kNoUsersCall) return "a place in a library";
  const Place place = sites().place(caller);
  std::string words = place.function.empty() ? sites().name(site_of(caller)) : place.function;
  if (!place.file.empty()) {
    words += " (" + short_file(place.file) + ":" + std::to_string(place.line) + ")";
  } else if (!place.function.empty()) {
    words = sites().name(site_of(caller));
  }
  return words;
}

std::string place_in_words(const void* caller) {
  const Place place = caller == nullptr || caller == kNoUsersCall ? Place{} : sites().place(caller);
  if (place.file.empty()) return place_words(caller);
  return place.function + " at " + short_file(place.file) + ":" + std::to_string(place.line);
}

void note_beginning(Thread& thread) {
  // Files with symbols may be read here, which is none of the program's doing.
  const NotTheProgram scope;
  const auto look_at = [&](const void* code, const void* argument) {
    thread.begins = code;
    if (argument == nullptr) return;
    // What lies there may be smaller, and nothing may lie behind its page.
    constexpr std::size_t kPageBytes = 4096;
    const std::size_t left = kPageBytes - reinterpret_cast<std::uintptr_t>(argument) % kPageBytes;
    thread.given = {};
    std::memcpy(thread.given.data(), argument, std::min(left, sizeof thread.given));
  };
  const auto is_users = [](const void* code) {
    return sites().is_in_users_module(code) && !sites().is_in_library(code);
  };
  const auto* const start = reinterpret_cast<const void*>(thread.start);
  thread.begins = start;
  // What we or the C++ library begin is given what the user wrote. AddressSanitizer begins all
  // threads, and is given what they begin.
  if (!is_users(start)) look_at(start, thread.argument);
  if (globals.under_address_sanitizer && !is_users(start)) {
    for (std::size_t i = 0; i + 1 < thread.given.size(); ++i) {
      const auto* const code = reinterpret_cast<const void*>(thread.given[i]);
      if (!sites().is_in_cxx_library(code) && sites().function_beginning_at(code).empty()) continue;
      look_at(code, is_users(code) ? nullptr : reinterpret_cast<const void*>(thread.given[i + 1]));
      break;
    }
  }
}

std::string thread_name(const Thread& thread) {
  if (thread.name[0] != '\0') return std::string(thread.name.data());
  if (thread.id == ThreadId{0}) return "main";
  if (thread.begins == nullptr) return "";
  if (sites().is_ours(thread.begins)) return function_of(thread.given[0]);  // Of thrd_create().
  if (!sites().is_in_users_module(thread.begins)) return function_of_state(thread);
  return sites().function_at(thread.begins);
}

std::string thread_words(Control& control, ThreadId id, bool whole) {
  if (static_cast<std::size_t>(id) >= control.thread_count()) return "a thread that there is not";
  const Thread& thread = control.thread(id);
  const std::string name = thread_name(thread);
  std::string words = "thread " + control.path(id);
  const bool started = whole && thread.started_at != nullptr;
  if (!name.empty() || started) words += " (";
  words += name;
  if (started)
    words += (name.empty() ? "started in " : ", started in ") + place_in_words(thread.started_at);
  if (!name.empty() || started) words += ")";
  return words;
}

std::string object_words(Control& control, const void* object, std::uint32_t bytes,
                         const char* otherwise, bool whole) {
  const ObjectUse* const use = control.history().use_of(object);
  const char* const kind = use == nullptr ? otherwise : use->kind;
  const std::string variable = variable_words(object, bytes != 0 ? bytes : bytes_of(kind));
  if (!variable.empty()) return *kind == '\0' ? variable : std::string(kind) + " " + variable;
  if (use == nullptr && *kind == '\0') {
    const std::uint32_t place = place_of_stack(object);
    if (place >= control.thread_count()) return "memory";
    return "a local variable of " + thread_words(control, ThreadId{place}, false);
  }
  if (use == nullptr) return std::string("a ") + kind;
  std::string words = std::string(kind) + " #" + std::to_string(use->number);
  if (!whole) return words;
  const std::string place = place_in_words(use->first);
  if (place.starts_with("~")) return words;  // In the C++ library, which says nothing to the user.
  return words + ", first " + (use->locked ? "locked" : "used") + " in " + place;
}

std::string woken_words(Control& control, const Wakes& woken) {
  return woken.count == 0 ? "nobody" : threads_words(control, woken);
}

std::string step_words(Control& control, const Step& step) {
  if (step.fault != Fault::kNone && step.did != Did::kFreed)
    return use_words(step.access, step.bytes, /*now=*/true) + fault_words(step.fault);
  switch (step.did) {
    case Did::kAccessed:
      if (!control.history().is_shared(step)) return "";
      // The C++ library's own, on the way to what a thread runs.
      if (step.caller != nullptr && sites().name(site_of(step.caller)).starts_with("~")) return "";
      return (step.access == Access::kRead ? "reads " : "writes ") +
             object_words(control, step.object, step.bytes, "", false);
    case Did::kCreated:
      return "starts " + thread_words(control, ThreadId{step.other}, false);
    case Did::kEnded:
      return "ends";
    case Did::kWentOn:
      return going_on_words(control, step);
    case Did::kFreed:
      return step.fault == Fault::kNone ? "" : "frees memory that is used afterwards";
    case Did::kSpared:
      return "is given fresh memory; from here on what is freed stays free";
    case Did::kWaited:
      return wait_words(control, step);
    case Did::kCalled:
      return step.called == nullptr ? "" : call_words(control, step);
  }
  return "";
}

}  // namespace reweave::program
