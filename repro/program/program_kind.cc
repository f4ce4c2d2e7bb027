#include "repro/program/program_kind.h"

#include <cctype>
#include <utility>

#include "repro/program/start_program.h"
#include "scheduler/base/internal_check.h"

namespace reweave::repro {
namespace {

constexpr std::string_view kFirstWords[] = {"command"};

// Initial values are larger than those of scenarios: an access to memory is a step.
constexpr SettingInfo kSettings[] = {
    {.word = "steps-max",
     .type = SettingType::kNumber,
     .initial = 10'000'000,
     .low = 1,
     .high = 10'000'000'000,
     .flag = "steps-max",
     .help = "Stop an execution after so many steps, 64 with one thread alone counting as one; "
             "where it only goes round in circles that is a livelock (default: 10000000)"},
    {.word = "questions-max",
     .type = SettingType::kNumber,
     .initial = 1'000'000,
     .low = 0,
     .high = 1'000'000,
     .help = "Questions of an execution; beyond, threads take turns and nothing is chosen"},
    {.word = "races",
     .type = SettingType::kOnOff,
     .flag = "races",
     .help = "on: two accesses that nothing orders, one of them a write, are a finding"},
    {.word = "spurious",
     .type = SettingType::kOnOff,
     .flag = "spurious",
     .help = "on: waiting at a condition variable may end though nobody notified, as POSIX allows"},
};

}  // namespace

std::string escape_word(std::string_view word) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string escaped;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool plain = byte > ' ' && byte != 0x7f && byte != '%' && !(byte == '#' && i == 0);
    if (plain) {
      escaped += word[i];
    } else {
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped.empty() ? "%" : escaped;  // An empty word.
}

std::optional<std::string> unescape_word(std::string_view escaped) {
  if (escaped == "%") return "";
  std::string word;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      word += escaped[i];
      continue;
    }
    int byte = 0;
    for (int digit = 0; digit < 2; ++digit) {
      if (++i == escaped.size()) return std::nullopt;
      const char c = escaped[i];
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
      byte = byte * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    if (byte == 0) return std::nullopt;
    word += static_cast<char>(byte);
  }
  return word;
}

// ---- ProgramSubject ----

std::string ProgramSubject::text() const {
  std::string text = "command";
  for (const std::string& word : words_) text += " " + escape_word(word);
  return text + "\n";
}

void ProgramSubject::run(Execution&) {
  CHECK_MSG(false, "a program runs in a process of its own: see SubjectKind::run_elsewhere()");
}
std::string ProgramSubject::site_name(SiteId) const { return "elsewhere"; }
std::optional<SiteId> ProgramSubject::find_site(std::string_view) const { return std::nullopt; }
std::string ProgramSubject::describe(const Event&) const { return ""; }

// ---- ProgramKind ----

std::span<const std::string_view> ProgramKind::first_words() const { return kFirstWords; }
std::span<const SettingInfo> ProgramKind::settings() const { return kSettings; }
std::span<const SettingInfo> program_settings() { return kSettings; }

Expected<std::unique_ptr<Subject>> ProgramKind::read(LineReader& lines) const {
  std::vector<std::string> words;
  bool seen = false;
  while (next_of_subject(lines)) {
    if (lines.words().front() != "command" || seen)
      return lines.error("a program is one line: command PROGRAM ARGUMENTS");
    seen = true;
    for (std::size_t i = 1; i < lines.words().size(); ++i) {
      std::optional<std::string> word = unescape_word(lines.words()[i]);
      if (!word) {
        return lines.error("\"" + std::string(lines.words()[i]) +
                           "\": a '%' stands before two hexadecimal digits, which are not 00");
      }
      words.push_back(*std::move(word));
    }
    // A first word of nothing but an escape is empty.
    if (words.empty() || words.front().empty())
      return lines.error("name the program: command PROGRAM ARGUMENTS");
  }
  if (!seen) return lines.error("there is no program: command PROGRAM ARGUMENTS");
  return from_arguments(words);
}

Expected<std::unique_ptr<Subject>> ProgramKind::from_arguments(
    std::span<const std::string> words) const {
  std::vector<std::string> all(words.begin(), words.end());
  if (all.empty() || all.front().empty()) return Error{"name a program after `--`"};
  if (make_ != nullptr) return make_(std::move(all));
  return std::unique_ptr<Subject>(std::make_unique<ProgramSubject>(std::move(all)));
}

std::optional<int> ProgramKind::run_elsewhere(const Subject& subject,
                                              std::span<const std::string> words,
                                              std::string* output) const {
  if (make_ != nullptr) return std::nullopt;
  return start_program(subject.arguments(), words, output);
}

const SubjectKind& program_kind() {
  static const ProgramKind kind;
  return kind;
}

}  // namespace reweave::repro
