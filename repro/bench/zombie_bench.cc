#include "repro/bench/zombie_bench.h"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "repro/file/tasklet_file.h"
#include "repro/report/report.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::repro {
namespace {

/// What this thread has computed, so that other work on the machine counts as little as can be.
double thread_ms() {
  timespec now{};
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

constexpr double kRoundMs = 4;  // A round repeats a program until it has taken about so long.

/// One program under one setting of the caches.
class Side {
 public:
  Side(const WeaveFile& file, bool zombies, std::uint32_t free_frames_max)
      : subject_(scenario_of(file), with_caches(settings_of(file), zombies, free_frames_max)),
        execution_(file.limits()) {}

  /// One execution. False: it did not end cleanly.
  bool run() {
    execution_.begin(ordinary_);
    subject_.run(execution_);
    return execution_.findings().empty() && subject_.ending().ended;
  }

  /// Milliseconds for each of `count` executions.
  double time(std::uint32_t count) {
    const double begin = thread_ms();
    for (std::uint32_t i = 0; i < count; ++i) (void)run();
    return (thread_ms() - begin) / count;
  }

  void add_round(std::uint32_t count, std::uint32_t rounds) {
    const double ms = time(count);
    result_.minimum_ms = result_.average_ms == 0 ? ms : std::min(result_.minimum_ms, ms);
    result_.average_ms += ms / rounds;
  }

  ZombieSide result() {
    (void)run();
    result_.counts = std::as_const(subject_).interpreter().thread().shared().frames.counts;
    result_.held = subject_.interpreter().runtime().frame_holdings();
    return result_;
  }
  const Execution& execution() const { return execution_; }

 private:
  static runtime::Settings with_caches(runtime::Settings settings, bool zombies,
                                       std::uint32_t free_frames_max) {
    settings.zombie_frames = zombies;
    settings.free_frames_max = free_frames_max;
    return settings;
  }

  runtime::ScenarioSubject subject_;
  Ordinary ordinary_;
  Execution execution_;
  ZombieSide result_;
};

Expected<ZombieRow> measure(const BenchProgram& program, const ZombieOptions& options) {
  const Expected<WeaveFile> file = read_weave(program.text, std::string(program.name) + ".weave");
  if (!file) return file.error();
  Side without(*file, false, options.free_frames_max);
  Side with(*file, true, options.free_frames_max);
  for (Side* const side : {&without, &with}) {
    if (!side->run())
      return Error{fmt::format("the program {} does not end cleanly", program.name)};
  }
  if (without.execution().trace_hash() != with.execution().trace_hash()) {
    return Error{
        fmt::format("the program {} does something else without zombie frames: {:016x}, "
                    "with them {:016x}",
                    program.name, without.execution().trace_hash(), with.execution().trace_hash())};
  }
  const double once = std::max(without.time(3), 1e-4);
  const auto count = static_cast<std::uint32_t>(std::clamp(kRoundMs / once, 1.0, 1e6));
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    // Who goes first alternates, too: whatever a round does to the machine, both profit from it.
    Side* sides[] = {&without, &with};
    if (round % 2 == 1) std::swap(sides[0], sides[1]);
    for (Side* const side : sides) side->add_round(count, options.rounds);
  }
  return ZombieRow{.name = program.name,
                   .steps = with.execution().steps(),
                   .without = without.result(),
                   .with = with.result()};
}

double percent(double value, double other) { return other == 0 ? 0 : (value / other - 1) * 100; }

void add(ZombieSide& sum, const ZombieSide& side) {
  sum.minimum_ms += side.minimum_ms;
  sum.average_ms += side.average_ms;
  sum.counts.made += side.counts.made;
  sum.counts.from_zombie += side.counts.from_zombie;
  sum.counts.from_free_list += side.counts.from_free_list;
  sum.held.zombies += side.held.zombies;
  sum.held.zombie_bytes += side.held.zombie_bytes;
  sum.held.free += side.held.free;
  sum.held.free_bytes += side.held.free_bytes;
}

ZombieRow totals_of(const std::vector<ZombieRow>& rows) {
  ZombieRow sum{.name = "Totals", .steps = 0, .without = {}, .with = {}};
  for (const ZombieRow& row : rows) {
    sum.steps += row.steps;
    add(sum.without, row.without);
    add(sum.with, row.with);
  }
  return sum;
}

std::string time_line(const ZombieRow& row) {
  const ZombieSide& without = row.without;
  const ZombieSide& with = row.with;
  return fmt::format("{:>24}: {:8.3f}ms {:8.3f}ms {:+6.1f}% {:8.3f}ms {:8.3f}ms {:+6.1f}%\n",
                     row.name, without.minimum_ms, with.minimum_ms,
                     percent(without.minimum_ms, with.minimum_ms), without.average_ms,
                     with.average_ms, percent(without.average_ms, with.average_ms));
}

std::string memory_line(const ZombieRow& row) {
  const auto made = [](const ZombieSide& side) { return side.counts.made; };
  const runtime::FrameHoldings& with = row.with.held;
  const runtime::FrameHoldings& without = row.without.held;
  return fmt::format("{:>24}: {:>7} {:>7} {:>5} {:>7} {:>5} {:>7} {:>5} {:>7}\n", row.name,
                     made(row.without), made(row.with), without.free, without.free_bytes,
                     with.zombies, with.zombie_bytes, with.free, with.free_bytes);
}

nlohmann::ordered_json json_of(const ZombieSide& side) {
  return {{"minimum_ms", side.minimum_ms},
          {"average_ms", side.average_ms},
          {"frames",
           {{"made", side.counts.made},
            {"from_zombie", side.counts.from_zombie},
            {"from_free_list", side.counts.from_free_list}}},
          {"held",
           {{"zombies", side.held.zombies},
            {"zombie_bytes", side.held.zombie_bytes},
            {"free_list", side.held.free},
            {"free_list_bytes", side.held.free_bytes}}}};
}

nlohmann::ordered_json json_of(const ZombieRow& row) {
  return {{"name", row.name},
          {"steps", row.steps},
          {"without", json_of(row.without)},
          {"with", json_of(row.with)},
          {"minimum_percent", percent(row.without.minimum_ms, row.with.minimum_ms)},
          {"average_percent", percent(row.without.average_ms, row.with.average_ms)}};
}

}  // namespace

