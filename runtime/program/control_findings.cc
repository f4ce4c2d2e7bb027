// The part of Control that ends an execution with a finding, and keeps what a report needs to know.

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/names.h"
#include "runtime/program/program_findings.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

constexpr std::size_t kOutputBytesMax = 2000;

}  // namespace

void Control::tell(Execution& execution, Ended ended) {
  if (execution.outcome() == Outcome::kDiverged) return;
  Finding finding;
  if (failure_.happened && failure_.kind == FindingKind::kRace) {
    const Race& race = failure_.race;
    const AccessInRace later{failure_.thread,  race.mine.address, race.mine.bytes, race.mine.write,
                             race.mine.atomic, race.caller,       failure_.stack};
    const AccessInRace earlier{ThreadId{race.other.thread},
                               race.mine.address,
                               race.other.bytes,
                               race.other.write,
                               race.other.atomic,
                               sites().address_of(race.other.site),
                               race.others_stack};
    finding = race_finding(*this, later, earlier);
  } else if (failure_.happened) {
    finding = failure_finding(*this, failure_.kind, failure_.what, failure_.message, failure_.stack,
                              failure_.thread);
    finding.message += memory_words(failure_.memory);
    if (failure_.freed_at != nullptr)
      finding.message += "\n  freed at " + place_words(failure_.freed_at);
  } else if (ended == Ended::kStuck) {
    unwind_waiting(donors_->home());
    finding = stuck_finding(*this, waiting_threads(), /*at_end=*/false);
  } else if (ended == Ended::kEnded && left_over_) {
    unwind_waiting(donors_->home());
    const std::vector<WaitingThread> waiting = waiting_threads();
    if (waiting.empty()) return;
    finding = stuck_finding(*this, waiting, /*at_end=*/true);
  } else if (is_undefined_behaviour_sanitizer_here()) {
    const std::string line = undefined_behaviour_in(process().output(kOutputSearched));
    if (line.empty()) return;
    finding = undefined_finding(line);
    // Under AddressSanitizer it would not say so again.
    failure_.ends_process = globals.under_address_sanitizer;
  } else {
    return;
  }
  finding.step = execution.steps();
  std::string output = process().output(kOutputSearched);
  // A sanitizer's own report is full of addresses; what it says stands above.
  if (failure_.ends_process) output.resize(std::min(output.find("\n=="), output.size()));
  if (failure_.ends_process && output.starts_with("==")) output.clear();
  if (output.size() > kOutputBytesMax) output.erase(0, output.size() - kOutputBytesMax);
  if (!output.empty()) finding.message += "\nThe program wrote:\n" + output;
  if (finding.kind == FindingKind::kHang) finding.oracle = "process";
  told_ = finding.signature;
  const ThreadId teller = failure_.happened ? failure_.thread : ThreadId{engine_.current()};
  execution.note(ActorId{static_cast<std::uint32_t>(teller)}, kToldNote, {}, kNowhere);
  execution.report(std::move(finding), /*stops=*/true);
  // Whoever isolates executions knows what was reported.
  if (failure_.ends_process) real()._exit(1);
}

std::vector<WaitingThread> Control::waiting_threads() {
  std::vector<WaitingThread> waiting;
  waiters_.for_each([&](ThreadId id, const sync::Wait& wait) {
    // After the end nobody waits for a detached thread, and main only waits for the others.
    if (left_over_ && (thread(id).detached || id == ThreadId{0})) return;
    waiting.push_back({&thread(id), wait});
  });
  return waiting;
}

/// Lets every waiting thread run just so far that it unwinds its own stack and comes back.
void Control::unwind_waiting(Context& from) {
  explaining_ = &from;
  waiters_.for_each([&](ThreadId id, const sync::Wait&) {
    if (!thread(id).stack.empty()) return;
    donors_->switch_function()(&from, &donors_->place(static_cast<std::uint32_t>(id)));
  });
  explaining_ = nullptr;
}

void Control::fail(FindingKind kind, std::string what, std::string message,
                   const CallStack& stack) {
  flush();
  failure_ = {true, kind, std::move(what), std::move(message), stack, self_id()};
  engine_.end();
}

