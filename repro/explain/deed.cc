#include "repro/explain/deed.h"

#include <algorithm>
#include <span>

namespace reweave::repro {
namespace {

/// `value`, `object`, `other`: which argument it is, from 1; 0: none. In `phrase` {1} is the first
/// argument, {1#level} it as a number of levels, {*} all of them, {@} the lock or condition. An
/// object is called by `noun` and its argument: "lock 0".
struct Word {
  std::string_view word;
  DeedKind kind;
  int object, value, other;
  std::string_view noun, phrase;
};

using enum DeedKind;

// Events of tasklets (runtime/vocabulary/events.def), then words of programs.
constexpr Word kWords[] = {
    {"start", kBegins, 0, 0, 0, "", "begins"},
    {"end", kEnds, 0, 0, 0, "", "ends"},
    {"died", kFails, 0, 0, 0, "", "dies of {*}"},
    {"emit", kOther, 0, 0, 0, "", "says {1}"},
    {"send", kGives, 1, 2, 0, "channel", "sends {2} on {1}"},
    {"sent", kGiven, 1, 2, 0, "channel", "has sent {2}"},
    {"got", kTakes, 1, 2, 0, "channel", "gets {2} from {1}"},
    {"sendx", kGives, 1, 3, 0, "channel", "sends {2} (x{3}) on {1}"},
    {"sentx", kGiven, 1, 2, 0, "channel", "has sent x{2}"},
    {"exc", kOther, 0, 0, 0, "", "catches {*}"},
    {"it", kTakes, 1, 2, 0, "channel", "gets {2} from {1}"},
    {"ran", kOther, 0, 0, 0, "", "returns from run()"},
    {"wcb", kCallbackBegins, 0, 0, 1, "",
     "is called back: {1} dies, and a weak reference watched it"},
    {"wcbend", kCallbackEnds, 0, 0, 1, "", "returns from that callback"},
    {"wcbo", kCallbackBegins, 0, 0, 0, "",
     "is called back: {*} dies, and a weak reference watched it"},
    {"wcboend", kCallbackEnds, 0, 0, 0, "", "returns from that callback"},
    {"fin", kReleased, 0, 0, 1, "", "finds the last reference to {1} gone: releases it"},
    {"freed", kReleased, 0, 0, 0, "", "frees {*}"},
    {"schcb", kOther, 0, 0, 0, "", "calls the schedule callback: {1} to {2}"},
    {"chcb", kOther, 1, 0, 2, "channel", "calls the channel callback of {1}"},
    {"preempted", kPreempted, 0, 0, 0, "", "is preempted"},
    {"spill", kSpills, 0, 0, 0, "", "SPILLS its stack to the heap: {1#level}"},
    {"unspill", kUnspills, 0, 0, 0, "", "gets its stack back ({1#level})"},
    {"unraisable", kFails, 0, 0, 0, "", "has an error in a callback: {*}"},
    {"async", kGives, 1, 0, 0, "call", "calls a worker: call {1}"},
    {"job", kOther, 1, 0, 0, "call", "does call {1}"},
    {"returned", kTakes, 1, 2, 0, "call", "gets {2} back from call {1}"},
    {"locked", kOther, 0, 0, 0, "", "tries lock {1}: {2}"},
    {"spawn", kMakes, 0, 0, 1, "", "makes {1} runnable"},
    {"send-waits", kWaits, 1, 0, 0, "channel", "waits for a receiver on {1}"},
    {"recv-waits", kWaits, 1, 0, 0, "channel", "waits for a sender on {1}"},
    {"select-waits", kWaits, 0, 0, 0, "", "waits for a sender on {1} or {2}"},
    {"settle", kOther, 0, 0, 0, "", "lets the other threads run until each sleeps or has ended"},
    {"lock", kLocks, 1, 0, 0, "lock", "takes lock {1}"},
    {"lock-waits", kWaits, 1, 0, 2, "lock", "waits for lock {1}, which {2} has"},
    {"unlock", kUnlocks, 1, 0, 2, "lock", "gives lock {1} back"},
    {"wait", kWaits, 1, 0, 0, "notify of lock", "waits for a notify of {@}"},
    {"notify", kNotifies, 1, 0, 0, "notify of lock", "notifies {@}: {2} woken"},
    {"sleep", kWaits, 0, 0, 0, "", "sleeps {1} us"},
    {"deadlocked", kFails, 0, 0, 0, "", "gets the deadlock error: nobody can go on"},
    {"main-end", kEnds, 0, 0, 0, "", "ends, and with it the program"},
    {"main-died", kFails, 0, 0, 0, "", "dies of {*}, and with it the program"},
    {"tstart", kBegins, 0, 0, 0, "", "begins, as thread {1}"},
    {"tend", kEnds, 0, 0, 0, "", "ends, as thread {1}"},
    {"FINDING", kTold, 0, 0, 0, "", "FINDING {*}"},
};

/// What a line of a program's trace does, by what it says after the name of the thread; the first
/// that fits counts. What follows, up to the place, is the object, or the other thread; behind an
/// object may stand whom it wakes, or who holds it, of whom the first is the other thread; or what
/// the call came to.
struct ProgramWords {
  std::string_view words;
  DeedKind kind;
  bool names_thread;
};
constexpr ProgramWords kProgramWords[] = {
    {"locks for reading", kLocks, false},
    {"locks for writing", kLocks, false},
    {"locks", kLocks, false},
    {"unlocks", kUnlocks, false},
    {"goes on and locks for reading", kLocks, false},
    {"goes on and locks for writing", kLocks, false},
    {"goes on and locks", kLocks, false},
    {"goes on and takes one of", kOther, false},
    {"waits for the end of", kWaits, true},
    {"waits for", kWaits, false},
    {"notifies one at", kNotifies, false},
    {"notifies all at", kNotifies, false},
    {"reads", kReads, false},
    {"writes", kWrites, false},
    {"exchanges", kWrites, false},
    {"compares and exchanges", kWrites, false},
    {"changes", kWrites, false},
    {"uses", kReads, false},
    {"frees", kReleased, false},
    {"starts", kOther, true},
    {"joins", kOther, true},
    {"goes on", kOther, false},
    {"ends", kEnds, false},
    {"begins", kOther, false},
    {"tries to lock for reading", kOther, false},
    {"tries to lock for writing", kOther, false},
    {"tries to lock", kOther, false},
    {"tries to take one of", kOther, false},
    {"tries to", kOther, false},
    {"takes", kOther, false},
    {"adds one to", kOther, false},
    {"comes to", kOther, false},
    {"calls", kOther, false},
    {"destroys", kOther, false},
    {"looks at", kOther, false},
    {"has made", kOther, false},
    {"gives up making", kOther, false},
    {"passes a fence", kOther, false},
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The object without what its call came to, which may say that the call was another deed.
std::string_view without_outcome(std::string_view object, std::string_view call, DeedKind& kind) {
  struct Outcome {
    std::string_view words;
    DeedKind kind;
  };
  static constexpr Outcome kOutcomes[] = {
      {" to wait at ", kUnlocks}, {", and gets it", kLocks},        {", and has it", kOther},
      {", which it has", kOther}, {", which it still has", kOther}, {" in vain", kOther}};
  for (const Outcome& outcome : kOutcomes) {
    const std::size_t at = object.find(outcome.words);
    if (at == std::string_view::npos) continue;
    const bool is_taken = outcome.kind == kLocks;
    kind = !is_taken || call.starts_with("tries to lock") ? outcome.kind : kOther;
    return object.substr(0, at);
  }
  return object;
}

/// "> worker          locks mutex 'm'          put (slot.cc:9)": a name, words and a place, in
/// columns; a '>' where another thread did the line before.
bool read_program_line(std::string_view text, Deed& deed) {
  if (!text.starts_with("> ") && !text.starts_with("  ")) return false;
  const std::string_view line = text.substr(2);
  std::size_t best = std::string_view::npos;
  const ProgramWords* found = nullptr;
  for (const ProgramWords& row : kProgramWords) {
    const std::size_t at = line.find(" " + std::string(row.words));
    const std::size_t end = at + 1 + row.words.size();
    if (at == std::string_view::npos) continue;
    if (end < line.size() && line[end] != ' ' && line[end] != ',') continue;
    if (at >= best) continue;
    best = at;
    found = &row;
  }
  if (found == nullptr) return false;
  deed.name = trimmed(line.substr(0, best));
  std::string_view words = trimmed(line.substr(best));
  const std::size_t gap = words.find("  ");
  if (gap != std::string_view::npos) {
    deed.site = trimmed(words.substr(gap));
    words = trimmed(words.substr(0, gap));
  }
  deed.kind = found->kind;
  deed.phrase = words;
  std::string_view rest = trimmed(words.substr(found->words.size()));
  constexpr std::string_view kThread = "thread ", kWakes = ", wakes ", kTimed = ", for a time,";
  constexpr std::string_view kHeldBy = ", held by ", kBehind = ", behind who waits to write: ";
  if (rest.starts_with(kTimed)) rest = trimmed(rest.substr(kTimed.size()));
  std::string_view other = found->names_thread ? rest : std::string_view();
  if (const std::size_t wakes = rest.find(kWakes); wakes != std::string_view::npos) {
    other = rest.substr(wakes + kWakes.size());
    rest = rest.substr(0, wakes);
  }
  for (const std::string_view before : {kHeldBy, kBehind}) {
    if (const std::size_t at = rest.find(before); at != std::string_view::npos) {
      other = rest.substr(at + before.size());
      rest = rest.substr(0, at);
    }
  }
  rest = without_outcome(rest, found->words, deed.kind);
  if (!found->names_thread) deed.object = rest;
  if (other.starts_with(kThread)) {
    const std::string_view path = other.substr(kThread.size());
    deed.other = path.substr(0, path.find_first_of(" ,"));
  }
  return true;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    if (blank > 0) words.push_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

std::string argument(std::span<const std::string_view> words, int number) {
  const auto at = static_cast<std::size_t>(number);
  return number > 0 && at < words.size() ? std::string(words[at]) : "";
}

constexpr std::string_view kNotifyOf = "notify of ";

/// "lock 0", "channel data", "notify of lock 0", and "notify of condition changed" where it has a
/// name of its own.
std::string called(const Word& row, std::span<const std::string_view> words) {
  const std::string name = argument(words, row.object);
  const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
  if (row.noun.starts_with(kNotifyOf) && !is_number)
    return std::string(kNotifyOf) + "condition " + name;
  return std::string(row.noun) + " " + name;
}

std::string filled(std::string_view phrase, std::string_view text, std::string_view object,
                   std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    const std::size_t end = phrase.find('}', i);
    if (phrase[i] != '{' || end == std::string_view::npos) {
      out += phrase[i];
      continue;
    }
    const char which = phrase[i + 1];
    const std::size_t blank = text.find(' ');
    if (which == '@') {
      out += object.substr(object.starts_with(kNotifyOf) ? kNotifyOf.size() : 0);
    } else if (which != '*') {
      const std::string word = argument(words, which - '0');
      out += word;
      if (phrase[i + 2] == '#')
        out += " " + std::string(phrase.substr(i + 3, end - i - 3)) + (word == "1" ? "" : "s");
    } else if (blank != std::string_view::npos) {
      out += text.substr(blank + 1);
    }
    i = end;
  }
  return out;
}

}  // namespace

const char* deed_kind_name(DeedKind kind) {
  static constexpr const char* kNames[] = {
      "other",           "begins",        "makes",    "ends",   "fails",    "gives",     "given",
      "takes",           "locks",         "unlocks",  "waits",  "notifies", "reads",     "writes",
      "callback-begins", "callback-ends", "released", "spills", "unspills", "preempted", "told",
      "decision"};
  static_assert(std::size(kNames) == kDeedKindCount);
  return kNames[static_cast<int>(kind)];
}

Deed read_deed(std::string_view text) {
  Deed deed;
  deed.text = text;
  deed.phrase = text;
  if (read_program_line(text, deed)) return deed;
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return deed;
  const auto row = std::find_if(std::begin(kWords), std::end(kWords),
                                [&](const Word& word) { return word.word == words.front(); });
  if (row == std::end(kWords)) return deed;
  deed.kind = row->kind;
  if (row->object != 0) deed.object = called(*row, words);
  deed.phrase = filled(row->phrase, text, deed.object, words);
  deed.value = argument(words, row->value);
  // The number of an exception that was sent stands there alone.
  if (words.front() == "sendx" || words.front() == "sentx") deed.value.insert(0, "x");
  deed.other = argument(words, row->other);
  if (deed.other == "-") deed.other.clear();
  if (words.front() == "exc" && words.size() > 1) {
    const std::size_t colon = words[1].find(":x");
    if (colon != std::string_view::npos) {
      deed.kind = kTakes;
      deed.value = words[1].substr(colon + 1);
    }
  }
  return deed;
}

std::vector<Deed> deeds_of(const Subject& subject, const Execution& execution,
                           std::vector<std::size_t>* places) {
  std::vector<Deed> deeds;
  std::size_t count = 0;
  const auto add = [&](const Event& event) {
    const std::size_t place = count++;
    Deed deed = read_deed(subject.describe(event));
    deed.step = event.step;
    deed.actor = event.actor;
    if (deed.text.empty()) return;  // Nothing that a reader looks for.
    if (event.site != kNowhere) deed.site = subject.site_name(event.site);
    deeds.push_back(std::move(deed));
    if (places != nullptr) places->push_back(place);
  };
  auto note = execution.notes().begin();
  for (std::size_t place = 0; place <= execution.log().size(); ++place) {
    for (; note != execution.notes().end() && note->place == place; ++note) add(note->event);
    if (place < execution.log().size()) add(execution.log()[place]);
  }
  return deeds;
}

std::map<ActorId, std::string> names_of(const std::vector<Deed>& deeds) {
  std::map<ActorId, std::string> names;
  for (const Deed& deed : deeds)
    if (!deed.name.empty()) names.try_emplace(deed.actor, deed.name);
  for (const Deed& deed : deeds)
    if (!deed.site.empty()) names.try_emplace(deed.actor, function_of(deed.site));
  return names;
}

std::string function_of(std::string_view site) {
  const std::size_t plus = site.rfind('+');
  if (plus != std::string_view::npos && plus > 0) return std::string(site.substr(0, plus));
  const std::size_t dot = site.rfind('.');
  const bool numbered = dot != std::string_view::npos && dot + 1 < site.size() &&
                        site.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
  return std::string(numbered ? site.substr(0, dot) : site);
}

}  // namespace reweave::repro
