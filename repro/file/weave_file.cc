#include "repro/file/weave_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "repro/file/comments.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

using Words = std::vector<std::string_view>;

std::string join(const Words& words, std::size_t first) {
  std::string text;
  for (std::size_t index = first; index < words.size(); ++index) {
    if (index > first) text += ' ';
    text += words[index];
  }
  return text;
}

/// Text as a verdict keeps it: a word that begins with `#` would be a comment when it is read.
std::string as_words(std::string_view text) {
  std::string out;
  bool gap = true;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank && gap && !out.empty()) out += ' ';
    if (!blank && gap && c == '#') out += '_';
    if (!blank) out += c;
    gap = blank;
  }
  return out;
}

// ---- Reading ----

class WeaveReader {
 public:
  WeaveReader(std::string_view text, std::string_view name, Kinds kinds)
      : lines_(text, name), name_(name), kinds_(kinds) {}
  Expected<WeaveFile> read();

 private:
  Status read_version();
  Status read_kind();
  Status read_section();
  Status read_subject();
  Status read_settings();
  Status read_setting();
  Status read_schedule_section();
  Status read_verdict();
  Status read_verdict_line(Verdict& verdict);
  Error unexpected(std::string_view found) const;
  std::string how_it_begins() const;
  // One line of a section: false at its `end`. An error when the file ends before that.
  Expected<bool> next_in(const char* section);
  Error error(const std::string& what) const { return lines_.error(what); }

  LineReader lines_;
  std::string_view name_;
  Kinds kinds_;
  const SubjectKind* kind_ = nullptr;
  SettingValues settings_;
  bool says_kind_ = false;
  bool has_settings_ = false;
  std::vector<std::string> seen_settings_;
  std::unique_ptr<Subject> subject_;
  std::optional<Schedule> schedule_;
  std::optional<Verdict> verdict_;
};

Expected<WeaveFile> WeaveReader::read() {
  if (!lines_.status()) return lines_.status().error();
  if (Status status = read_version(); !status) return status.error();
  if (Status status = read_kind(); !status) return status.error();
  settings_ = SettingValues(kind_->settings());
  while (lines_.next()) {
    if (Status status = read_section(); !status) return status.error();
  }
  if (subject_ == nullptr) {
    const bool may_be_another = !says_kind_ && kinds_.size() > 1;
    return Error{fmt::format("{}: has no {}, perhaps it was cut off; {}{}", name_, kind_->noun(),
                             how_it_begins(),
                             may_be_another ? "; what is about another kind of subject, a program "
                                              "for example, says so: `subject KIND`"
                                            : "")};
  }
  WeaveFile file(*kind_, std::move(subject_), std::move(settings_));
  file.schedule = std::move(schedule_);
  file.verdict = std::move(verdict_);
  file.set_stated(std::move(seen_settings_));
  return file;
}

/// `subject NAME`, or nothing for the kind of the first files.
Status WeaveReader::read_kind() {
  std::string_view name = WeaveFile::kDefaultKind;
  const bool says = says_kind_ = lines_.next() && lines_.words()[0] == "subject";
  if (says) {
    if (lines_.words().size() != 2) return error("`subject` needs the name of one kind");
    name = lines_.words()[1];
  } else if (!lines_.words().empty()) {
    lines_.unread();
  }
  const Expected<const SubjectKind*> kind = find_kind(kinds_, name);
  if (!kind && name == "body") {
    return Error{fmt::format(
        "{}: was written by a program that calls reweave::check() or reweave::fuzz(), which alone "
        "can repeat it: run that program with REWEAVE_SCHEDULE={}",
        name_, name_)};
  }
  if (!kind)
    return says ? error(kind.error().message)
                : Error{fmt::format("{}: {}", name_, kind.error().message)};
  kind_ = *kind;
  return ok();
}

