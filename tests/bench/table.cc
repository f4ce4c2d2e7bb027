#include "tests/bench/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "repro/report/version.h"
#include "tests/bench/greenlet_load.h"

namespace reweave::bench {
namespace {

std::string readable_time(double nanoseconds) {
  if (nanoseconds < 1e3) return fmt::format("{:.1f} ns", nanoseconds);
  if (nanoseconds < 1e6) return fmt::format("{:.2f} us", nanoseconds / 1e3);
  return fmt::format("{:.2f} ms", nanoseconds / 1e6);
}

/// "1,234,567".
std::string with_commas(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace

bool Table::ReportContext(const Context&) {
  GetOutputStream() << "reweave " << repro::kVersion << ", " << repro::build_name() << "\n";
  GetOutputStream().flush();
  return true;
}

void Table::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string& name = run.run_name.function_name;
    const std::size_t slash = name.find('/');
    const std::string group = name.substr(0, slash);
    const std::string what = slash == std::string::npos ? "" : name.substr(slash + 1);
    auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& known) {
      return known.group == group && known.what == what;
    });
    if (row == rows_.end()) {
      rows_.push_back({.order = run.family_index, .group = group, .what = what, .error = {}});
      row = rows_.end() - 1;
    }
    if (run.error_occurred) row->error = run.error_message;
    const auto counter = run.counters.find("items_per_second");
    if (counter != run.counters.end()) {
      row->per_second = std::max(row->per_second, counter->second.value);
    }
  }
}

void Table::Finalize() {
  std::sort(rows_.begin(), rows_.end(),
            [](const Row& left, const Row& right) { return left.order < right.order; });
  std::string group;
  for (const Row& row : rows_) {
    if (row.group != group) {
      GetOutputStream() << fmt::format("\n{:<40} {:>12} {:>16}\n", row.group, "each", "per second");
      group = row.group;
    }
    if (!row.error.empty()) {
      GetOutputStream() << fmt::format("  {:<38} {}\n", row.what, row.error);
      continue;
    }
    GetOutputStream() << fmt::format("  {:<38} {:>12} {:>16}", row.what,
                                     readable_time(1e9 / row.per_second),
                                     with_commas(row.per_second));
    // A switch beside what it is compared with.
    constexpr std::string_view kSwitch = "switch, ";
    if (row.what.substr(0, kSwitch.size()) == kSwitch) {
      const std::string size = row.what.substr(kSwitch.size());
      const double own = 1e9 / row.per_second;
      const double copies = nanoseconds_of(row.group, "two plain copies, " + size);
      const double boost = nanoseconds_of(row.group, "Boost.Context, round trip");
      if (copies > 0)
        GetOutputStream() << fmt::format("   {:.2f} x two plain copies", own / copies);
      // One that has more to copy is not meant to compete with it.
      if (boost > 0 && size == "0.5 KiB")
        GetOutputStream() << fmt::format(", {:.2f} x Boost.Context", own / boost);
    }
    if (row.what == "hard switch") {
      const double greenlet = nanoseconds_of(row.group, "greenlet's switch, from C");
      if (greenlet > 0) {
        GetOutputStream() << fmt::format("   {:.2f} x greenlet's", 1e9 / row.per_second / greenlet);
      } else if (!GreenletLoad::available()) {
        GetOutputStream() << "   " << GreenletLoad::advice();
      }
    }
    GetOutputStream() << "\n";
  }
  GetOutputStream().flush();
}

double Table::nanoseconds_of(const std::string& group, const std::string& what) const {
  for (const Row& row : rows_) {
    if (row.group == group && row.what == what && row.per_second > 0) return 1e9 / row.per_second;
  }
  return 0;
}

}  // namespace reweave::bench