void Control::fail_in_sanitizer(const std::string& what, const std::string& message,
                                const CallStack& stack, const MemoryStory& story) {
  flush();
  failure_ = {true, FindingKind::kCrash, what, message, stack, self_id()};
  failure_.memory = story;
  failure_.ends_process = true;
  engine_.end();
}

void Control::fail_for_hang(const CallStack& stack) {
  flush();
  failure_ = {true,  FindingKind::kHang, "", "It came by no point for a long time",
              stack, self_id()};
  failure_.ends_process = true;
  engine_.end();
}

/// Who allocated and who freed what an error is about.
std::string Control::memory_words(const MemoryStory& story) {
  const auto part = [this](const char* what, const CallStack& stack, int number) {
    if (stack.empty()) return std::string();
    std::string words = std::string("\n") + what;
    for (std::uint32_t i = 0; number >= 0 && i < engine_.actor_count(); ++i) {
      if (threads_[i]->sanitizer_number == number)
        words += " by " + thread_words(*this, ThreadId{i}, false);
    }
    const std::string calls = stack_words(stack, "  at ");
    return calls.empty() ? words : words + "\n" + calls.substr(0, calls.size() - 1);
  };
  std::string words = story.where.empty() ? "" : "\nthe memory " + story.where;
  words += part("freed", story.freed, story.freed_by);
  return words + part("allocated", story.allocated, story.allocated_by);
}

void Control::note_free(const void* block, std::size_t bytes, Call call) {
  // What was freed before there was a second thread is not told of: most of it is of no interest,
  // and a program may free much.
  if (!history_.on() || globals.heap_bytes == 0 || engine_.actor_count() == 1) return;
  keep({.did = Did::kFreed,
        .bytes = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, UINT32_MAX)),
        .object = block,
        .caller = users_call(call)});
}

/// The step that used it is kept, even where it is one that nobody looks at.
void Control::blame(const Use& use, Fault fault) {
  flush();
  if (!history_.on() || history_.blame(engine_.steps(), engine_.current(), use.address, fault))
    return;
  keep({.did = Did::kAccessed,
        .access = use.access,
        .bytes = use.bytes,
        .object = use.address,
        .caller = use.caller,
        .fault = fault});
}

void Control::fail_for_dead(const Use& use) {
  const std::uint64_t* const note = program_heap().freed(use.address);
  const std::string used = "The program " + use_words(use.access, use.bytes, /*now=*/false);
  blame(use, note == nullptr ? Fault::kBesideBlock : Fault::kFreed);
  if (note == nullptr) {
    fail(FindingKind::kCrash, "heap buffer overflow",
         used + (use.address < program_heap().bump() ? "the heap beside a block"
                                                     : "the heap behind its last block"),
         CallStack::here());
  }
  const auto thread = static_cast<std::uint32_t>(*note >> 48);
  const std::uint64_t step = *note & ((std::uint64_t{1} << 48) - 1);
  std::string message = used + "memory that had been freed";
  if (*note != 0)
    message +=
        " by " + thread_words(*this, ThreadId{thread}, false) + " in step " + std::to_string(step);
  flush();
  failure_ = {
      true,     FindingKind::kCrash, "use after free", std::move(message), CallStack::here(),
      self_id()};
  // The place gets its words at home: what reads them from files must not count as the program's.
  const Step* const freed = history_.blame_free(use.address);
  if (freed != nullptr && freed->caller != kNoUsersCall) failure_.freed_at = freed->caller;
  engine_.end();
}

namespace {
constexpr std::uint64_t kDestroyedMark = 0xdead'10cc'dead'10cc;
}  // namespace

void Control::destroyed(void* object) {
  const NotTheProgram scope;
  destroyed_.insert(object);
  std::memcpy(object, &kDestroyedMark, sizeof kDestroyedMark);
}

// An object that was made anew without a call, by a static initializer, has lost the mark.
void Control::check_made(const void* object, const char* kind, const void* caller,
                         std::size_t zeros) {
  if (destroyed_.empty() || caller == kNoUsersCall || destroyed_.count(object) == 0) return;
  constexpr std::array<char, 32> kZeros{};
  const bool is_marked = std::memcmp(object, &kDestroyedMark, sizeof kDestroyedMark) == 0;
  if (!is_marked && std::memcmp(object, kZeros.data(), zeros) == 0) {
    destroyed_.erase(object);
    return;
  }
  fail(FindingKind::kAssertion, std::string("use of a destroyed ") + kind,
       std::string("A ") + kind + " is used after it was destroyed", CallStack::here());
}

