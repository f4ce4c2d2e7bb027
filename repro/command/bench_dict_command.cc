// `reweave bench dict`: what a dict costs, in bytes and in time, under several tunings.

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "repro/bench/dict_bench.h"
#include "repro/command/bench_command.h"
#include "repro/command/command_line.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"

namespace reweave::repro {

namespace {

constexpr std::uint32_t kStairs = 19;
constexpr std::uint64_t kEntriesMax = 10'000'000;

struct Column {
  std::string name;
  std::vector<std::size_t> bytes;
};

std::vector<Column> bytes_columns() {
  std::vector<Column> columns;
  const std::pair<const char*, DictLayout> layouts[] = {{"32-bit", kPostLayout},
                                                        {"here", own_layout()}};
  for (const auto& [place, layout] : layouts) {
    for (const NamedTuning& named : post_tunings()) {
      columns.push_back(
          {fmt::format("{} {}", place, named.name), dict_bytes(named.tuning, layout, kStairs)});
    }
  }
  return columns;
}

// From which number of entries on two columns differ; nothing: they do not.
std::string compared(const Column& a, const Column& b) {
  for (std::size_t n = 0; n < a.bytes.size(); ++n) {
    if (a.bytes[n] != b.bytes[n])
      return fmt::format("differ from {} entries on ({} and {})", n, a.bytes[n], b.bytes[n]);
  }
  return fmt::format("are the same for 0 to {} entries", a.bytes.size() - 1);
}

std::string bytes_text(const std::vector<Column>& columns) {
  const DictLayout own = own_layout();
  std::string text = fmt::format(
      "Bytes by number of entries, of dicts that were filled one by one: head, first table, and "
      "the larger\ntable if there is one. 32-bit: a head of {} bytes, {} for an entry. Here: {} "
      "and {}.\n\n",
      kPostLayout.head, kPostLayout.entry, own.head, own.entry);
  for (const NamedTuning& named : post_tunings())
    text += fmt::format("  {:<8} {}\n", named.name, named.help);
  text += fmt::format("\n{:>7}", "entries");
  for (const Column& column : columns) text += fmt::format(" {:>14}", column.name);
  text += "\n";
  for (std::size_t n = 0; n <= kStairs; ++n) {
    text += fmt::format("{:>7}", n);
    for (const Column& column : columns) text += fmt::format(" {:>14}", column.bytes[n]);
    text += "\n";
  }
  text += fmt::format(
      "\nThe post says that its second column is what load 4/5 gives. \"{}\" is that load, tested "
      "as the post's own\ncode does; \"{}\" tests it for the next insertion before that comes; "
      "\"{}\" is another load.\n  {} and {} {}.\n  {} and {} {}.\n"
      "The post printed the column of these two, not that of its snippet.\n",
      post_tunings()[1].name, post_tunings()[2].name, post_tunings()[3].name,
      post_tunings()[2].name, post_tunings()[3].name, compared(columns[2], columns[3]),
      post_tunings()[1].name, post_tunings()[3].name, compared(columns[1], columns[3]));
  return text;
}

std::string times_text(const std::vector<DictTimes>& times) {
  std::string text = "\nTime by the wall clock, nanoseconds for one entry; bytes here.\n\n";
  for (const NamedTuning& named : swept_tunings())
    text += fmt::format("  {:<9} {}\n", named.name, named.help);
  std::uint64_t entries = 0;
  for (const DictTimes& each : times) {
    if (each.entries != entries) {
      entries = each.entries;
      text += fmt::format("\n{:>12} entries {:>9} {:>9} {:>9} {:>15} {:>11} {:>15}\n",
                          with_commas(entries), "insert", "hit", "miss", "bytes", "an entry",
                          "most at once");
    }
    text += fmt::format("  {:<18} {:>9.1f} {:>9.1f} {:>9.1f} {:>15} {:>11.1f} {:>15}\n",
                        swept_tunings()[each.tuning].name, each.insert_ns, each.hit_ns,
                        each.miss_ns, with_commas(each.bytes),
                        static_cast<double>(each.bytes) / static_cast<double>(each.entries),
                        with_commas(each.bytes_max));
  }
  return text;
}

std::string json_of(const std::vector<Column>& columns, const std::vector<DictTimes>& times) {
  nlohmann::ordered_json bytes = {{"columns", {"entries"}},
                                  {"rows", nlohmann::ordered_json::array()}};
  for (const Column& column : columns) bytes["columns"].push_back(column.name);
  for (std::size_t n = 0; n <= kStairs; ++n) {
    nlohmann::ordered_json row = {n};
    for (const Column& column : columns) row.push_back(column.bytes[n]);
    bytes["rows"].push_back(std::move(row));
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const DictTimes& each : times) {
    rows.push_back({swept_tunings()[each.tuning].name, each.entries, each.insert_ns, each.hit_ns,
                    each.miss_ns, each.bytes, each.bytes_max});
  }
  const nlohmann::ordered_json json = {
      {"schema", Report::kSchema},
      {"subject", "dict"},
      {"columns", {"tuning", "entries", "insert_ns", "hit_ns", "miss_ns", "bytes", "bytes_max"}},
      {"rows", std::move(rows)},
      {"bytes", std::move(bytes)}};
  return json.dump() + "\n";
}

}  // namespace

int run_bench_dict(const Arguments& arguments) {
  CommandLine line("bench dict",
                   "Bytes and time of a dict, by smallest table, highest load and growth.",
                   "  reweave bench dict\n  reweave bench dict --entries-max 100000\n"
                   "  reweave bench dict --plot dict.svg",
                   "0 done, 74 the picture cannot be written");
  line.add_output_flags({"text", "json"});
  line.limit_time();
  std::uint64_t entries_max = kEntriesMax;
  std::string plot;
  line.app()
      .add_option("--entries-max", entries_max, "Time dicts of 10, 100, … up to so many entries")
      ->type_name("N")
      ->check(whole_number(0, 100'000'000));
  line.app().add_option("--plot", plot, "Write a picture (SVG) here")->type_name("FILE");
  if (!line.parse(arguments)) return line.exit_code();
  if (!plot.empty()) {
    // Before the minutes that it takes.
    if (const Status status = try_to_write_file(plot); !status)
      return line.fail(status.error(), kExitOutput);
  }

  const std::vector<Column> columns = bytes_columns();
  std::uint64_t sizes = 0;
  for (std::uint64_t n = 10; n <= entries_max; n *= 10) ++sizes;
  std::uint64_t done = 0;
  const Interrupts interrupts;
  Progress progress(line.terminal(), line.quiet());
  const std::vector<DictTimes> times = time_dicts(entries_max, [&](const DictTimes& next) {
    progress.update("dicts", done++, sizes * swept_tunings().size(),
                    swept_tunings()[next.tuning].name);
    return !Interrupts::pending();
  });
  progress.finish();
  const Status written = plot.empty() ? ok() : write_file(plot, dict_plot(times));
  if (!written) line.warn(written.error().message);
  const std::string text = line.format() == Format::kJson
                               ? json_of(columns, times)
                               : bytes_text(columns) + (times.empty() ? "" : times_text(times));
  return written ? print_measured(line, text) : print_and_return(text, kExitOutput);
}

}  // namespace reweave::repro
