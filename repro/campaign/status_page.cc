#include "repro/campaign/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "repro/report/escapes.h"
#include "repro/report/printable.h"
#include "repro/report/report.h"
#include "repro/report/terminal.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::json;
using Sample = ShardState::Sample;

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
{reload}<title>{title}</title>
<style>
:root {{ --paper: #ffffff; --ink: #1d2330; --soft: #626b7c; --line: #d5dae3; --run: #2f6fb5;
  --bad: #c2202b; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: #14171d; --ink: #e4e8ef; --soft: #99a3b5; --line: #333a47;
  --run: #6aa9ec; --bad: #ff7a80; }}
}}
body {{ background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 24px auto; max-width: 1000px;
  padding: 0 16px; }}
h1 {{ font-size: 20px; margin: 0; overflow-wrap: anywhere; }}
h2 {{ font-size: 15px; margin: 28px 0 6px; }}
p {{ margin: 4px 0; color: var(--soft); }}
.finding {{ color: var(--bad); font-weight: 600; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: 3px 10px 3px 0; border-top: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }}
th {{ color: var(--soft); font-weight: 400; }}
td.n, th.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
svg {{ width: 100%; height: auto; display: block; }}
svg text {{ fill: var(--soft); font-size: 12px; }}
svg .axis {{ stroke: var(--line); }}
svg polyline {{ fill: none; stroke: var(--run); stroke-width: 2;
  vector-effect: non-scaling-stroke; }}
</style>
</head>
<body>
)";

std::string html(std::string_view text) { return escape_xml(printable(text)); }

/// "1:02:03" of milliseconds.
std::string hours(std::uint64_t milliseconds) {
  const std::uint64_t s = milliseconds / 1000;
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

/// A curve for each shard; `value` of each sample over its time of work.
std::string curves(const std::vector<ShardState>& states, std::uint64_t Sample::*value,
                   std::string_view title) {
  constexpr double kLeft = 90, kTop = 12, kWidth = 880, kHeight = 180;
  std::uint64_t time_max = 1, value_max = 1;
  for (const ShardState& state : states) {
    for (const Sample& sample : state.history) {
      time_max = std::max(time_max, sample.milliseconds);
      value_max = std::max(value_max, sample.*value);
    }
  }
  std::string lines;
  for (const ShardState& state : states) {
    std::string points = fmt::format("{},{}", kLeft, kTop + kHeight);
    double y = kTop + kHeight;
    for (const Sample& sample : state.history) {
      const double x =
          kLeft + kWidth * static_cast<double>(sample.milliseconds) / static_cast<double>(time_max);
      points += fmt::format(" {:.1f},{:.1f}", x, y);  // It was so until then.
      y = kTop + kHeight -
          kHeight * static_cast<double>(sample.*value) / static_cast<double>(value_max);
      points += fmt::format(" {:.1f},{:.1f}", x, y);
    }
    lines +=
        fmt::format("<polyline points=\"{}\"><title>shard {} of {}, seed {}</title></polyline>\n",
                    points, state.shard.index + 1, state.shard.count, state.seed);
  }
  return fmt::format(
      "<h2>{0}</h2>\n<svg viewBox=\"0 0 980 222\" role=\"img\" aria-label=\"{0}\">\n"
      "<line class=\"axis\" x1=\"{1}\" y1=\"{2}\" x2=\"{1}\" y2=\"{3}\"/>\n"
      "<line class=\"axis\" x1=\"{1}\" y1=\"{3}\" x2=\"{4}\" y2=\"{3}\"/>\n"
      "<text x=\"82\" y=\"{5}\" text-anchor=\"end\">{6}</text>\n"
      "<text x=\"82\" y=\"{3}\" text-anchor=\"end\">0</text>\n"
      "<text x=\"{1}\" y=\"{7}\">0</text>\n"
      "<text x=\"{4}\" y=\"{7}\" text-anchor=\"end\">{8} of work</text>\n{9}</svg>\n",
      title, kLeft, kTop, kTop + kHeight, kLeft + kWidth, kTop + 10, with_commas(value_max),
      kTop + kHeight + 20, hours(time_max), lines);
}

struct Column {
  std::string_view key, name;
  bool is_number = false;
};

std::string cell(const Json& row, const Column& column) {
  const Json value = row.value(std::string(column.key), Json());
  std::string text;
  if (value.is_number_unsigned()) {
    text = with_commas(value.get<std::uint64_t>());
  } else if (value.is_string()) {
    text = html(value.get<std::string>());
  }
  return fmt::format("<td{}>{}</td>", column.is_number ? " class=\"n\"" : "", text);
}

std::string table(std::string_view title, const Json& rows, std::initializer_list<Column> columns) {
  if (rows.empty()) return "";
  std::string text = fmt::format("<h2>{}</h2>\n<table>\n<tr>", title);
  for (const Column& column : columns) {
    text += fmt::format("<th{}>{}</th>", column.is_number ? " class=\"n\"" : "", column.name);
  }
  text += "</tr>\n";
  for (const Json& row : rows) {
    text += "<tr>";
    for (const Column& column : columns) text += cell(row, column);
    text += "</tr>\n";
  }
  return text + "</table>\n";
}

std::uint64_t number(const Json& facts, const char* key) {
  return facts.value(key, std::uint64_t{0});
}

}  // namespace

std::string status_page(const CampaignFolder& folder, const CampaignStatus& status, int reload_s) {
  const Json facts = Json::parse(status_json(folder, status, nullptr));
  const std::string reload =
      reload_s == 0 ? "" : fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", reload_s);
  const std::string title = "Campaign " + html(folder.root());
  std::string page =
      fmt::format(fmt::runtime(kHead), fmt::arg("reload", reload), fmt::arg("title", title));
  page += fmt::format("<h1>{}</h1>\n", title);
  const std::string verdict = facts.at("verdict");
  const double seconds = facts.value("seconds", 0.0);
  page += fmt::format(
      "<p><span{}>{}</span>: {} in {}, {}, {} of work, {}</p>\n",
      verdict == "clean" ? "" : " class=\"finding\"", verdict,
      plural(facts.at("signatures").size(), "signature"),
      plural(number(facts, "executions"), "execution"), plural(number(facts, "units"), "unit"),
      hours(static_cast<std::uint64_t>(seconds * 1000)), plural(number(facts, "shards"), "shard"));
  page += fmt::format("<p>{}</p>\n", html(leftover_of(status.states).text()));
  if (status.waiting > 0)
    page += fmt::format("<p>{} to be confirmed.</p>\n", plural(status.waiting, "repro"));
  if (status.unconfirmed > 0)
    page += fmt::format("<p>{} set aside: not the same in a fresh process.</p>\n",
                        plural(status.unconfirmed, "repro"));
  page += curves(status.states, &Sample::signatures, "Signatures");
  page += curves(status.states, &Sample::executions, "Executions");
  page += table("Found", facts.at("signatures"),
                {{"signature", "signature"},
                 {"times", "times", true},
                 {"answers", "answers", true},
                 {"repro", "repro"}});
  page += table("Who looks for it", facts.at("arms"),
                {{"target", "target"},
                 {"strategy", "strategy"},
                 {"executions", "executions", true},
                 {"units", "units", true},
                 {"found", "new", true}});
  for (const std::string& trouble : status.troubles)
    page += fmt::format("<p>Note: {}</p>\n", html(trouble));
  return page + "</body>\n</html>\n";
}

}  // namespace reweave::repro