void Control::check_frame(const Use& use) {
  const auto* const at = static_cast<const std::byte*>(use.address);
  const std::uint32_t owner = Donors::place_of(use.address);
  if (owner >= engine_.actor_count()) return;
  const Context& place = donors_->place(owner);
  if (at < place.stack || at >= place.top) return;
  bool returned = left_by_main_.contains(at);
  if (owner != engine_.current()) {
    // Between its stack pointer and the top lie the frames of a thread that others run beside. One
    // that is on a stack of its own making, as of a coroutine, keeps them all.
    const auto* const sp = static_cast<const std::byte*>(place.sp);
    returned =
        returned || threads_[owner]->ended || (sp > place.stack && sp < place.top && at < sp);
  }
  if (!returned) return;
  blame(use, Fault::kReturned);
  fail(FindingKind::kCrash, "use after return",
       "The program " + use_words(use.access, use.bytes, /*now=*/false) +
           "a variable of a function that had returned, on the stack of " +
           thread_words(*this, ThreadId{owner}, false),
       CallStack::here());
}

void Control::fail_for_race(const Races::Access& mine, const RacingAccess& other, Call call) {
  flush();
  failure_ = {true, FindingKind::kRace, "", "", CallStack::here(), self_id()};
  failure_.race = {mine, other, users_call(call), {}};
  const Step* const earlier =
      history_.last_access(other.thread, sites().address_of(other.site), mine.address, mine.bytes);
  for (std::uint32_t i = 0; earlier != nullptr && i < earlier->depth; ++i)
    failure_.race.others_stack.push(earlier->calls[i]);
  engine_.end();
}

void Control::keep(Step step) {
  if (!history_.on()) return;
  step.number = engine_.steps();
  step.thread = engine_.current();
  const std::uint64_t index = history_.count();
  history_.add(step);
  const std::int32_t args[] = {static_cast<std::int32_t>(index & 0x7fffffff),
                               static_cast<std::int32_t>(index >> 31)};
  engine_.execution().note(ActorId{step.thread}, kStepNote, args, kNowhere);
}

/// The name of the stand-in that the calling thread is in.
const char* Control::called() {
  Thread& me = self();
  if (globals.called != nullptr) me.called = std::exchange(globals.called, nullptr);
  return me.called;
}

void Control::keep_wait(const sync::Wait& wait, const void* caller) {
  Step step{.did = Did::kWaited, .wait = wait.kind, .object = wait.object, .caller = caller};
  if (wait.kind == WaitKind::kJoin) step.other = number_of(wait.object);
  for (const ThreadId holder : who_must_act(*this, wait)) {
    step.holders.add(static_cast<std::uint32_t>(holder));
    step.behind = wait.kind == WaitKind::kReadLock &&
                  waiters_.of(holder).kind == WaitKind::kWriteLock &&
                  waiters_.of(holder).object == wait.object;
  }
  keep(step);
}

std::vector<ThreadId> Control::waiting_for(const void* object) const {
  std::vector<ThreadId> threads;
  waiters_.for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.object == object) threads.push_back(id);
  });
  return threads;
}

/// Those of `before` who wait for it no longer were woken by the step that was taken last.
void Control::keep_woken(const void* object, const std::vector<ThreadId>& before) {
  Wakes woken{.known = true};
  const std::vector<ThreadId> left = waiting_for(object);
  for (const ThreadId id : before) {
    if (std::find(left.begin(), left.end(), id) == left.end())
      woken.add(static_cast<std::uint32_t>(id));
  }
  history_.add_woken(engine_.current(), object, woken);
}

/// Of a thread that is an object to wait for; UINT32_MAX if it is none.
std::uint32_t Control::number_of(const void* thread) const {
  for (std::uint32_t i = 0; i < engine_.actor_count(); ++i) {
    if (threads_[i].get() == thread) return i;
  }
  return UINT32_MAX;
}

}  // namespace reweave::program