Expected<std::vector<ZombieRow>> run_zombie_bench(const ZombieOptions& options) {
  std::vector<const BenchProgram*> chosen;
  for (const BenchProgram& program : zombie_programs()) {
    if (program.name.find(options.filter) != std::string_view::npos) chosen.push_back(&program);
  }
  if (chosen.empty())
    return Error{fmt::format("no program has \"{}\" in its name", options.filter)};
  std::vector<ZombieRow> rows;
  for (const BenchProgram* const program : chosen) {
    if (options.progress && !options.progress(rows.size(), chosen.size())) return rows;
    Expected<ZombieRow> row = measure(*program, options);
    if (!row) return row.error();
    rows.push_back(*row);
  }
  if (options.progress) (void)options.progress(rows.size(), chosen.size());
  return rows;
}

std::string zombie_text(const std::vector<ZombieRow>& rows, const ZombieOptions& options) {
  std::string text =
      fmt::format("{:<24}  {:>28} {:>28}\n", "Test", "minimum run-time", "average run-time");
  text += fmt::format("{:24}  {:>10} {:>10} {:>7} {:>10} {:>10} {:>7}\n", "", "this", "other",
                      "diff", "this", "other", "diff");
  const std::string rule = std::string(84, '-') + "\n";
  text += rule;
  for (const ZombieRow& row : rows) text += time_line(row);
  text += rule + time_line(totals_of(rows));
  text += fmt::format(
      "(this=nozombie, other=zombie; {} programs, {} rounds each, in turn; CPU time)\n\n",
      rows.size(), options.rounds);
  text += fmt::format("{:<24}  {:>15} {:>13} {:>27}\n", "Frames of one execution", "made",
                      "held: nozombie", "held: zombie");
  text += fmt::format("{:24}  {:>7} {:>7} {:>5} {:>7} {:>5} {:>7} {:>5} {:>7}\n", "", "nozomb.",
                      "zombie", "free", "bytes", "zomb.", "bytes", "free", "bytes");
  text += rule;
  for (const ZombieRow& row : rows) text += memory_line(row);
  const ZombieRow totals = totals_of(rows);
  text += rule + memory_line(totals);
  const auto all = [](const ZombieSide& side) {
    return side.held.zombie_bytes + side.held.free_bytes;
  };
  return text + fmt::format(
                    "(held when the program has ended: {} bytes without zombie frames, {} "
                    "with them)\n",
                    all(totals.without), all(totals.with));
}

std::string zombie_json(const std::vector<ZombieRow>& rows, const ZombieOptions& options) {
  nlohmann::ordered_json json = {{"schema", Report::kSchema},
                                 {"rounds", options.rounds},
                                 {"free_frames_max", options.free_frames_max}};
  json["programs"] = nlohmann::ordered_json::array();
  for (const ZombieRow& row : rows) json["programs"].push_back(json_of(row));
  json["totals"] = json_of(totals_of(rows));
  return json.dump() + "\n";
}

}  // namespace reweave::repro
