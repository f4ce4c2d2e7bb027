#include "scheduler/strategy/strategies.h"

#include <array>
#include <string>
#include <vector>

#include "scheduler/base/line_reader.h"
#include "scheduler/base/nearest.h"
#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/portfolio.h"
#include "scheduler/strategy/random_walk.h"

namespace reweave {
namespace {

constexpr std::array<StrategyInfo, 6> kStrategies = {{
    {"portfolio", "few deviations, random walk, PCT and depth first in turn"},
    {"ordinary", "one execution in which nobody interferes"},
    {"few-deviations", "ordinary but for one to three answers anywhere"},
    {"random-walk", "every answer at random, rates drawn for each execution"},
    {"pct", "random priorities with d-1 change points; pct:D, D from 1 to 64, default 3"},
    {"depth-first", "everything, fewest deviations first; depth-first:N stops after N deviations"},
}};

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
  std::string message = "There is no strategy \"" + std::string(name.substr(0, 60)) + "\"" +
                        did_you_mean(name, known) + "; there are";
  for (const std::string_view word : known) (message += ' ') += word;
  return Error{message + "."};
}

}  // namespace

std::span<const StrategyInfo> strategies() { return kStrategies; }

Expected<std::unique_ptr<Strategy>> make_strategy(std::string_view text) {
  using Result = std::unique_ptr<Strategy>;
  std::string_view name;
  std::int64_t number = -1;
  if (!split(text, name, number)) {
    return Error{"\"" + std::string(text.substr(0, 60)) +
                 "\": after the colon a number is expected, as in \"pct:3\"."};
  }
  if (name == "pct") {
    if (number == -1) number = 3;
    if (number < 1 || number > Pct::kDepthMax) {
      return Error{"\"pct:" + std::to_string(number) + "\": the depth is a number from 1 to " +
                   std::to_string(Pct::kDepthMax) + "."};
    }
    return Result(std::make_unique<Pct>(static_cast<std::uint32_t>(number)));
  }
  if (name == "depth-first") {
    if (number == -1) number = UINT32_MAX;
    return Result(std::make_unique<DepthFirst>(static_cast<std::uint32_t>(number)));
  }
  Result made;
  if (name == "portfolio") made = std::make_unique<Portfolio>();
  if (name == "ordinary") made = std::make_unique<Ordinary>();
  if (name == "few-deviations") made = std::make_unique<FewDeviations>();
  if (name == "random-walk") made = std::make_unique<RandomWalk>();
  if (made == nullptr) return unknown(name);
  if (number != -1)
    return Error{"\"" + std::string(name) +
                 "\" takes no number; leave out the colon and what follows."};
  return made;
}

}  // namespace reweave
