#include "scheduler/schedule.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <tuple>

#include "scheduler/base/nearest.h"

namespace reweave {
namespace {

constexpr std::size_t kActorBytesMax = 1500, kSiteBytesMax = 256;
constexpr std::int64_t kNumberMax = UINT32_MAX;

std::array<std::string, 5> words_of(const NamedAnswer& answer) {
  return {answer.actor, question_kind_name(answer.kind), answer.site, std::to_string(answer.nth),
          answer.kind == QuestionKind::kRun ? answer.chosen : std::to_string(answer.answer)};
}

/// "0", "0.1", "0.12.3": ordinals from 1, without leading zeros.
bool is_actor_path(std::string_view word) {
  if (word.empty() || word[0] != '0' || word.size() > kActorBytesMax) return false;
  word.remove_prefix(1);
  while (!word.empty()) {
    if (word[0] != '.') return false;
    const std::size_t end = std::min(word.find('.', 1), word.size());
    std::int64_t ordinal = 0;
    if (!parse_number(word.substr(1, end - 1), 1, kNumberMax, ordinal)) return false;
    word.remove_prefix(end);
  }
  return true;
}

std::string quoted(std::string_view word) {
  constexpr std::size_t kShown = 60;
  std::string text = "\"";
  text += word.substr(0, kShown);
  if (word.size() > kShown) text += "...";
  return text + "\"";
}

std::string unknown_kind(std::string_view word) {
  std::vector<std::string_view> known;
  for (int i = 0; i < kQuestionKindCount; ++i) {
    known.push_back(question_kind_name(static_cast<QuestionKind>(i)));
  }
  std::string text =
      quoted(word) + " is no kind of question" + did_you_mean(word, known) + "; kinds are";
  for (const std::string_view kind : known) (text += ' ') += kind;
  return text;
}

/// Reads five words. Returns what is wrong with them, or an empty string.
std::string read_answer(std::span<const std::string_view> words, NamedAnswer& answer) {
  if (words.size() != 5) {
    return "an answer has 5 words, ACTOR KIND SITE NTH ANSWER, for example \"0.1 spill callback.2 "
           "0 1\"; found " +
           std::to_string(words.size());
  }
  if (!is_actor_path(words[0])) {
    return quoted(words[0]) +
           " is no path of an actor; the root is \"0\", its second child \"0.2\"";
  }
  const auto kind = find_question_kind(words[1]);
  if (!kind) return unknown_kind(words[1]);
  if (words[2].size() > kSiteBytesMax) {
    return "the name of the site has " + std::to_string(words[2].size()) + " bytes; at most " +
           std::to_string(kSiteBytesMax) + " are read";
  }
  if (words[2].back() == ';') {
    return quoted(words[2]) +
           " is no name of a site: where all are in a line \"; \" ends an answer";
  }
  std::int64_t nth = 0;
  if (!parse_number(words[3], 0, kNumberMax, nth)) {
    return quoted(words[3]) + " is no count of earlier times at this site; write a number from 0";
  }
  answer.actor = words[0];
  answer.kind = *kind;
  answer.site = words[2];
  answer.nth = static_cast<std::uint32_t>(nth);
  if (*kind == QuestionKind::kRun) {
    if (!is_actor_path(words[4])) {
      return quoted(words[4]) +
             " is no path of an actor; `run` is answered with the actor that goes on, such as "
             "\"0.2\"";
    }
    answer.chosen = words[4];
    return {};
  }
  std::int64_t number = 0;
  if (!parse_number(words[4], 0, kNumberMax, number)) {
    return quoted(words[4]) + " is no answer; write a number from 1";
  }
  if (number == 0) return "the answer 0 is the ordinary one and is never written; delete the line";
  answer.answer = static_cast<std::uint32_t>(number);
  return {};
}

using QuestionName = std::tuple<std::string, QuestionKind, std::string, std::uint32_t>;
QuestionName name_of(const NamedAnswer& answer) {
  return {answer.actor, answer.kind, answer.site, answer.nth};
}

template <typename PathOf>
Schedule make_schedule(const Subject& subject, std::span<const NamedRecord> records,
                       PathOf path_of) {
  Schedule schedule;
  schedule.answers.reserve(records.size());
  for (const NamedRecord& record : records) {
    NamedAnswer answer;
    answer.actor = path_of(record.actor);
    answer.kind = record.kind;
    answer.site = subject.site_name(record.site);
    answer.nth = record.nth;
    if (record.kind == QuestionKind::kRun) {
      answer.chosen = path_of(record.chosen);
    } else {
      answer.answer = record.answer;
    }
    schedule.answers.push_back(std::move(answer));
  }
  return schedule;
}

}  // namespace

std::string answer_text(const NamedAnswer& answer) {
  const auto words = words_of(answer);
  std::string text = words[0];
  for (std::size_t i = 1; i < words.size(); ++i) text += " " + words[i];
  return text;
}

std::string Schedule::text(std::string_view indent) const {
  std::array<std::size_t, 5> widths{};
  for (const NamedAnswer& answer : answers) {
    const auto words = words_of(answer);
    for (std::size_t i = 0; i < words.size(); ++i) widths[i] = std::max(widths[i], words[i].size());
  }
  std::string text;
  for (const NamedAnswer& answer : answers) {
    const auto words = words_of(answer);
    text += indent;
    for (std::size_t i = 0; i < words.size(); ++i) {
      text += words[i];
      if (i + 1 < words.size()) text.append(widths[i] - words[i].size() + 1, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string Schedule::one_line(std::size_t chars_max) const {
  if (answers.empty()) return "ordinary";
  std::string line;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string next = (i == 0 ? "" : "; ") + answer_text(answers[i]);
    const std::string rest = "; and " + std::to_string(answers.size() - i - 1) + " more";
    const bool last = i + 1 == answers.size();
    if (i > 0 && line.size() + next.size() + (last ? 0 : rest.size()) > chars_max) {
      return line + "; and " + std::to_string(answers.size() - i) + " more";
    }
    line += next;
  }
  return line;
}

Expected<Schedule> read_schedule(LineReader& reader) {
  if (!reader.status()) return reader.status().error();
  Schedule schedule;
  std::map<QuestionName, int> lines;
  while (reader.next()) {
    const auto& words = reader.words();
    if (words[0][0] < '0' || words[0][0] > '9') {
      reader.unread();
      break;
    }
    if (schedule.answers.size() == Schedule::kAnswersMax) {
      return reader.error("a schedule has at most " + std::to_string(Schedule::kAnswersMax) +
                          " answers");
    }
    NamedAnswer answer;
    const std::string fault = read_answer(words, answer);
    if (!fault.empty()) return reader.error(fault);
    const auto [earlier, is_new] = lines.emplace(name_of(answer), reader.line());
    if (!is_new) {
      return reader.error("this question was already answered in line " +
                          std::to_string(earlier->second) + "; delete one of the two");
    }
    schedule.answers.push_back(std::move(answer));
  }
  return schedule;
}

Expected<Schedule> parse_schedule(std::string_view text, std::string_view name) {
  LineReader reader(text, name);
  Expected<Schedule> schedule = read_schedule(reader);
  if (!schedule) return schedule;
  if (reader.next()) {
    return reader.error(
        "expected an answer, which begins with the path of an actor such as \"0.1\"; found " +
        quoted(reader.words()[0]));
  }
  return schedule;
}

Expected<Schedule> parse_one_line(std::string_view text) {
  if (text == "ordinary") return Schedule{};
  std::string lines;
  for (const char c : text) lines += c == '\n' ? ' ' : c;
  for (std::size_t at = lines.find("; "); at != std::string::npos; at = lines.find("; ", at)) {
    lines[at] = '\n';
  }
  if (lines.find("\n and ") != std::string::npos) {
    return Error{
        "schedule: the line was cut off (\"and … more\"); take it from the repro or from JSON"};
  }
  return parse_schedule(lines, "schedule");
}

Schedule named_schedule(const Subject& subject, const Execution& execution) {
  return make_schedule(subject, execution.named_answers(),
                       [&](ActorId actor) { return execution.actor_path(actor); });
}

Schedule named_schedule(const Subject& subject, const SharedTape& tape) {
  return make_schedule(subject, tape.named_records(),
                       [&](ActorId actor) { return tape.path_of(actor); });
}

}  // namespace reweave
