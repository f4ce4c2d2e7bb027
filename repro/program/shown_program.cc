// What a debugger asks a stopped execution of a program for: who runs, who waits for what, and who
// holds a lock. As repro/debugger/shown_state.h.
//
// Names are made from the files on disk, perhaps with the help of a process; meanwhile nothing
// counts as the program's doing.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "repro/debugger/inquiry.h"
#include "runtime/program/control.h"
#include "runtime/program/names.h"

namespace reweave::repro {
namespace {

using program::control;
using program::HeldLock;
using program::ThreadId;

ThreadId id_of(std::size_t index) { return ThreadId{static_cast<std::uint32_t>(index)}; }

std::string words_of(ThreadId id) { return program::thread_words(control(), id, /*whole=*/false); }

/// ", held by thread 0.1 (worker) since worker (bank.cc:9)", once for each reader; "".
std::string holders_of(const void* lock) {
  std::string words;
  for (std::size_t i = 0; i < control().thread_count(); ++i) {
    for (const HeldLock& held : control().thread(id_of(i)).held) {
      if (held.lock != lock) continue;
      words += fmt::format(", {} by {} since {}", held.shared ? "read" : "held", words_of(id_of(i)),
                           program::place_words(held.where));
      break;
    }
  }
  return words;
}

/// Who waits there, or will have to take it afterwards.
std::string waiters_of(const void* object) {
  std::string words;
  control().waiters().for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.object == object) words += (words.empty() ? "" : ", ") + words_of(id);
  });
  return words;
}

/// What is wrong with nothing: whether it is a lock says the caller.
std::string object_state(const void* object, const char* kind, bool is_lock) {
  if (control().thread_count() == 0) return "";
  std::string words = program::object_words(control(), object, 0, kind, /*whole=*/false);
  const std::string holders = holders_of(object), waiters = waiters_of(object);
  words += holders.empty() && is_lock ? ", free" : holders;
  if (!waiters.empty()) words += (is_lock ? "; wanted by " : "; there wait ") + waiters;
  if (waiters.empty() && !is_lock) words += ", nobody waits there";
  return words;
}

std::string doing_of(ThreadId id) {
  const program::Thread& thread = control().thread(id);
  if (thread.ended) return "has ended";
  if (control().self_id() == id) return "runs";
  const sync::Wait& wait = control().waiters().of(id);
  if (wait.kind == sync::WaitKind::kNothing) return "can go on";
  std::string words = fmt::format("waits for {}", sync::wait_kind_words(wait.kind));
  if (wait.kind == sync::WaitKind::kJoin || wait.object == nullptr) return words;
  if (control().history().use_of(wait.object) == nullptr) return words;
  const bool is_condition = wait.kind == sync::WaitKind::kCondition;
  words = is_condition ? words + " at " : "waits for ";
  words += program::object_words(control(), wait.object, 0, "", /*whole=*/false);
  return words + holders_of(wait.object);
}

std::string all_threads() {
  std::string text;
  for (std::size_t i = 0; i < control().thread_count(); ++i) {
    const program::Thread& thread = control().thread(id_of(i));
    text += fmt::format("{} {}  {}\n", control().self_id() == id_of(i) ? "*" : " ",
                        words_of(id_of(i)), doing_of(id_of(i)));
    if (!thread.ended && thread.where != nullptr)
      text += fmt::format("      at {}\n", program::place_words(thread.where));
  }
  return text.empty() ? "no thread runs under control here\n" : text;
}

std::string all_locks() {
  std::vector<const void*> locks;
  const auto add = [&](const void* lock) {
    if (lock != nullptr && std::find(locks.begin(), locks.end(), lock) == locks.end())
      locks.push_back(lock);
  };
  for (std::size_t i = 0; i < control().thread_count(); ++i) {
    for (const HeldLock& held : control().thread(id_of(i)).held) add(held.lock);
  }
  std::string text;
  for (const void* const lock : locks) text += object_state(lock, "lock", true) + "\n";
  return text.empty() ? "no lock is held\n" : text;
}

std::string place() {
  if (control().thread_count() == 0) return "nothing runs under control here\n";
  const program::Thread& thread = control().self();
  std::string words = fmt::format("step {}: {}", control().steps(), words_of(thread.id));
  if (thread.where != nullptr) words += " at " + program::place_words(thread.where);
  return words + "\n";
}

}  // namespace
}  // namespace reweave::repro

extern "C" {
/// "mutex 'lock', held by thread 0.1 (worker) since worker (bank.cc:9)"; "" where nothing runs.
/// They live until the next call.
[[gnu::used, gnu::visibility("default")]] const void* reweave_lock_words(const void* lock) {
  const reweave::program::NotTheProgram aside;
  return reweave::repro::keep_words(reweave::repro::object_state(lock, "mutex", true));
}
[[gnu::used, gnu::visibility("default")]] const void* reweave_condition_words(const void* object) {
  const reweave::program::NotTheProgram aside;
  return reweave::repro::keep_words(
      reweave::repro::object_state(object, "condition variable", false));
}
/// "thread 0.1 (worker)" of that pthread_t.
[[gnu::used, gnu::visibility("default")]] const void* reweave_thread_words(const void* handle) {
  const reweave::program::NotTheProgram aside;
  const reweave::program::Thread* const thread =
      reweave::program::control().find(reinterpret_cast<std::uintptr_t>(handle));
  return reweave::repro::keep_words(thread == nullptr ? "" : reweave::repro::words_of(thread->id));
}
/// The step and who runs; all threads; all locks that are held: whole lines.
[[gnu::used, gnu::visibility("default")]] const void* reweave_place_words(const void*) {
  const reweave::program::NotTheProgram aside;
  return reweave::repro::keep_words(reweave::repro::place());
}
[[gnu::used, gnu::visibility("default")]] const void* reweave_threads_words(const void*) {
  const reweave::program::NotTheProgram aside;
  return reweave::repro::keep_words(reweave::repro::all_threads());
}
[[gnu::used, gnu::visibility("default")]] const void* reweave_locks_words(const void*) {
  const reweave::program::NotTheProgram aside;
  return reweave::repro::keep_words(reweave::repro::all_locks());
}
}
