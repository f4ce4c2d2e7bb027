// How late a notified waiter wakes, and how often it woke for nothing before: for the
// condition variable of Python 2, which polls, and for one on timed locks.
//
// Each row is two executions of one program, one for each kind: a waiter with a limit that is far
// away, and a notify after so many microseconds. All times are virtual, so the figures are exact
// and the same on every machine. Where the notify and a look fall on the same microsecond, who
// began to sleep first goes first, which is the ordinary answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reweave::repro {

/// One wait.
struct CondvarSide {
  std::uint64_t latency_us = 0;  // From the notify to the waiter's return.
  std::uint32_t wasted = 0;      // How often he woke, looked in vain and slept again.
};

struct CondvarRow {
  std::uint64_t notified_us = 0;  // After the wait began.
  CondvarSide polling;
  CondvarSide timed;
};

struct CondvarSummary {
  CondvarSide polling_max, timed_max;
  double polling_latency_average = 0, timed_latency_average = 0;
  double polling_wasted_average = 0, timed_wasted_average = 0;
};

/// From 0 to 1 s, and where the waiter has just looked and sleeps long: the worst case.
std::vector<std::uint64_t> condvar_delays();
/// 0, `step`, 2 * `step` … up to 1 s; `step` is not 0.
std::vector<std::uint64_t> condvar_delays_every(std::uint64_t step);

CondvarRow measure_condvar(std::uint64_t notified_us);
CondvarSummary summary_of(const std::vector<CondvarRow>& rows);

std::string condvar_text(const std::vector<CondvarRow>& rows);
/// One object on one line.
std::string condvar_json(const std::vector<CondvarRow>& rows);

}  // namespace reweave::repro