Status WeaveReader::read_section() {
  const Words& words = lines_.words();
  const std::string_view word = words[0];
  const bool section = word == "settings" || word == "schedule" || word == "verdict";
  if (section && words.size() > 1) {
    return error(fmt::format("`{}` stands alone on its line, but `{}` follows", word, words[1]));
  }
  if (word == "subject") return error("`subject` comes right after `weave 1`; move it up");
  if (word == "settings") {
    if (subject_ != nullptr) {
      return error(fmt::format("`settings` come before the {}; move them up", kind_->noun()));
    }
    if (has_settings_) return error("a second `settings`; one is enough");
    has_settings_ = true;
    return read_settings();
  }
  if (section && subject_ == nullptr) {
    return error(fmt::format("`{}` comes after the {}, and there is none before this line; {}",
                             word, kind_->noun(), how_it_begins()));
  }
  if (word == "schedule") {
    if (schedule_) return error("a second `schedule`; one is enough");
    if (verdict_) return error("`schedule` comes before `verdict`; move it up");
    return read_schedule_section();
  }
  if (word == "verdict") {
    if (verdict_) return error("a second `verdict`; one is enough");
    return read_verdict();
  }
  if (subject_ != nullptr) return unexpected(word);
  return read_subject();
}

Status WeaveReader::read_subject() {
  lines_.unread();
  Expected<std::unique_ptr<Subject>> subject = kind_->read(lines_);
  if (!subject) return subject.error();
  subject_ = std::move(subject).value();
  return ok();
}

/// "a scenario begins with `channel`, `slot` or `function`"
std::string WeaveReader::how_it_begins() const {
  const auto words = kind_->first_words();
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list += fmt::format("`{}`", words[i]);
  }
  return fmt::format("a {} begins with {}", kind_->noun(), list);
}

Status WeaveReader::read_version() {
  const std::string wanted = fmt::format("`weave {}`", WeaveFile::kVersion);
  if (!lines_.next())
    return Error{fmt::format("{}: is empty; a file begins with {}", name_, wanted)};
  const Words& words = lines_.words();
  if (words[0] != "weave") {
    return error(
        fmt::format("a file begins with {}, but here is `{}`", wanted, words[0].substr(0, 40)));
  }
  std::int64_t version = 0;
  if (words.size() != 2 ||
      !parse_number(words[1], 0, std::numeric_limits<std::int32_t>::max(), version)) {
    return error(fmt::format("`weave` needs one version number; write {}", wanted));
  }
  if (version != WeaveFile::kVersion) {
    return error(
        fmt::format("this is format {}, and this build of reweave reads format {}; {}", version,
                    WeaveFile::kVersion,
                    version > WeaveFile::kVersion ? "use a newer build" : "use an older build"));
  }
  return ok();
}

Error WeaveReader::unexpected(std::string_view found) const {
  Words known = {"schedule", "verdict", "settings"};
  const auto first = kind_->first_words();
  known.insert(known.end(), first.begin(), first.end());
  return error(fmt::format("`{}` is not known here{}; after a {} come `schedule` and `verdict`",
                           found.substr(0, 40), did_you_mean(found, known), kind_->noun()));
}

Expected<bool> WeaveReader::next_in(const char* section) {
  if (!lines_.next()) {
    return Error{fmt::format(
        "{}:{}: `{}` is not closed; the file ends without its `end`, perhaps it was cut off", name_,
        lines_.line(), section)};
  }
  const Words& words = lines_.words();
  if (words[0] != "end") return true;
  if (words.size() > 1) return error(fmt::format("`end` stands alone, but `{}` follows", words[1]));
  return false;
}

Status WeaveReader::read_settings() {
  for (;;) {
    const Expected<bool> more = next_in("settings");
    if (!more) return more.error();
    if (!*more) return ok();
    if (Status status = read_setting(); !status) return status;
  }
}

Status WeaveReader::read_setting() {
  const Words& words = lines_.words();
  const std::string_view word = words[0];
  for (const std::string& seen : seen_settings_) {
    if (seen == word) return error(fmt::format("`{}` is set a second time; delete one", word));
  }
  seen_settings_.emplace_back(word);
  const SettingInfo* const info = settings_.find(word);
  if (info == nullptr) return error(settings_.unknown(word).message);
  const bool may_be_empty = info->type == SettingType::kText;
  if (words.size() != 2 && !(words.size() == 1 && may_be_empty)) {
    return error(fmt::format("a setting is a name and one value, but `{}` has {} values",
                             word.substr(0, 40), words.size() - 1));
  }
  const std::string_view value = words.size() == 2 ? words[1] : std::string_view{};
  const Status status = settings_.set(word, value);
  if (status) return ok();
  return error(fmt::format("`{} {}`: {}", word, value.substr(0, 40), status.error().message));
}

