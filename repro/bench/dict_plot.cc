// The picture of `reweave bench dict`: small multiples, one for each thing measured, with one line
// for each tuning. Plain SVG: no script, no font of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "repro/bench/dict_bench.h"

namespace reweave::repro {

namespace {

constexpr const char* kColours[] = {"#1b1b1b", "#d1495b", "#edae49", "#00798c",
                                    "#7768ae", "#66a182", "#8d6a3f"};
constexpr double kWidth = 420, kHeight = 260, kLeft = 56, kRight = 14, kTop = 34, kBottom = 40;

struct Point {
  double x, y;
};
struct Line {
  std::string name;
  std::vector<Point> points;
};
struct Panel {
  std::string title, across;
  std::vector<Line> lines;
  bool log_x = false, steps = false;
};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else {
      result += c;
    }
  }
  return result;
}

// A round number, so that four or five of them reach `most`.
double tick_distance(double most) {
  const double rough = most / 4;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

std::string draw(const Panel& panel, double at_x, double at_y) {
  double x_low = 0, x_high = 0, y_high = 0;
  bool any = false;
  for (const Line& line : panel.lines) {
    for (const Point& point : line.points) {
      const double x = panel.log_x ? std::log10(point.x) : point.x;
      x_low = any ? std::min(x_low, x) : x;
      x_high = any ? std::max(x_high, x) : x;
      y_high = std::max(y_high, point.y);
      any = true;
    }
  }
  if (!any || y_high <= 0) return "";
  if (x_high == x_low) x_high = x_low + 1;
  const double distance = tick_distance(y_high);
  const double y_top = std::ceil(y_high / distance) * distance;
  const auto px = [&](double x) {
    const double along = ((panel.log_x ? std::log10(x) : x) - x_low) / (x_high - x_low);
    return kLeft + along * (kWidth - kLeft - kRight);
  };
  const auto py = [&](double y) {
    return kHeight - kBottom - y / y_top * (kHeight - kTop - kBottom);
  };

  std::string svg = fmt::format("<g transform=\"translate({:.0f} {:.0f})\">\n", at_x, at_y);
  svg += fmt::format("<text x=\"{:.0f}\" y=\"20\" class=\"title\">{}</text>\n", kLeft,
                     escaped(panel.title));
  for (double y = 0; y <= y_top * 1.0001; y += distance) {
    svg += fmt::format(
        "<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" class=\"grid\"/>"
        "<text x=\"{3:.0f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:g}</text>\n",
        kLeft, kWidth - kRight, py(y), kLeft - 6, py(y) + 4, y);
  }
  const auto x_tick = [&](double x, const std::string& label) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n", px(x),
                       kHeight - kBottom + 16, label);
  };
  if (panel.log_x) {
    for (double x = std::round(x_low); x <= x_high + 0.001; ++x)
      x_tick(std::pow(10.0, x),
             fmt::format("10<tspan dy=\"-4\" font-size=\"8\">{:.0f}</tspan>", x));
  } else {
    for (double x = x_low; x <= x_high; x += 5) x_tick(x, fmt::format("{:.0f}", x));
  }
  svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n",
                     (kLeft + kWidth - kRight) / 2, kHeight - 6, escaped(panel.across));
  for (std::size_t i = 0; i < panel.lines.size(); ++i) {
    std::string path;
    double before = 0;
    for (const Point& point : panel.lines[i].points) {
      if (path.empty()) {
        path = fmt::format("M{:.1f} {:.1f}", px(point.x), py(point.y));
      } else {
        if (panel.steps) path += fmt::format(" L{:.1f} {:.1f}", px(point.x), py(before));
        path += fmt::format(" L{:.1f} {:.1f}", px(point.x), py(point.y));
      }
      before = point.y;
    }
    svg +=
        fmt::format("<path d=\"{}\" stroke=\"{}\"{}/>\n", path, kColours[i % std::size(kColours)],
                    panel.steps && i == 3 ? " stroke-dasharray=\"6 4\"" : "");
  }
  return svg + "</g>\n";
}

