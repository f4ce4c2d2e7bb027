#include "repro/bench/condvar_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "repro/report/report.h"
#include "runtime/service/condition.h"
#include "runtime/service/pause.h"
#include "runtime/tasklet/native.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::repro {
namespace {

using runtime::Condition;
using runtime::Lock;
using runtime::NativeCode;
using runtime::Object;
using runtime::Thread;

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kLimit = 10 * kSecond;  // Of the waiter; nobody reaches it.

/// The program is written in C++, and its places have no names.
class NoNames : public runtime::LedgerNames {
 public:
  std::string site(SiteId) const override { return "condvar"; }
  std::string operation(SiteId) const override { return "condvar"; }
};

/// One thread that waits, and one that notifies it after `delay` microseconds.
CondvarSide measure(std::uint64_t delay, Condition::Kind kind) {
  runtime::Runtime machine;
  Lock lock;
  Condition condition(lock);
  Condition::Wait result;
  std::uint64_t began = 0, notified = 0, woke = 0;
  NativeCode waiter([&](Thread& self) {
    CHECK(lock.acquire(self, SiteId{}) == Lock::Got::kLock);
    began = self.clock().now();
    Object* const value = condition.wait(self, SiteId{}, kLimit, kind, result);
    CHECK(value != nullptr);
    self.release(value);
    woke = self.clock().now();
    return lock.release(self);
  });
  NativeCode program([&](Thread& self) {
    machine.start_thread(1, waiter.code());
    settle(self, SiteId{});
    runtime::pause(self, SiteId{}, delay);
    CHECK(lock.acquire(self, SiteId{}) == Lock::Got::kLock);
    notified = self.clock().now();
    self.release(condition.notify(self, 1));
    self.release(lock.release(self));
    // For a thread to be over before the program is.
    runtime::pause(self, SiteId{}, kLimit);
    return self.none();
  });
  const runtime::Settings settings;
  const NoNames names;
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary);
  const runtime::Ending ending = machine.run(program.code(), settings, execution, names);
  CHECK(ending.ended && !ending.failed && execution.findings().empty());
  CHECK(result.notified && began == 0 && notified == delay && woke >= notified);
  // The first look is no wake-up: the waiter was awake.
  return {.latency_us = woke - notified, .wasted = result.looks > 0 ? result.looks - 1 : 0};
}

double ms(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e3; }

nlohmann::ordered_json summary_json(const CondvarSide& most, double latency, double wasted) {
  return {{"latency_us_max", most.latency_us},
          {"latency_us_average", latency},
          {"wasted_max", most.wasted},
          {"wasted_average", wasted}};
}

}  // namespace

std::vector<std::uint64_t> condvar_delays() {
  // The polling waiter looks at 0, 1, 3, 7, 15, 31, 63 and 113 ms, and every 50 ms from there on.
  return {0,       500,     1'000,   1'001,   2'000,   3'001,   5'000,   7'001,
          10'000,  15'001,  20'000,  31'001,  50'000,  63'000,  63'001,  75'000,
          100'000, 113'001, 150'000, 200'000, 300'000, 500'000, 963'001, 1'000'000};
}

std::vector<std::uint64_t> condvar_delays_every(std::uint64_t step) {
  std::vector<std::uint64_t> delays;
  for (std::uint64_t delay = 0; delay <= kSecond; delay += step) delays.push_back(delay);
  return delays;
}

CondvarRow measure_condvar(std::uint64_t notified_us) {
  return {.notified_us = notified_us,
          .polling = measure(notified_us, Condition::Kind::kPolling),
          .timed = measure(notified_us, Condition::Kind::kTimed)};
}

CondvarSummary summary_of(const std::vector<CondvarRow>& rows) {
  CondvarSummary summary;
  const auto count = static_cast<double>(rows.size());
  const auto add = [count](const CondvarSide& side, CondvarSide& most, double& latency,
                           double& wasted) {
    most.latency_us = std::max(most.latency_us, side.latency_us);
    most.wasted = std::max(most.wasted, side.wasted);
    latency += static_cast<double>(side.latency_us) / count;
    wasted += side.wasted / count;
  };
  for (const CondvarRow& row : rows) {
    add(row.polling, summary.polling_max, summary.polling_latency_average,
        summary.polling_wasted_average);
    add(row.timed, summary.timed_max, summary.timed_latency_average, summary.timed_wasted_average);
  }
  return summary;
}

std::string condvar_text(const std::vector<CondvarRow>& rows) {
  std::string text = fmt::format("{:>15}  {:>24}  {:>24}\n", "", "polling", "timed lock");
  text += fmt::format("{:>15}  {:>14} {:>9}  {:>14} {:>9}\n", "notified after", "wakes up late",
                      "in vain", "wakes up late", "in vain");
  const std::string rule = std::string(67, '-') + "\n";
  text += rule;
  for (const CondvarRow& row : rows) {
    text += fmt::format("{:>12.3f} ms  {:>11.3f} ms {:>9}  {:>11.3f} ms {:>9}\n",
                        ms(row.notified_us), ms(row.polling.latency_us), row.polling.wasted,
                        ms(row.timed.latency_us), row.timed.wasted);
  }
  const CondvarSummary all = summary_of(rows);
  text += rule;
  text += fmt::format("{:>15}  {:>11.3f} ms {:>9}  {:>11.3f} ms {:>9}\n", "maximum",
                      ms(all.polling_max.latency_us), all.polling_max.wasted,
                      ms(all.timed_max.latency_us), all.timed_max.wasted);
  text += fmt::format("{:>15}  {:>11.3f} ms {:>9.1f}  {:>11.3f} ms {:>9.1f}\n", "average",
                      all.polling_latency_average / 1e3, all.polling_wasted_average,
                      all.timed_latency_average / 1e3, all.timed_wasted_average);
  return text + fmt::format(
                    "({} waits for each; virtual time; in vain: woke, looked, was not notified, "
                    "slept again)\n",
                    rows.size());
}

std::string condvar_json(const std::vector<CondvarRow>& rows) {
  nlohmann::ordered_json json = {
      {"schema", Report::kSchema},
      {"subject", "condvar"},
      {"columns",
       {"notified_us", "polling_latency_us", "polling_wasted", "timed_latency_us", "timed_wasted"}},
      {"rows", nlohmann::ordered_json::array()}};
  for (const CondvarRow& row : rows) {
    json["rows"].push_back({row.notified_us, row.polling.latency_us, row.polling.wasted,
                            row.timed.latency_us, row.timed.wasted});
  }
  const CondvarSummary all = summary_of(rows);
  json["summary"] = {
      {"polling",
       summary_json(all.polling_max, all.polling_latency_average, all.polling_wasted_average)},
      {"timed", summary_json(all.timed_max, all.timed_latency_average, all.timed_wasted_average)}};
  return json.dump() + "\n";
}

}  // namespace reweave::repro