Status WeaveReader::read_schedule_section() {
  Expected<Schedule> schedule = read_schedule(lines_);
  if (!schedule) return schedule.error();
  const Expected<bool> more = next_in("schedule");
  if (!more) return more.error();
  if (*more) {
    return error(fmt::format(
        "`{}` is not an answer; a line of a schedule is ACTOR KIND SITE NTH ANSWER, and "
        "`end` closes it",
        lines_.words()[0].substr(0, 40)));
  }
  schedule_ = std::move(schedule).value();
  return ok();
}

Status WeaveReader::read_verdict() {
  Verdict verdict;
  for (;;) {
    const Expected<bool> more = next_in("verdict");
    if (!more) return more.error();
    if (!*more) break;
    if (Status status = read_verdict_line(verdict); !status) return status;
  }
  verdict_ = std::move(verdict);
  return ok();
}

Status WeaveReader::read_verdict_line(Verdict& verdict) {
  const Words& words = lines_.words();
  const std::string_view word = words[0];
  if (word == "finding") {
    StatedFinding finding;
    std::int64_t step = 0;
    if (words.size() < 5 || words[2] != "step" ||
        !parse_number(words[3], 0, std::numeric_limits<std::int64_t>::max(), step)) {
      return error("a finding is written `finding KIND step N SIGNATURE`");
    }
    const std::optional<FindingKind> kind = find_finding_kind(words[1]);
    if (!kind) {
      Words known;
      for (int index = 0; index < kFindingKindCount; ++index) {
        known.push_back(finding_kind_name(static_cast<FindingKind>(index)));
      }
      return error(fmt::format("there is no kind of finding `{}`{}", words[1].substr(0, 40),
                               did_you_mean(words[1], known)));
    }
    if (verdict.findings.size() == Verdict::kFindingsMax) {
      return error(
          fmt::format("more than {} findings; keep the first ones", Verdict::kFindingsMax));
    }
    finding.kind = *kind;
    finding.step = static_cast<std::uint64_t>(step);
    finding.signature = join(words, 4);
    verdict.findings.push_back(std::move(finding));
    return ok();
  }
  if (word == "result") {
    if (words.size() < 2) return error("`result` needs words");
    if (verdict.results.size() == Verdict::kResultsMax) {
      return error(fmt::format("more than {} results", Verdict::kResultsMax));
    }
    verdict.results.push_back(join(words, 1));
    return ok();
  }
  if (word == "trace") {
    std::uint64_t hash = 0;
    const std::string_view digits = words.size() == 2 ? words[1] : std::string_view{};
    const auto [end, trouble] =
        std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
    if (digits.size() != 16 || trouble != std::errc{} || end != digits.data() + digits.size()) {
      return error("`trace` needs 16 hexadecimal digits");
    }
    if (verdict.trace_hash) return error("a second `trace`; delete one");
    verdict.trace_hash = hash;
    return ok();
  }
  return error(
      fmt::format("`{}` is not part of a verdict{}; it has lines `finding`, `result` and `trace`",
                  word.substr(0, 40), did_you_mean(word, {"finding", "result", "trace", "end"})));
}

/// As LineReader takes them from a line.
Words words_of(std::string_view line) {
  Words words;
  LineReader lines(line, "");
  if (lines.status() && lines.next()) words = lines.words();
  return words;
}

/// The section, each line without its end.
std::vector<std::string> verdict_lines(const Verdict& verdict) {
  std::vector<std::string> lines = {"verdict"};
  for (const StatedFinding& finding : verdict.findings) {
    lines.push_back(fmt::format("  finding {} step {} {}", finding_kind_name(finding.kind),
                                finding.step, as_words(finding.signature)));
  }
  for (const std::string& result : verdict.results)
    lines.push_back(fmt::format("  result {}", as_words(result)));
  if (verdict.trace_hash) lines.push_back(fmt::format("  trace {:016x}", *verdict.trace_hash));
  lines.push_back("end");
  return lines;
}

