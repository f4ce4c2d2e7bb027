// A scenario: a program in our language, as flat lists of operations that are edited, written and
// executed as they are.
//
// A block operation is followed by its body and an `end` (`finally` has a `then` in between);
// `link()` finds the partners. Every operation has a label, unique in its function, that it keeps
// while others are deleted: "receiver.3" stays the name of its site. Numbers of channels, slots
// and functions are indices; -1 means "none" where the table allows it.
//
// Plain data: copying one is a deep copy, and a scenario used again as a buffer allocates nothing
// once it has grown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/object/object.h"
#include "scheduler/base/expected.h"
#include "scheduler/question.h"

namespace reweave::runtime {

enum class OpCode : std::uint8_t {
#define OPERATION(identifier, word, arguments, touches, shape, weight, help) identifier,
#define OPERATION_OF(topic, identifier, word, arguments, touches, shape, weight, help) identifier,
#include "runtime/vocabulary/operations.def"
#undef OPERATION_OF
#undef OPERATION
};

enum class OpShape : std::uint8_t { kPlain, kBlock, kBlockThen, kMark };

/// The system that an operation belongs to. The generator draws which ones a scenario knows, so
/// that the words of many systems do not drown those of one: what needs three of them would never
/// come together. kCore is always known.
enum class Topic : std::uint8_t {
  kCore,
  kThreads,
  kDicts,
  kClosures,   // And their cells.
  kRecycling,  // Of objects, by free lists.
  kLocks,      // And condition variables.
  kCalls,      // Asynchronous calls, into worker threads.
  kBeyond,     // What the real thing does not have. Drawn only where it is asked for.
};
inline constexpr std::size_t kTopicCount = 8;

/// One line of the table.
struct OpInfo {
  const char* word;
  const char* arguments;  // One letter for each argument; see operations.def.
  const char* touches;    // "", or what and how; see operations.def.
  OpShape shape;
  std::uint32_t weight;
  const char* help;
  Topic topic;
};
/// The whole table, in the order of the codes.
extern const OpInfo kOperations[];
int op_count();
/// `code` is a valid code; the result is never freed.
inline const OpInfo& op_info(OpCode code) { return kOperations[static_cast<std::size_t>(code)]; }
std::optional<OpCode> find_op(std::string_view word);

/// "E1", "TaskletExit", …; the first kNameableExceptions may be named in a scenario, in the order
/// of the byte form.
const char* exception_name(ExceptionType type);

/// How two integers are compared.
enum class Relation : std::uint8_t {
  kEqual,
  kUnequal,
  kBelow,
  kAtMost,
  kAbove,
  kAtLeast,
  kHas,  // The first one has all bits of the second one.
};
inline constexpr int kRelationCount = 7;
/// "=", "!=", "<", "<=", ">", ">=", "has".
const char* relation_name(Relation relation);
bool holds(std::int32_t left, Relation relation, std::int32_t right);
/// Integers of a scenario wrap at 32 bits.
constexpr std::int32_t wrapping_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

enum class Canary : std::uint8_t { kCrash, kHang, kLeak, kOverflow, kUseAfterFree };
inline constexpr int kCanaryCount = 5;
const char* canary_name(Canary canary);

struct Op {
  OpCode code{};
  std::uint16_t label = 0;  // From 1; 0 for `then` and `end`, which are no sites.
  /// Set by link(). Block: its `then` or `end`. `then`: its `end`. `end`: the block.
  std::uint32_t match = 0;
  std::array<std::int32_t, 3> args{};  // As many as the table says; the rest is 0.
  bool operator==(const Op&) const = default;
};

struct Function {
  std::string name;  // A word of letters, digits and _; unique.
  std::vector<Op> ops;
  // What it expects, said behind its name. The byte form does not have it.
  bool daemon = false;  // Whoever waits for ever in a call of it does so on purpose.
  bool raises = false;  // An exception that nobody catches may end who runs it.
  bool operator==(const Function&) const = default;
};

/// `second` is right only once `first` was emitted.
struct Order {
  std::int32_t first = 0;  // Words.
  std::int32_t second = 0;
  bool operator==(const Order&) const = default;
};

struct Scenario {
  // Ceilings; readers refuse what exceeds them, editors stay below.
  static constexpr std::size_t kFunctionsMax = 64, kOpsPerFunctionMax = 1000, kChannelsMax = 64,
                               kSlotsMax = 64, kWordsMax = 256, kNesting = 16, kNameBytesMax = 64,
                               kOrdersMax = 64;

  std::vector<std::string> channels;  // Names; index is the number used in operations.
  std::vector<std::string> slots;
  std::vector<std::string> words;   // What `emit` logs.
  std::vector<Function> functions;  // [0] is run by the main tasklet.
  // What the byte form does not have, either: names of the first locks, and of the conditions that
  // belong to them ("": none), at most kLocksMax; and what has to be emitted before what.
  std::vector<std::string> locks, conditions;
  std::vector<Order> orders;

  bool operator==(const Scenario&) const = default;
};

/// Sets every `match`. An error names function and operation: a block that is not closed, an `end`
/// too many, nesting deeper than kNesting, an argument out of its range, a label used twice or
/// missing, a name that is no name or used twice, a ceiling exceeded, no function at all, a
/// function `main` that is not the first. A linked scenario can be written, encoded and executed.
Status link(Scenario& scenario);

/// Gives every operation without a label (0) one that its function does not use: the highest label
/// plus one, so that it is seldom one that a deleted operation had. `then` and `end` get 0.
void number_labels(Function& function);

/// True for a word of letters, digits and _ of at most kNameBytesMax bytes: what a name may be.
bool is_name(std::string_view word);

/// How many operations it has, as people count them: a `then` and an `end` are none.
std::size_t operation_count(const Scenario& scenario);

// ---- Sites: an operation's, or a function's entry (label 0) ----

constexpr SiteId site_of(std::size_t function, std::uint16_t label) {
  return SiteId{static_cast<std::uint32_t>(function) << 16 | label};
}
/// The operation of a site; null for a function's entry, or if the scenario has no such site.
const Op* op_at(const Scenario& scenario, SiteId site);
/// "receiver.3"; "receiver" for its entry; "?" if its function does not exist. Its label need not.
std::string site_name(const Scenario& scenario, SiteId site);
/// The site of that name; nothing if the scenario has no such function or label.
std::optional<SiteId> find_site(const Scenario& scenario, std::string_view name);

}  // namespace reweave::runtime
