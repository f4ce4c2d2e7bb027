// The promises about speed that hold on every machine, because they are counts, or ratios of two
// things that are measured in one run.
//
//   * An execution asks the system for no memory once the program has warmed up: 10,000 executions
//     each of the blog, the neutral and the noisy scenario, ordinary, by the portfolio and by
//     random walk; the count has to be 0.
//   * A slice switch of 4 and of 64 KiB costs at most twice what two plain copies of as many bytes
//     cost; one of 0.5 KiB at most twice a switch of Boost.Context and two such copies together.
//     (Boost.Context alone is no measure: how much a copy costs beside a switch differs by machine,
//     from 3.1 to 4.4 times a round trip for the same code.)
//
// A ratio is measured as follows. The two sides run in turn, some hundred microseconds each, many
// times; the ratio is that of their minima. Whatever else the machine does can only make a round
// slower, so that the minima come down to what the code costs, and the more rounds the nearer. A
// ratio above its bound is therefore measured again with more rounds, the old ones kept, a few
// times over; the bound stays as it is. Under a sanitizer a switch carries the shadow along, which
// the plain copies do not: ratios are then shown, not judged.
#pragma once

#include <string>
#include <vector>

namespace reweave::bench {

struct Gate {
  std::string name;
  double measured = 0;
  double bound = 0;  // The most that is allowed.
  bool judged = true;
  std::string note;  // How `measured` came about.
  bool passed() const { return !judged || measured <= bound; }
};

/// Measures all of them; a few seconds.
std::vector<Gate> measure_gates();

/// A table for people, or one JSON object.
std::string gates_text(const std::vector<Gate>& gates);
std::string gates_json(const std::vector<Gate>& gates);

/// Executions per second and the like are for people: no gate, since they depend on the machine.
bool all_passed(const std::vector<Gate>& gates);

}  // namespace reweave::bench
