#include "scheduler/strategy/strategies.h"

#include <string>
#include <vector>

#include "scheduler/base/line_reader.h"
#include "scheduler/base/nearest.h"
#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/mix.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/portfolio.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/reads_from.h"
#include "scheduler/strategy/site_order.h"
#include "scheduler/strategy/surw.h"
#include "scheduler/strategy/urw.h"
#include "scheduler/subject_kind.h"

namespace reweave {
namespace {

using Made = std::unique_ptr<Strategy>;

/// A factory for one that takes no number.
template <typename Kind>
Made make(std::uint32_t /*number*/) {
  return std::make_unique<Kind>();
}
/// A factory for one that takes a number.
template <typename Kind>
Made make_with(std::uint32_t number) {
  return std::make_unique<Kind>(number);
}
template <DepthFirst::Cost kCost>
Made make_bound(std::uint32_t number) {
  return std::make_unique<DepthFirst>(number, kCost);
}

// To add a strategy: a file of its own, and a row here.
constexpr StrategyInfo kStrategies[] = {
    {"portfolio", "few deviations, random walk, PCT and depth first in turn", make<Portfolio>},
    {"ordinary", "one execution in which nobody interferes", make<Ordinary>},
    {"few-deviations", "ordinary but for one to three answers anywhere (delay bounding)",
     make<FewDeviations>},
    {"random-walk", "every answer at random, rates drawn for each execution", make<RandomWalk>},
    {"pct",
     "random priorities with d-1 change points; pct:D, D from 1 to 64, default 3",
     make_with<Pct>,
     {.name = "the depth", .low = 1, .high = Pct::kDepthMax, .otherwise = 3}},
    {"depth-first",
     "everything, fewest deviations first; depth-first:N stops after N deviations",
     make_with<DepthFirst>,
     {.name = "the bound", .high = UINT32_MAX, .otherwise = UINT32_MAX}},
    {"preemption-bound",
     "everything, fewest preemptions first; preemption-bound:N stops after N of them",
     make_bound<DepthFirst::Cost::kPreemptions>,
     {.name = "the bound", .high = UINT32_MAX, .otherwise = UINT32_MAX}},
    {"delay-bound",
     "everything, fewest delays of actors that take turns first; delay-bound:N",
     make_bound<DepthFirst::Cost::kDelays>,
     {.name = "the bound", .high = UINT32_MAX, .otherwise = UINT32_MAX}},
    {"pos", "random priorities of steps, drawn again where steps conflict", make<Pos>},
    {"urw", "random walk by how many steps each has left: interleavings alike", make<Urw>},
    {"surw", "orders of the accesses to one object alike, an object for each execution",
     make<Surw>},
    {"site-order",
     "the places in the code in an order drawn for each execution, whoever comes there",
     make<SiteOrder>},
    {"reads-from", "aims at reads of what they have not read yet, by places in the code (RFF)",
     make<ReadsFrom>},
    {"mix",
     "reads-from, SURW, URW, POS, random walk, PCT and few deviations; more turns for those that "
     "show what is new: the default for programs",
     make<Mix>},
};

/// Splits "name:number". Without a number `number` stays as it is.
bool split(std::string_view text, std::string_view& name, std::int64_t& number) {
  const std::size_t colon = text.find(':');
  name = text.substr(0, colon);
  if (colon == std::string_view::npos) return true;
  return parse_number(text.substr(colon + 1), 0, UINT32_MAX, number);
}

Error unknown(std::string_view name) {
  std::vector<std::string_view> known;
  for (const StrategyInfo& info : kStrategies) known.push_back(info.name);
  std::string message = "there is no strategy \"" + std::string(name.substr(0, 60)) + "\"" +
                        did_you_mean(name, known) + "; there are";
  for (const std::string_view word : known) (message += ' ') += word;
  return Error{std::move(message)};
}

}  // namespace

std::span<const StrategyInfo> strategies() { return kStrategies; }

std::string_view default_strategy(const SubjectKind& kind) {
  const std::string_view own = kind.default_strategy();
  return own.empty() ? kDefaultStrategy : own;
}

Expected<Made> make_strategy(std::string_view text) {
  std::string_view name;
  std::int64_t number = -1;
  if (!split(text, name, number)) {
    return Error{"\"" + std::string(text.substr(0, 60)) +
                 "\": after the colon a number is expected, as in \"pct:3\""};
  }
  for (const StrategyInfo& info : kStrategies) {
    if (info.name != name) continue;
    const StrategyInfo::Number& takes = info.number;
    if (takes.high == 0 && number != -1)
      return Error{"\"" + std::string(name) +
                   "\" takes no number; leave out the colon and what follows"};
    if (number == -1) number = takes.otherwise;
    if (takes.high != 0 && (number < takes.low || number > takes.high)) {
      return Error{"\"" + std::string(name) + ":" + std::to_string(number) +
                   "\": " + std::string(takes.name) + " is a number from " +
                   std::to_string(takes.low) + " to " + std::to_string(takes.high)};
    }
    return info.make(static_cast<std::uint32_t>(number));
  }
  return unknown(name);
}

}  // namespace reweave