std::string finding_words(const StatedFinding& finding) {
  // Step 0: before the first, after the last, or not compared.
  const std::string where = finding.step == 0 ? "" : fmt::format(" at step {}", finding.step);
  return fmt::format("{}{}, signature \"{}\"", finding_kind_name(finding.kind), where,
                     finding.signature);
}

}  // namespace

WeaveFile::WeaveFile(const SubjectKind& kind, std::unique_ptr<Subject> subject,
                     SettingValues settings)
    : kind_(&kind), subject_(std::move(subject)), settings_(std::move(settings)) {
  CHECK(subject_ != nullptr);
  subject_->configure(settings_);
}

WeaveFile::WeaveFile(const WeaveFile& other)
    : schedule(other.schedule),
      verdict(other.verdict),
      livelock_counts(other.livelock_counts),
      source(other.source),
      kind_(other.kind_),
      subject_(other.subject_ == nullptr ? nullptr : other.make_subject()),
      settings_(other.settings_),
      stated_(other.stated_) {}

WeaveFile& WeaveFile::operator=(const WeaveFile& other) {
  WeaveFile copy(other);
  return *this = std::move(copy);
}

void WeaveFile::set_subject(std::unique_ptr<Subject> subject) {
  CHECK(subject != nullptr);
  subject_ = std::move(subject);
  subject_->configure(settings_);
}

void WeaveFile::set_settings(SettingValues settings) {
  settings_ = std::move(settings);
  subject_->configure(settings_);
}

std::unique_ptr<Subject> WeaveFile::make_subject() const {
  const std::string text = subject_->text();
  LineReader lines(text, kind_->name());
  Expected<std::unique_ptr<Subject>> subject = kind_->read(lines);
  CHECK_MSG(subject.has_value(), "a kind of subject does not read what it wrote");
  (*subject)->configure(settings_);
  return std::move(subject).value();
}

Expected<WeaveFile> read_weave(std::string_view text, std::string_view name, Kinds kinds) {
  return WeaveReader(text, name, kinds).read();
}

std::string write_weave(const WeaveFile& file) {
  std::string text = fmt::format("weave {}\n\n", WeaveFile::kVersion);
  if (file.kind().name() != WeaveFile::kDefaultKind)
    text += fmt::format("subject {}\n\n", file.kind().name());
  text += fmt::format("settings\n{}end\n\n", file.settings().lines("  "));
  text += file.subject().text();
  if (file.schedule) text += fmt::format("\nschedule\n{}end\n", file.schedule->text("  "));
  if (!file.verdict) return text;
  text += "\n";
  for (const std::string& line : verdict_lines(*file.verdict)) text += line + "\n";
  return text;
}

std::string write_with_comments(const WeaveFile& file) {
  const std::string text = write_weave(file);
  return file.source.empty() ? text : with_comments_of(file.source, text);
}

