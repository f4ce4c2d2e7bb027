#include "repro/command/generated_census.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "repro/run/interrupts.h"
#include "runtime/interpreter/reached.h"
#include "scheduler/search/explore.h"

namespace reweave::repro {
namespace {

using Rows = std::vector<runtime::Reached::Row>;
using Deaths = std::vector<runtime::DeathsReached::Row>;

std::string text_of(const Rows& rows, const Deaths& deaths, std::uint64_t executions) {
  std::string text =
      fmt::format("reached in {} of generated scenarios\n", plural(executions, "execution"));
  std::string never;
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const char* const word = runtime::op_info(rows[i].code).word;
    if (i == 0 || rows[i].code != rows[i - 1].code) text += fmt::format("{}\n", word);
    if (rows[i].count == 0) {
      ++zeros;
      never += fmt::format("  {}: {}\n", word, rows[i].state);
    } else {
      text += fmt::format("  {:>14}  {}\n", with_commas(rows[i].count), rows[i].state);
    }
  }
  text += "what is replaced or taken away, and what the collector finds\n";
  for (const runtime::DeathsReached::Row& row : deaths) {
    zeros += row.count == 0 ? 1 : 0;
    if (row.count == 0) {
      never += fmt::format("  {}: {}\n", row.what, row.state);
    } else {
      text += fmt::format("  {:>14}  {}: {}\n", with_commas(row.count), row.what, row.state);
    }
  }
  text += fmt::format("never reached: {} of {}\n{}", zeros, rows.size() + deaths.size(), never);
  return text;
}

std::string json_of(const Rows& rows, const Deaths& deaths, std::uint64_t executions) {
  nlohmann::ordered_json json = {{"schema", Report::kSchema}, {"executions", executions}};
  json["reached"] = nlohmann::ordered_json::array();
  for (const runtime::Reached::Row& row : rows) {
    json["reached"].push_back({{"operation", runtime::op_info(row.code).word},
                               {"state", row.state},
                               {"count", row.count}});
  }
  json["deaths"] = nlohmann::ordered_json::array();
  for (const runtime::DeathsReached::Row& row : deaths)
    json["deaths"].push_back({{"what", row.what}, {"state", row.state}, {"count", row.count}});
  if (Interrupts::pending()) json["signal"] = Interrupts::name();
  return json.dump() + "\n";
}

}  // namespace

int take_census(const CommandLine& line, GeneratedSubject& subject,
                const runtime::GeneratorOptions& generator, ExploreOptions options,
                Progress& progress) {
  GeneratedStrategy strategy(subject);
  runtime::Reached reached(subject.of_scenario().interpreter());
  subject.of_scenario().set_watcher(&reached);
  subject.of_scenario().interpreter().watch_garbage(&reached.deaths());
  options.counts = [](const Finding&) { return false; };
  const Exploration exploration = explore(subject, strategy, options);
  progress.finish();
  const Rows rows = reached.rows(generator.beyond);
  const Deaths deaths = reached.deaths().rows();
  const std::uint64_t executions = exploration.statistics.executions;
  if (Interrupts::pending()) line.warn_interrupted();
  return print_and_return(line.format() == Format::kText ? text_of(rows, deaths, executions)
                                                         : json_of(rows, deaths, executions),
                          Interrupts::pending() ? Interrupts::exit_code() : kExitClean);
}

}  // namespace reweave::repro