std::string legend(const std::vector<std::pair<std::string, std::string>>& names,
                   const std::string& title, double at_x, double at_y) {
  std::string svg =
      fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" class=\"title\">{}</text>\n", at_x, at_y, title);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double y = at_y + 20 + 18 * static_cast<double>(i);
    svg += fmt::format(
        "<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.0f}\" y2=\"{2:.0f}\" stroke=\"{3}\" "
        "stroke-width=\"3\"/><text x=\"{4:.0f}\" y=\"{5:.0f}\"><tspan font-weight=\"bold\">{6}"
        "</tspan>  {7}</text>\n",
        at_x, at_x + 22, y - 4, kColours[i % std::size(kColours)], at_x + 30, y,
        escaped(names[i].first), escaped(names[i].second));
  }
  return svg;
}

Panel panel_of(const std::string& title, const std::vector<DictTimes>& times,
               const std::function<double(const DictTimes&)>& value) {
  Panel panel{.title = title, .across = "entries", .lines = {}, .log_x = true, .steps = false};
  for (std::size_t i = 0; i < swept_tunings().size(); ++i) {
    Line line{swept_tunings()[i].name, {}};
    for (const DictTimes& each : times) {
      if (each.tuning == i) line.points.push_back({static_cast<double>(each.entries), value(each)});
    }
    panel.lines.push_back(std::move(line));
  }
  return panel;
}

Panel staircase(std::vector<std::pair<std::string, std::string>>& names) {
  Panel panel{.title = "bytes, 32 bits: head 52, entry 12",
              .across = "entries",
              .lines = {},
              .log_x = false,
              .steps = true};
  constexpr std::uint32_t kMost = 19;
  for (const NamedTuning& named : post_tunings()) {
    const std::vector<std::size_t> bytes = dict_bytes(named.tuning, kPostLayout, kMost);
    Line line{named.name, {}};
    for (std::size_t n = 0; n < bytes.size(); ++n)
      line.points.push_back({static_cast<double>(n), static_cast<double>(bytes[n])});
    panel.lines.push_back(std::move(line));
    names.emplace_back(named.name, named.help);
  }
  return panel;
}

}  // namespace

std::string dict_plot(const std::vector<DictTimes>& times) {
  std::vector<std::pair<std::string, std::string>> post, swept;
  for (const NamedTuning& named : swept_tunings()) swept.emplace_back(named.name, named.help);
  const double legend_height = 190;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\">\n"
      "<style>text{{font:11px sans-serif;fill:#333}}.title{{font-weight:bold;font-size:13px}}"
      ".grid{{stroke:#ddd}}path{{fill:none;stroke-width:1.8}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      3 * kWidth, 2 * kHeight + legend_height);
  svg += draw(
      panel_of("insert, ns for an entry", times, [](const DictTimes& t) { return t.insert_ns; }), 0,
      0);
  svg += draw(panel_of("hit, ns", times, [](const DictTimes& t) { return t.hit_ns; }), kWidth, 0);
  svg += draw(panel_of("miss, ns", times, [](const DictTimes& t) { return t.miss_ns; }), 2 * kWidth,
              0);
  svg += draw(panel_of("bytes for an entry, this machine", times,
                       [](const DictTimes& t) {
                         return static_cast<double>(t.bytes) / static_cast<double>(t.entries);
                       }),
              0, kHeight);
  svg += draw(panel_of("the most bytes for an entry while it grows", times,
                       [](const DictTimes& t) {
                         return static_cast<double>(t.bytes_max) / static_cast<double>(t.entries);
                       }),
              kWidth, kHeight);
  svg += draw(staircase(post), 2 * kWidth, kHeight);
  svg += legend(swept, "Measured: first table, highest load, growth", kLeft, 2 * kHeight + 24);
  svg += legend(post, "The staircase of the post", kWidth + 200, 2 * kHeight + 24);
  return svg + "</svg>\n";
}

}  // namespace reweave::repro
