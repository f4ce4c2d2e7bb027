#include "repro/file/comments.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace reweave::repro {
namespace {

struct Line {
  std::string_view text;                      // Without its comment.
  std::string words;                          // With one blank between two.
  std::string_view comment;                   // From its '#' on; "": none.
  std::vector<std::string_view> before = {};  // Lines of comment above it.
};

struct Lines {
  std::vector<Line> lines;                    // Those with a word.
  std::vector<std::string_view> behind = {};  // Lines of comment below the last.
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Where the comment of a line begins: at a word that begins with '#'.
std::size_t comment_of(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) return i;
  }
  return line.size();
}

std::string words_of(std::string_view line) {
  std::string words;
  for (const char c : line) {
    if (!is_blank(c)) {
      words += c;
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

Lines lines_of(std::string_view text) {
  Lines all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t comment = comment_of(line);
    std::string words = words_of(line.substr(0, comment));
    if (!words.empty()) {
      all.lines.push_back({.text = line.substr(0, comment),
                           .words = std::move(words),
                           .comment = line.substr(comment),
                           .before = std::move(all.behind)});
      all.behind.clear();
    } else if (comment < line.size()) {
      all.behind.push_back(line);
    }
  }
  return all;
}

/// For each line of `now` the one of `old` that it is, or null: a longest common series.
std::vector<const Line*> same_lines(const std::vector<Line>& old, const std::vector<Line>& now) {
  std::vector<const Line*> same(now.size());
  if (std::max(old.size(), now.size()) > kCommentedLinesMax) return same;
  const std::size_t width = now.size() + 1;
  std::vector<std::uint16_t> length((old.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
    return length[i * width + j];
  };
  for (std::size_t i = old.size(); i-- > 0;) {
    for (std::size_t j = now.size(); j-- > 0;) {
      at(i, j) = old[i].words == now[j].words ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                              : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0, j = 0;              // The next ones.
  std::size_t old_gap = 0, now_gap = 0;  // Behind the last pair.
  const auto close_gap = [&] {
    for (; now_gap < j; ++now_gap) {
      for (std::size_t k = old_gap; k < i && same[now_gap] == nullptr; ++k) {
        if (!say_the_same_of(old[k].words, now[now_gap].words)) continue;
        same[now_gap] = &old[k];
        old_gap = k + 1;
      }
    }
  };
  while (i < old.size() && j < now.size()) {
    if (old[i].words == now[j].words) {
      close_gap();
      same[j++] = &old[i++];
      old_gap = i;
      now_gap = j;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      ++i;
    } else {
      ++j;
    }
  }
  i = old.size();
  j = now.size();
  close_gap();
  return same;
}

void add(std::string& text, const std::vector<std::string_view>& comments) {
  for (const std::string_view comment : comments) text += std::string(comment) + "\n";
}

}  // namespace

std::string_view comment_behind(std::string_view line) {
  const std::size_t comment = comment_of(line);
  if (comment == line.size()) return "";
  return line.substr(line.substr(0, comment).find_last_not_of(" \t\r") + 1);
}

bool say_the_same_of(std::string_view line, std::string_view other) {
  const auto first = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
    return text.substr(0, text.find_first_of(" \t\r\n"));
  };
  const std::string_view word = first(line);
  return word == first(other) && (word == "finding" || word == "result" || word == "trace");
}

std::string with_comments_of(std::string_view old, std::string_view text) {
  const Lines before = lines_of(old), now = lines_of(text);
  if (before.lines.empty() || now.lines.empty()) return std::string(text);
  const std::vector<const Line*> same = same_lines(before.lines, now.lines);
  std::string out;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool has_word = !words_of(line.substr(0, comment_of(line))).empty();
    const Line* const kept = has_word ? same[number] : nullptr;
    if (has_word && number == 0) {
      add(out, before.lines.front().before);
    } else if (kept != nullptr && kept != &before.lines.front()) {
      add(out, kept->before);
    }
    out += line;
    if (kept != nullptr && !kept->comment.empty()) {
      // As far away as it was.
      const std::size_t gap = kept->text.size() - (kept->text.find_last_not_of(" \t\r") + 1);
      out += std::string(std::max<std::size_t>(gap, 1), ' ') + std::string(kept->comment);
    }
    out += "\n";
    number += has_word ? 1 : 0;
  }
  add(out, before.behind);
  return out;
}

}  // namespace reweave::repro
