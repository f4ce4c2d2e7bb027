// An execution as a list of deeds: who did what in which step, in words that need no glossary.
//
// Problem: explanations, pictures and diagrams want to know that a `send` hands a value over, that
// `lock-waits` waits for a lock that somebody has, that a `spill` moves a stack; but the events of
// an execution belong to its subject, and each kind has its own. Idea: the lines that
// Subject::describe() makes begin with a word, and one table (kWords in deed.cc) says what a word
// means: what sort of deed it is, which of its arguments is the value, the object, the other actor,
// and a phrase for people. A word that the table does not know is shown as it is. So every kind of
// subject has deeds, and a new event of any of them is one row.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/execution.h"
#include "scheduler/subject.h"

namespace reweave::repro {

enum class DeedKind : std::uint8_t {
  kOther,
  kBegins,    // An actor, or its function.
  kMakes,     // `other` can run from now on.
  kEnds,      // The same, in order …
  kFails,     // … or by an error.
  kGives,     // Offers `value` on `object`; nobody need have it yet.
  kGiven,     // Goes on after that.
  kTakes,     // Has got `value` from `object`.
  kLocks,     // Has `object` from now on.
  kUnlocks,   // Gives `object` back; to `other`, if he waited.
  kWaits,     // Waits for `object`, which `other` may have.
  kNotifies,  // Wakes who waits for `object`: `other` first, if that is known.
  kReads,     // Accesses to memory, of programs.
  kWrites,
  kCallbackBegins,  // Somebody else's code runs in this actor; `other`: whose death called it.
  kCallbackEnds,
  kReleased,   // `other`, or `object`, is gone.
  kSpills,     // The stack is moved to the heap …
  kUnspills,   // … and back.
  kPreempted,  // Switched away without having asked.
  kTold,       // What was found is said here; the actor need not have done it.
  kDecision,   // An answer that was not ordinary; no event.
};

/// "begins", "callback-ends", …. Never null.
const char* deed_kind_name(DeedKind kind);
inline constexpr int kDeedKindCount = static_cast<int>(DeedKind::kDecision) + 1;

struct Deed {
  std::uint64_t step = 0;
  ActorId actor{};
  DeedKind kind{};
  std::string text{};    // As the subject describes it: "send data v1".
  std::string phrase{};  // For people: "sends v1 on data".
  std::string site{};    // "sender.1", or "".
  std::string object{}, value{}, other{};
  std::string name{};  // Of the actor, where the subject's text says it.
  bool operator==(const Deed&) const = default;
};

/// What `text`, as a subject describes an event, means: all but step, actor and site.
Deed read_deed(std::string_view text);

/// The events of the execution's log, which was kept, and its notes, in their order. `subject` has
/// just run it. `places`, if it is not null: of each deed, how many events and notes came before
/// it, those that are no deed, too.
std::vector<Deed> deeds_of(const Subject& subject, const Execution& execution,
                           std::vector<std::size_t>* places = nullptr);

/// What each actor is called: as the subject says, or by the function in which it was first.
std::map<ActorId, std::string> names_of(const std::vector<Deed>& deeds);

/// "sender" for "sender.3", "Slot::put" for "Slot::put+5#2": the function that a site is in.
std::string function_of(std::string_view site);

}  // namespace reweave::repro
