#include "repro/report/lingering_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "repro/file/tasklet_file.h"

namespace reweave::repro {
namespace {

using runtime::LingeringMoment;
using Path = std::vector<std::uint32_t>;

/// The shortest way from a node back to itself, of several the one over the older objects; empty:
/// there is none. `reached`: all that it leads to.
Path shortest_cycle(const LingeringMoment& moment, std::uint32_t start,
                    std::vector<bool>& reached) {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> from(moment.nodes.size(), kNone);
  std::vector<std::uint32_t> queue = {start};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (const std::uint32_t next : moment.nodes[queue[i]].holds) {
      if (from[next] != kNone) continue;
      from[next] = queue[i];
      queue.push_back(next);
    }
  }
  for (std::size_t i = 0; i < from.size(); ++i) reached[i] = from[i] != kNone;
  Path path;
  if (from[start] == kNone) return path;
  for (std::uint32_t at = from[start]; at != start; at = from[at]) path.push_back(at);
  path.push_back(start);
  std::reverse(path.begin(), path.end());
  return path;
}

std::string name_of(const LingeringMoment::Node& node, const Execution* execution) {
  if (node.kind == runtime::ObjectKind::kTasklet && execution != nullptr)
    return "tasklet " + execution->actor_path(node.actor);
  return fmt::format("{} {}", runtime::object_kind_name(node.kind), node.number);
}

}  // namespace

Lingered draw(const LingeringMoment& moment, const Execution* execution) {
  Lingered lingered{.step = moment.step, .at_end = moment.at_end};
  const std::size_t count = moment.nodes.size();
  std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count));
  std::vector<Path> paths(count);
  for (std::uint32_t i = 0; i < count; ++i) paths[i] = shortest_cycle(moment, i, reaches[i]);
  std::vector<bool> drawn(count);
  std::vector<bool> done(count);  // In a knot of which a cycle is drawn.
  for (std::uint32_t i = 0; i < count; ++i) {
    if (paths[i].empty() || done[i]) continue;
    std::vector<std::string>& cycle = lingered.cycles.emplace_back();
    for (const std::uint32_t node : paths[i]) {
      cycle.push_back(name_of(moment.nodes[node], execution));
      drawn[node] = true;
    }
    for (std::uint32_t j = 0; j < count; ++j)
      if (reaches[i][j] && reaches[j][i]) done[j] = true;
  }
  for (std::uint32_t i = 0; i < count; ++i)
    if (!drawn[i]) lingered.kept.push_back(name_of(moment.nodes[i], execution));
  return lingered;
}

std::vector<Lingered> find_lingering(const WeaveFile& file, ReplayMode mode) {
  runtime::ScenarioSubject subject(scenario_of(file), settings_of(file));
  runtime::Lingering watcher;
  subject.watch_garbage(&watcher);
  Execution execution(file.limits());
  replay(subject, execution, file.schedule.value_or(Schedule{}), mode);
  std::vector<Lingered> lingering;
  for (const LingeringMoment& moment : watcher.moments())
    lingering.push_back(draw(moment, &execution));
  return lingering;
}

std::string lingering_text(const std::vector<Lingered>& lingering) {
  std::string text;
  for (const Lingered& lingered : lingering) {
    text += lingered.at_end
                ? std::string("lingering when the program had ended:\n")
                : fmt::format("lingering until the collection in step {}:\n", lingered.step);
    for (const std::vector<std::string>& cycle : lingered.cycles)
      text += fmt::format("  {} -> {}\n", fmt::join(cycle, " -> "), cycle.front());
    if (!lingered.kept.empty())
      text += fmt::format("  and what these keep: {}\n", fmt::join(lingered.kept, ", "));
  }
  return text.empty() ? "nothing lingers\n" : text;
}

}  // namespace reweave::repro
