#include "tests/bench/gates.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "scheduler/machine/sanitizer.h"
#include "tests/bench/execution_load.h"
#include "tests/bench/greenlet_load.h"
#include "tests/bench/slice_pair.h"
#include "tests/bench/tasklet_load.h"

namespace reweave::bench {
namespace {

// Under a random strategy a buffer that is larger than ever before is met more and more seldom, but
// after 10,000 executions still once or twice in the next 10,000.
constexpr std::uint64_t kExecutions = 10'000, kRandomWarmUp = 200'000;
constexpr int kRounds = 40, kRoundsMax = 10 * kRounds;
constexpr double kRoundNanoseconds = 200'000;

/// What this process alone has used of the processor: less noisy than the time of day.
double now_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// One side of a comparison: the least that a repetition has cost so far.
class Side {
 public:
  /// `run(n)` does it n times.
  explicit Side(std::function<void(std::uint64_t)> run) : run_(std::move(run)) {
    while (round() < kRoundNanoseconds) count_ *= 2;
    best_ = std::numeric_limits<double>::infinity();
  }
  void measure() { best_ = std::min(best_, round() / static_cast<double>(count_)); }
  double best_nanoseconds() const { return best_; }

 private:
  double round() {
    const double begin = now_nanoseconds();
    run_(count_);
    return now_nanoseconds() - begin;
  }

  std::function<void(std::uint64_t)> run_;
  std::uint64_t count_ = 16;
  double best_ = 0;
};

Gate compare(std::string name, Side left, Side right, double bound) {
  Gate gate{.name = std::move(name), .measured = 0, .bound = bound, .note = {}};
  gate.judged = !sanitizer::kAddress;
  int rounds = 0;
  do {
    for (int i = 0; i < kRounds; ++i) {
      left.measure();
      right.measure();
    }
    rounds += kRounds;
    gate.measured = left.best_nanoseconds() / right.best_nanoseconds();
  } while (gate.judged && !gate.passed() && rounds < kRoundsMax);
  gate.note = fmt::format("{:.1f} ns to {:.1f} ns, {} rounds", left.best_nanoseconds(),
                          right.best_nanoseconds(), rounds);
  return gate;
}

/// One switch, of two in a turn.
Side switches_of(SlicePair& pair) {
  return Side([&pair](std::uint64_t count) { pair.run((count + 1) / 2); });
}

Gate switch_against_copies(double kibibytes) {
  SlicePair pair(static_cast<std::size_t>(kibibytes * 1024));
  PlainCopies copies(pair.depth_bytes());
  const auto run = [&copies](std::uint64_t count) { copies.run((count + 1) / 2); };
  return compare(fmt::format("slice switch of {} KiB / two plain copies", kibibytes),
                 switches_of(pair), Side(run), 2);
}

// So little is copied that the switch itself counts: beside what Boost's costs, and the copies.
Gate switch_against_boost(double kibibytes) {
  SlicePair pair(static_cast<std::size_t>(kibibytes * 1024));
  PlainCopies copies(pair.depth_bytes());
  BoostPair boost;
  const auto run = [&](std::uint64_t count) {
    copies.run((count + 1) / 2);
    boost.run((count + 1) / 2);
  };
  return compare(fmt::format("slice switch of {} KiB / Boost.Context, two copies", kibibytes),
                 switches_of(pair), Side(run), 2);
}

// What people use today, in the same process and in turn with ours.
Gate switch_against_greenlet() {
  TaskletLoad ours(TaskletLoad::What::kHardSwitch);
  GreenletLoad theirs;
  const auto run = [](auto& load) {
    return [&load](std::uint64_t count) {
      for (std::uint64_t i = 0; i < count; ++i) load.run();
    };
  };
  return compare("a thousand hard switches / a thousand of greenlet's, from C", Side(run(ours)),
                 Side(run(theirs)), 1);
}

Gate allocations_of(const char* scenario, const char* strategy) {
  ExecutionLoad load(scenario, strategy);
  const std::uint64_t warm_up =
      std::string_view(strategy) == "ordinary" ? kExecutions : kRandomWarmUp;
  const std::uint64_t count = load.allocations(warm_up, kExecutions);
  return {.name = fmt::format("allocations in executions of {}, {}", scenario, strategy),
          .measured = static_cast<double>(count),
          .bound = 0,
          .note = fmt::format("{} executions after {}", kExecutions, warm_up)};
}

}  // namespace

std::vector<Gate> measure_gates() {
  std::vector<Gate> gates;
  for (const char* const scenario : {"blog", "neutral", "noisy"}) {
    for (const char* const strategy : {"ordinary", "portfolio", "random-walk"}) {
      gates.push_back(allocations_of(scenario, strategy));
    }
  }
  if (GreenletLoad::available()) gates.push_back(switch_against_greenlet());
  gates.push_back(switch_against_boost(0.5));
  gates.push_back(switch_against_copies(4));
  gates.push_back(switch_against_copies(64));
  return gates;
}

std::string gates_text(const std::vector<Gate>& gates) {
  std::string text = fmt::format("{:<52} {:>9} {:>6}\n", "gate", "measured", "bound");
  for (const Gate& gate : gates) {
    const char* const verdict = !gate.judged ? "not judged" : gate.passed() ? "ok" : "MISSED";
    text += fmt::format("{:<52} {:>9.4g} {:>6.4g}  {:<10}  {}\n", gate.name, gate.measured,
                        gate.bound, verdict, gate.note);
  }
  return text;
}

std::string gates_json(const std::vector<Gate>& gates) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Gate& gate : gates) {
    list.push_back({{"name", gate.name},
                    {"measured", gate.measured},
                    {"bound", gate.bound},
                    {"judged", gate.judged},
                    {"passed", gate.passed()},
                    {"note", gate.note}});
  }
  const nlohmann::ordered_json object = {
      {"schema", 1}, {"command", "bench"}, {"passed", all_passed(gates)}, {"gates", list}};
  return object.dump(2) + "\n";
}

bool all_passed(const std::vector<Gate>& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const Gate& gate) { return gate.passed(); });
}

}  // namespace reweave::bench