namespace {

/// `text` with `lines`, a whole section, in place of the one that begins with the same word, or
/// behind all else if there is none.
std::string with_section(std::string_view text, const std::vector<std::string>& lines) {
  std::vector<std::string_view> old;  // With their ends.
  while (!text.empty()) {
    const std::size_t bytes = std::min(text.find('\n'), text.size() - 1) + 1;
    old.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  const auto begins_with = [](std::string_view line, std::string_view word) {
    const Words words = words_of(line);
    return !words.empty() && words[0] == word;
  };
  const std::string end = !old.empty() && old[0].ends_with("\r\n") ? "\r\n" : "\n";
  // A section comes behind the subject, whose operations may be called as it is.
  std::size_t begin = old.size();
  for (std::size_t i = 0; i < old.size(); ++i)
    if (begins_with(old[i], lines.front())) begin = i;
  std::string out;
  std::size_t next = 0;  // Of the old lines.
  for (; next < begin; ++next) out += old[next];
  if (next == old.size()) {
    if (!out.empty() && out.back() != '\n') out += end;
    out += end;
  }
  std::map<std::string, std::vector<std::size_t>> places;  // Of each new line.
  for (std::size_t i = 0; i < lines.size(); ++i) places[join(words_of(lines[i]), 0)].push_back(i);
  std::size_t written = 0;                  // Of the new lines.
  std::vector<std::string_view> commented;  // Old lines behind the last that stayed, which do not.
  const auto write_up_to = [&](std::size_t count) {
    for (; written < count; ++written) {
      const auto changed = std::find_if(
          commented.begin(), commented.end(),
          [&](std::string_view line) { return say_the_same_of(line, lines[written]); });
      out += lines[written];
      if (changed != commented.end()) {
        out += comment_behind(*changed);
        commented.erase(commented.begin(), changed + 1);
      }
      out += end;
    }
    commented.clear();
  };
  for (bool inside = next < old.size(); inside && next < old.size(); ++next) {
    const Words words = words_of(old[next]);
    inside = words.empty() || words[0] != "end";
    if (words.empty()) {
      out += old[next];
      continue;
    }
    const auto same = places.find(join(words, 0));
    const std::vector<std::size_t> none;
    const std::vector<std::size_t>& there = same == places.end() ? none : same->second;
    const auto place = std::lower_bound(there.begin(), there.end(), written);
    if (place == there.end()) {
      const std::string_view line = old[next].substr(0, old[next].find_last_not_of("\r\n") + 1);
      if (!comment_behind(line).empty()) commented.push_back(line);
      continue;
    }
    write_up_to(*place);
    out += old[next];
    ++written;
  }
  if (written < lines.size() && !out.empty() && out.back() != '\n') out += end;
  write_up_to(lines.size());
  for (; next < old.size(); ++next) out += old[next];
  return out;
}

}  // namespace

std::string with_verdict(std::string_view text, const Verdict& verdict) {
  return with_section(text, verdict_lines(verdict));
}

std::string with_schedule(std::string_view text, const Schedule& schedule) {
  std::vector<std::string> lines = {"schedule"};
  const std::string answers = schedule.text("  ");
  for (std::size_t begin = 0; begin < answers.size();) {
    const std::size_t stop = answers.find('\n', begin);
    lines.push_back(answers.substr(begin, stop - begin));
    begin = stop + 1;
  }
  lines.push_back("end");
  return with_section(text, lines);
}

Verdict verdict_of(const std::vector<Finding>& findings, const std::vector<std::string>& results,
                   std::optional<std::uint64_t> trace_hash) {
  Verdict verdict;
  for (const Finding& finding : findings) {
    if (verdict.findings.size() == Verdict::kFindingsMax) break;
    const std::string signature = as_words(finding.signature);
    verdict.findings.push_back({finding.kind, finding.step, signature.empty() ? "-" : signature});
  }
  for (const std::string& result : results) {
    if (verdict.results.size() == Verdict::kResultsMax) break;
    verdict.results.push_back(as_words(result));
  }
  verdict.trace_hash = trace_hash;
  return verdict;
}

std::string difference(const Verdict& expected, const Verdict& found, bool is_compiled) {
  if (is_compiled) {
    Verdict before = expected, now = found;
    for (Verdict* const verdict : {&before, &now}) {
      verdict->trace_hash.reset();
      for (StatedFinding& finding : verdict->findings) finding.step = 0;
    }
    return difference(before, now);
  }
  for (std::size_t index = 0; index < std::max(expected.findings.size(), found.findings.size());
       ++index) {
    if (index >= found.findings.size()) {
      return "expected " + finding_words(expected.findings[index]) + "; it did not show";
    }
    if (index >= expected.findings.size())
      return "unexpected " + finding_words(found.findings[index]);
    if (expected.findings[index] != found.findings[index]) {
      return "expected " + finding_words(expected.findings[index]) + "; found " +
             finding_words(found.findings[index]);
    }
  }
  for (std::size_t index = 0; index < std::max(expected.results.size(), found.results.size());
       ++index) {
    const bool had = index < expected.results.size();
    const bool has = index < found.results.size();
    if (had && has && expected.results[index] == found.results[index]) continue;
    return fmt::format("result {}: expected \"{}\"; found \"{}\"", index + 1,
                       had ? expected.results[index] : "nothing",
                       has ? found.results[index] : "nothing");
  }
  if (expected.trace_hash != found.trace_hash && expected.trace_hash) {
    return fmt::format("expected trace hash {:016x}; found {}", *expected.trace_hash,
                       found.trace_hash ? fmt::format("{:016x}", *found.trace_hash) : "none");
  }
  return "";
}

}  // namespace reweave::repro
