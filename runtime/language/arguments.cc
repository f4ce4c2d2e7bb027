#include "runtime/language/arguments.h"

#include <array>
#include <iterator>

#include "runtime/language/draw.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {
namespace {

using Weighs = ArgumentKind::Weighs;
using Tries = ArgumentKind::Tries;

template <std::int32_t kLow, std::int32_t kHigh>
ArgumentRange from_to(const Scenario&) {
  return {kLow, kHigh};
}
ArgumentRange indices(std::size_t count) { return {0, static_cast<std::int32_t>(count) - 1}; }
ArgumentRange or_none(std::size_t count) { return {-1, static_cast<std::int32_t>(count) - 1}; }
ArgumentRange functions(const Scenario& s) { return indices(s.functions.size()); }
ArgumentRange function_or_none(const Scenario& s) { return or_none(s.functions.size()); }
ArgumentRange slots(const Scenario& s) { return indices(s.slots.size()); }
ArgumentRange slot_or_none(const Scenario& s) { return or_none(s.slots.size()); }
ArgumentRange channels(const Scenario& s) { return indices(s.channels.size()); }
ArgumentRange words(const Scenario& s) { return indices(s.words.size()); }

const char* exception_word(std::int32_t value) {
  return exception_name(static_cast<ExceptionType>(value));
}
const char* relation_word(std::int32_t value) {
  return relation_name(static_cast<Relation>(value));
}
const char* canary_word(std::int32_t value) { return canary_name(static_cast<Canary>(value)); }

// To add a letter: a row here, and a way to draw it in draw.cc unless there is one that fits.
constexpr ArgumentKind kKinds[] = {
    {.letter = 'f',
     .placeholder = "FUNCTION",
     .help = "a function of the scenario, defined before or after its use",
     .range = functions,
     .draw = draw_function,
     .names = NameKind::kFunction},
    {.letter = 'F',
     .placeholder = "FUNCTION|-",
     .help = "a function, or - for none; a - at the end may be left out",
     .range = function_or_none,
     .draw = draw_function_or_none,
     .names = NameKind::kFunction,
     .optional = true,
     .weighs = Weighs::kUnlessSimplest,
     .tries = Tries::kSimplest},
    {.letter = 's',
     .placeholder = "SLOT",
     .help = "a slot: a variable that all tasklets share and that may hold a tasklet",
     .range = slots,
     .draw = draw_filled_slot,
     .names = NameKind::kSlot},
    {.letter = 'o',
     .placeholder = "SLOT",
     .help = nullptr,
     .range = slots,
     .draw = draw_filled_slot,
     .names = NameKind::kSlot},
    {.letter = 'd',
     .placeholder = "SLOT",
     .help = nullptr,
     .range = slots,
     .draw = draw_slot_to_fill,
     .names = NameKind::kSlot,
     .stores = true},
    {.letter = 'S',
     .placeholder = "SLOT|-",
     .help = "a slot, or - to keep no reference; a - at the end may be left out",
     .range = slot_or_none,
     .draw = draw_slot_or_none,
     .names = NameKind::kSlot,
     .optional = true,
     .weighs = Weighs::kUnlessSimplest,
     .tries = Tries::kSimplest},
    {.letter = 'D',
     .placeholder = "SLOT|-",
     .help = nullptr,
     .range = slot_or_none,
     .draw = draw_slot_or_none,
     .names = NameKind::kSlot,
     .optional = true,
     .stores = true,
     .weighs = Weighs::kUnlessSimplest,
     .tries = Tries::kSimplest},
    {.letter = 'c',
     .placeholder = "CHANNEL",
     .help = "a channel declared above",
     .range = channels,
     .draw = draw_channel,
     .names = NameKind::kChannel},
    {.letter = 'n',
     .placeholder = "COUNT",
     .help = "a number from 0 to 9999",
     .range = from_to<0, kCountMax>,
     .draw = draw_count,
     .wide = true,
     .weighs = Weighs::kItsValue,
     .tries = Tries::kAllSmaller},
    {.letter = 'b',
     .placeholder = "0|1",
     .help = "off or on",
     .range = from_to<0, 1>,
     .draw = draw_switch,
     .weighs = Weighs::kItsValue,
     .tries = Tries::kSimplest},
    {.letter = 'p',
     .placeholder = "-1|0|1",
     .help = "a preference: -1 the receiver, 0 nobody, 1 the sender",
     .range = from_to<-1, 1>,
     .draw = draw_preference,
     .weighs = Weighs::kUnlessSimplest,
     .tries = Tries::kSimplest},
    {.letter = 'e',
     .placeholder = "EXCEPTION",
     .help = "E1 E2 ValueError StopIteration ZeroDivisionError SystemExit TaskletExit",
     .range = from_to<0, kNameableExceptions - 1>,
     .draw = draw_below<kNameableExceptions>,
     .words = {"exception", kNameableExceptions, exception_word},
     .weighs = Weighs::kItsValue,
     .tries = Tries::kSimplest},
    {.letter = 'w',
     .placeholder = "WORD",
     .help = "letters, digits and _",
     .range = words,
     .draw = draw_word,
     .names = NameKind::kWord},
    {.letter = 'k',
     .placeholder = "CANARY",
     .help = "crash, hang, leak, overflow or use-after-free",
     .range = from_to<0, kCanaryCount - 1>,
     .draw = draw_below<kCanaryCount>,
     .words = {"canary", kCanaryCount, canary_word}},
    {.letter = 't',
     .placeholder = "TICKS",
     .help = "a number from 0 to 1000000",
     .range = from_to<0, kTicksMax>,
     .draw = draw_below<24>,
     .wide = true,
     .weighs = Weighs::kItsValue,
     .tries = Tries::kAllSmaller},
    {.letter = 'r',
     .placeholder = "RUN",
     .help = "hard, or soft total nesting joined by +: how `runto` interrupts",
     .range = from_to<0, kRunFlagsCount - 1>,
     .draw = draw_below<kRunFlagsCount>,
     .words = {"run", kRunFlagsCount, run_flags_name},
     .weighs = Weighs::kItsValue,
     .tries = Tries::kAllSmaller},
    {.letter = 'h',
     .placeholder = "THREAD",
     .help = "a number from 1 to 7; the program begins in thread 0",
     .range = from_to<1, Runtime::kThreadsMax - 1>,
     .draw = draw_thread},
    {.letter = 'l',
     .placeholder = "LOCK",
     .help = "a number from 0 to 7, or a name declared by `lock NAME`",
     .range = from_to<0, kLocksMax - 1>,
     .draw = draw_lock,
     .aliases = &Scenario::locks,
     .weighs = Weighs::kItsValue},
    {.letter = 'm',
     .placeholder = "CONDITION",
     .help = "the number of its lock, or a name declared by `condition NAME LOCK`",
     .range = from_to<0, kLocksMax - 1>,
     .draw = draw_lock,
     .aliases = &Scenario::conditions,
     .weighs = Weighs::kItsValue},
    {.letter = 'v',
     .placeholder = "SLOT|said",
     .help = "the slot's integer, or what was said last",
     .range = slot_or_none,
     .draw = draw_value,
     .names = NameKind::kSlot,
     .optional = true,
     .nothing = kSaid,
     .tries = Tries::kSimplest},
    {.letter = 'N',
     .placeholder = "SLOT",
     .help = nullptr,
     .range = slots,
     .draw = draw_any_slot,
     .names = NameKind::kSlot},
    {.letter = 'i',
     .placeholder = "INTEGER",
     .help = "from -1000000 to 1000000",
     .range = from_to<-kIntegerMax, kIntegerMax>,
     .draw = draw_integer,
     .wide = true,
     .weighs = Weighs::kItsValue,
     .tries = Tries::kAllSmaller},
    {.letter = 'q',
     .placeholder = "RELATION",
     .help = "= != < <= > >= has (all bits of the second integer)",
     .range = from_to<0, kRelationCount - 1>,
     .draw = draw_below<kRelationCount>,
     .words = {"relation", kRelationCount, relation_word}},
    {.letter = 'u',
     .placeholder = "TIME",
     .help = "microseconds of virtual time, from 0 to 1000000",
     .range = from_to<0, kMicrosecondsMax>,
     .draw = draw_time,
     .wide = true,
     .weighs = Weighs::kItsValue,
     .tries = Tries::kAllSmaller},
};
constexpr std::size_t kCount = std::size(kKinds);

/// Of each letter: its row, plus one.
constexpr std::array<std::uint8_t, 128> kRows = [] {
  std::array<std::uint8_t, 128> rows{};
  for (std::size_t i = 0; i < kCount; ++i)
    rows[static_cast<std::size_t>(kKinds[i].letter)] = static_cast<std::uint8_t>(i + 1);
  return rows;
}();
constexpr std::array<char, kCount> kLetters = [] {
  std::array<char, kCount> letters{};
  for (std::size_t i = 0; i < kCount; ++i) letters[i] = kKinds[i].letter;
  return letters;
}();

constexpr OpInfo kTable[] = {
#define OPERATION(identifier, word, arguments, touches, shape, weight, help) \
  OPERATION_OF(kCore, identifier, word, arguments, touches, shape, weight, help)
#define OPERATION_OF(topic, identifier, word, arguments, touches, shape, weight, help) \
  {word, arguments, touches, OpShape::shape, weight, help, Topic::topic},
#include "runtime/vocabulary/operations.def"
#undef OPERATION_OF
#undef OPERATION
};

/// What operations.def says of an operation can be understood: at most 3 letters, each with a row;
/// and what it touches is nothing, or one of its arguments or of what threads share, and how.
constexpr bool is_understood(const OpInfo& info) {
  constexpr std::string_view kShared = "QLKGHWT", kHow = "?=!+-";
  const std::string_view letters = info.arguments, touches = info.touches;
  for (const char letter : letters) {
    if (kRows[static_cast<std::size_t>(letter)] == 0) return false;
  }
  if (letters.size() > std::tuple_size_v<decltype(Op::args)>) return false;
  if (touches.empty()) return true;
  return touches.size() == 2 && kHow.find(touches[1]) != std::string_view::npos &&
         (letters.find(touches[0]) != std::string_view::npos ||
          kShared.find(touches[0]) != std::string_view::npos);
}

constexpr bool all_are_understood() {
  for (const OpInfo& info : kTable) {
    if (!is_understood(info)) return false;
  }
  return true;
}
static_assert(all_are_understood(), "operations.def: letters without a row, or what touches what");

}  // namespace

