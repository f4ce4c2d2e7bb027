#include "repro/report/place.h"

#include <algorithm>
#include <charconv>

namespace reweave::repro {
namespace {

bool is_digits(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

int number_of(std::string_view digits) {
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

/// A word without the marks that a sentence puts around it.
std::string_view bare(std::string_view word) {
  constexpr std::string_view kMarks = ",;:.()\"'";
  while (!word.empty() && kMarks.find(word.front()) != std::string_view::npos)
    word.remove_prefix(1);
  while (!word.empty() && kMarks.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return word;
}

void add(std::vector<Place>& places, Place place) {
  if (std::find(places.begin(), places.end(), place) == places.end())
    places.push_back(std::move(place));
}

}  // namespace

int line_of_site(std::string_view text, std::string_view site) {
  const std::size_t dot = site.rfind('.');
  const bool labelled = dot != std::string_view::npos && is_digits(site.substr(dot + 1));
  const std::string_view function = labelled ? site.substr(0, dot) : site;
  const int wanted = labelled ? number_of(site.substr(dot + 1)) : 0;
  bool inside = false;
  int label = 0, number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (words.empty()) continue;
    if (words[0] == "schedule" || words[0] == "verdict") return 0;
    if (words[0] == "function") {
      inside = words.size() > 1 && words[1] == function;
      label = 0;
      if (inside && !labelled) return number;
      continue;
    }
    // `end` and `then` are no sites.
    if (!inside || words[0] == "end" || words[0] == "then") continue;
    const bool has_label = words[0].size() > 1 && words[0].back() == ':' &&
                           is_digits(words[0].substr(0, words[0].size() - 1));
    label = has_label ? number_of(words[0].substr(0, words[0].size() - 1)) : label + 1;
    if (label == wanted) return number;
  }
  return 0;
}

std::vector<Place> places_of(const Finding& finding, std::string_view file, std::string_view text) {
  std::vector<Place> places;
  std::string_view before;  // The word before.
  const std::string_view message = finding.message;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t begin = message.find_first_not_of(" \n", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(message.find_first_of(" \n", begin), message.size());
    const std::string_view whole = message.substr(begin, end - begin), word = bare(whole);
    at = end;
    const std::size_t colon = word.rfind(':');
    const bool is_source = whole.starts_with('(') && colon != std::string_view::npos && colon > 0 &&
                           is_digits(word.substr(colon + 1));
    if (is_source) {
      add(places, {.file = std::string(word.substr(0, colon)),
                   .line = number_of(word.substr(colon + 1)),
                   .name = std::string(before)});
    } else if (before == "at") {
      if (const int line = line_of_site(text, word); line > 0)
        add(places, {.file = std::string(file), .line = line, .name = std::string(word)});
    }
    before = word;
  }
  if (finding.kind != FindingKind::kDeadlock && places.size() > 1)
    std::rotate(places.begin(), places.end() - 1, places.end());
  return places;
}

}  // namespace reweave::repro