const ArgumentKind& argument_kind(char letter) {
  const std::uint8_t row = kRows[static_cast<std::size_t>(letter) & 127];
  CHECK_MSG(row != 0, "an argument letter that has no row");
  return kKinds[row - 1];
}

std::string_view argument_letters() { return {kLetters.data(), kLetters.size()}; }

bool names_any(const char* letters, NameKind kind) {
  while (*letters != '\0' && !names_a(*letters, kind)) ++letters;
  return *letters != '\0';
}

bool same_arguments(const char* letters, const char* others) {
  for (; *letters != '\0' && *others != '\0'; ++letters, ++others) {
    if (!argument_kind(*letters).is_like(argument_kind(*others))) return false;
  }
  return *letters == *others;
}

const std::string* alias_of(const Scenario& scenario, const ArgumentKind& kind,
                            std::int32_t value) {
  if (kind.aliases == nullptr || value < 0) return nullptr;
  const std::vector<std::string>& names = scenario.*kind.aliases;
  const auto at = static_cast<std::size_t>(value);
  return at < names.size() && !names[at].empty() ? &names[at] : nullptr;
}

std::string argument_placeholders(const char* letters) {
  std::string text;
  for (; *letters != '\0'; ++letters) (text += ' ') += argument_kind(*letters).placeholder;
  return text;
}

}  // namespace reweave::runtime
