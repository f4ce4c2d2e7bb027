#include "repro/campaign/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "repro/campaign/children.h"
#include "repro/campaign/status_page.h"
#include "repro/file/workdir.h"
#include "repro/file/writing.h"
#include "repro/report/printable.h"
#include "repro/run/process.h"
#include "scheduler/base/wall_clock.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kFound = 1, kUsage = 2, kDiverged = 3, kOutput = 74;  // Exit codes of hunts.
constexpr int kConfirmMs = 600'000, kLookMs = 200, kReloadSeconds = 10;
constexpr std::uint64_t kFailedInARowMax = 3, kGraceMs = 10'000;

/// What a hunt told.
struct UnitReport {
  std::uint64_t executions = 0;
  std::uint64_t questions = 0;
  std::uint64_t stopped = 0;  // Executions, at a limit.
  std::string stopped_by{};
  std::map<std::string, std::uint64_t> times{};
  std::string not_written{};  // Why repros could not be, and what would be in them.
};

std::optional<UnitReport> read_report(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("signatures")) return std::nullopt;
  try {
    UnitReport report{.executions = json.at("executions"),
                      .questions = json.at("questions"),
                      .stopped = json.at("stopped"),
                      .stopped_by = json.at("stopped_by")};
    for (const char* const list : {"signatures", "masked"}) {
      for (const Json& row : json.at(list)) {
        report.times[row.at("signature")] += row.at("times").get<std::uint64_t>();
        if (!row.contains("repro_text")) continue;
        report.not_written += fmt::format("{}; to be kept by hand, what follows:\n{}\n",
                                          row.at("error").get<std::string>(),
                                          row.at("repro_text").get<std::string>());
      }
    }
    return report;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

/// A folder of repros that were taken, and those in it; what still holds something stays.
void remove_if_empty(const std::string& folder) {
  std::error_code ignored;
  std::vector<fs::path> below;
  for (fs::directory_iterator entry(folder, ignored); !ignored && entry != fs::directory_iterator();
       entry.increment(ignored)) {
    if (entry->symlink_status().type() == fs::file_type::directory) below.push_back(entry->path());
  }
  for (const fs::path& inner : below) fs::remove(inner, ignored);
  fs::remove(folder, ignored);
}

class Campaign {
 public:
  Campaign(const CampaignFolder& folder, const CampaignOptions& options)
      : folder_(folder), options_(options) {}

  CampaignResult run();

 private:
  struct Running {
    Unit unit;
    std::size_t arm = 0;
    bool again = false;  // Its process died before.
  };

  ShardState fresh_state() const;
  bool begin();
  void go_on();
  bool start_units();
  std::optional<Unit> next_unit();
  bool start(const Running& running);
  std::vector<std::string> words_of(const Running& running) const;
  void take(const Children::Ended& ended);
  void take_report(const Running& running, const UnitReport& report);
  void died(const Running& running, const Children::Ended& ended);
  std::uint64_t take_news(const std::string& folder);
  std::string news_of(const Unit& unit) const;
  bool confirm(const std::string& path, std::string& report) const;
  bool save();
  bool should_stop();
  void stop(CampaignEnd end, std::string trouble = "");
  void show_progress(bool now);
  std::uint64_t elapsed() const { return wall_clock_ms() - begin_ms_; }
  std::vector<ArmRecord> records() const;
  void tell(const std::string& text) const {
    if (options_.tell) options_.tell(text);
  }

  const CampaignFolder& folder_;
  const CampaignOptions& options_;
  ShardLock lock_;
  ShardState state_;
  std::string name_;  // Of the state.
  std::uint64_t begin_ms_ = wall_clock_ms();
  std::uint64_t before_ms_ = 0;  // What the state had when this run began.
  std::uint64_t shown_ms_ = 0;
  std::uint64_t executions_before_ = 0;  // In other runs.
  std::uint64_t failed_in_a_row_ = 0;
  std::uint64_t next_ = 0;                    // The first unit that was not started.
  std::set<std::string> known_;               // Signatures in repros/.
  std::map<std::uint64_t, Running> running_;  // By number of the unit.
  Children children_;
  std::optional<CampaignResult> result_;
};

ShardState Campaign::fresh_state() const {
  ShardState state{.seed = options_.seed, .shard = options_.shard, .next = options_.shard.index};
  std::string flags;
  for (const std::string& flag : options_.flags) flags += " " + flag;
  for (const CampaignOptions::Target& target : options_.targets) {
    for (const std::string& strategy : target.strategies)
      state.arms.push_back({.target = target.name + flags, .strategy = strategy});
  }
  return state;
}

void Campaign::stop(CampaignEnd end, std::string trouble) {
  if (!result_) result_ = CampaignResult{.end = end, .trouble = std::move(trouble)};
}

/// False: it cannot work here, and says why.
bool Campaign::begin() {
  if (Status status = folder_.prepare(); !status) {
    stop(CampaignEnd::kNotWritten, status.error().message);
    return false;
  }
  state_ = fresh_state();
  name_ = state_.name();
  if (Status status = lock_.take(folder_, name_); !status) {
    stop(CampaignEnd::kUnavailable, status.error().message);
    return false;
  }
  Expected<ShardState> state = folder_.read_state(state_);
  if (!state) {
    stop(CampaignEnd::kUsage, state.error().message);
    return false;
  }
  state_ = std::move(state).value();
  before_ms_ = state_.milliseconds;
  executions_before_ = state_.executions;
  next_ = state_.next;
  if (state_.units > 0) {
    tell(fmt::format("goes on after {} in {}", plural(state_.executions, "execution"),
                     plural(state_.units, "unit")));
  }
  take_news(folder_.news_of(name_));  // Of a run that was killed.
  return save();
}

bool Campaign::save() {
  state_.milliseconds = before_ms_ + elapsed();
  const Status status = folder_.write_state(state_);
  if (status) return true;
  stop(CampaignEnd::kNotWritten, status.error().message);
  return false;
}

std::vector<ArmRecord> Campaign::records() const {
  std::vector<ArmRecord> records;
  for (const ArmState& arm : state_.arms) records.push_back(arm.record);
  return records;
}

std::optional<Unit> Campaign::next_unit() {
  const Plan plan(options_.seed, state_.arms.size(), options_.executions);
  while (state_.is_done(next_)) next_ += options_.shard.count;
  const std::optional<Unit> unit = plan.unit(next_);
  if (unit) next_ += options_.shard.count;
  return unit;
}

/// False: there is nothing more to start.
bool Campaign::start_units() {
  while (children_.count() < options_.jobs) {
    const std::uint64_t number = next_;
    const std::optional<Unit> unit = next_unit();
    if (!unit) {
      if (running_.empty()) stop(CampaignEnd::kExecutions);
      return false;
    }
    const std::optional<std::size_t> arm = choose_arm(*unit, records());
    if (!arm) {
      next_ = number;
      stop(CampaignEnd::kExhausted);
      return false;
    }
    if (!start({.unit = *unit, .arm = *arm})) return false;
  }
  return true;
}

std::vector<std::string> Campaign::words_of(const Running& running) const {
  std::size_t target = 0, first = 0;
  while (running.arm >= first + options_.targets[target].strategies.size())
    first += options_.targets[target++].strategies.size();
  std::uint64_t milliseconds = options_.unit_milliseconds;
  if (options_.milliseconds != 0) {
    const std::uint64_t spent = std::min(elapsed(), options_.milliseconds - 1);
    milliseconds = std::min(milliseconds, options_.milliseconds - spent);
  }
  std::vector<std::string> words = {options_.tool,
                                    "hunt",
                                    "--keep-going",
                                    "--shrink",
                                    "--quiet",
                                    "--format=json",
                                    fmt::format("--seed={}", running.unit.seed),
                                    fmt::format("--executions={}", running.unit.executions),
                                    fmt::format("--seconds={}ms", milliseconds),
                                    "--output=" + news_of(running.unit),
                                    "--known=" + folder_.repros(),
                                    "--known=" + folder_.news()};
  for (const std::string& known : options_.known) words.push_back("--known=" + known);
  const std::string& strategy = state_.arms[running.arm].strategy;
  if (!strategy.empty()) words.push_back("--strategy=" + strategy);
  words.insert(words.end(), options_.flags.begin(), options_.flags.end());
  const std::vector<std::string>& subject = options_.targets[target].words;
  words.insert(words.end(), subject.begin(), subject.end());
  return words;
}

bool Campaign::start(const Running& running) {
  const Status status = children_.start(running.unit.number, words_of(running));
  if (!status) {
    stop(CampaignEnd::kUnavailable, status.error().message);
    return false;
  }
  running_[running.unit.number] = running;
  return true;
}

/// In a fresh process, twice: `check` says whether it does what its verdict says, `replay` tells a
/// person, who finds the repro where it will be.
bool Campaign::confirm(const std::string& path, std::string& report) const {
  if (!run_process({options_.tool, "check", path}, {.timeout_ms = kConfirmMs}).succeeded())
    return false;
  const ProcessResult replay =
      run_process({options_.tool, "replay", path}, {.timeout_ms = kConfirmMs});
  report = replay.output;
  const std::string final_path = folder_.repros() + "/" + fs::path(path).filename().string();
  for (std::size_t at = 0; (at = report.find(path, at)) != std::string::npos;
       at += final_path.size())
    report.replace(at, path.size(), final_path);
  return replay.end == ProcessResult::End::kExited && replay.code == kFound;
}

/// Where the hunt of that unit writes: nobody touches what is there before it has ended.
std::string Campaign::news_of(const Unit& unit) const {
  return fmt::format("{}/{}", folder_.news_of(name_), unit.number);
}

/// Confirms what hunts that have ended left in a folder below new/; how many signatures nobody
/// knew.
std::uint64_t Campaign::take_news(const std::string& folder) {
  std::uint64_t count = 0;
  known_ = folder_.find_repros().signatures();
  for (const ReproFacts& found : find_repros(folder).repros) {
    std::string report;
    Status status = ok();
    if (found.signatures.empty() || !confirm(found.name, report)) {
      status = folder_.set_aside(found.name);
      state_.add_trouble(fmt::format("{}: not the same in a fresh process; it is in {}",
                                     fs::path(found.name).filename().string(),
                                     folder_.unconfirmed()));
    } else {
      status = write_file(folder_.report_of(found.name), report);
      if (status) status = folder_.take(found.name);
    }
    if (!status) {
      stop(CampaignEnd::kNotWritten, status.error().message);
      return count;
    }
  }
  for (const std::string& signature : folder_.find_repros().signatures()) {
    if (!known_.insert(signature).second) continue;
    ++count;
    tell(fmt::format("new: {}", printable(signature)));
  }
  remove_if_empty(folder);
  return count;
}

void Campaign::take_report(const Running& running, const UnitReport& report) {
  const std::uint64_t found = take_news(news_of(running.unit));
  if (result_ && result_->end == CampaignEnd::kNotWritten) return;  // The unit is done again.
  ArmState& arm = state_.arms[running.arm];
  arm.record.add_unit(report.executions, found);
  arm.record.questions += report.questions;
  arm.record.stopped += report.stopped;
  state_.executions += report.executions;
  ++state_.units;
  for (const auto& [signature, count] : report.times) state_.times[signature] += count;
  if (found > 0) state_.last_new_milliseconds = before_ms_ + elapsed();
  if (report.stopped_by == "exhausted") {
    for (ArmState& other : state_.arms) {
      if (other.target == arm.target) other.record.exhausted = true;
    }
  }
  // Without a limit of time a campaign does the same each time, but for what is said here.
  if (report.stopped_by == "seconds" && options_.milliseconds == 0) {
    state_.add_trouble(
        fmt::format("a hunt was cut off after {} s, with {} of {} (seed {})",
                    options_.unit_milliseconds / 1'000, with_commas(report.executions),
                    plural(running.unit.executions, "execution"), running.unit.seed));
  }
  state_.set_done(running.unit.number);
  state_.add_sample({.milliseconds = before_ms_ + elapsed(),
                     .executions = state_.executions,
                     .signatures = known_.size()});
  save();
}

void Campaign::died(const Running& running, const Children::Ended& ended) {
  const std::string what =
      fmt::format("a hunt {} {}: {}", ended.exited ? "left with exit code" : "was ended by signal",
                  ended.code, printable(ended.errors.substr(0, ended.errors.find('\n'))));
  if (!running.again) {
    tell(what + "; it is started once more");
    Running again = running;
    again.again = true;
    start(again);
    return;
  }
  tell(what + "; it is left out");
  state_.add_trouble(what);
  ++state_.failed;
  state_.set_done(running.unit.number);
  if (++failed_in_a_row_ >= kFailedInARowMax) stop(CampaignEnd::kUnavailable, what);
  save();
}

void Campaign::take(const Children::Ended& ended) {
  const Running running = running_.at(ended.tag);
  running_.erase(ended.tag);
  const std::optional<UnitReport> report = read_report(ended.output);
  if (!ended.exited || !report) {
    if (result_) return;  // It was asked to end, and is done again.
    if (ended.exited && ended.code == kUsage) {
      stop(CampaignEnd::kUsage, ended.errors);
    } else {
      died(running, ended);
    }
    return;
  }
  failed_in_a_row_ = 0;
  if (ended.code == kOutput) {
    stop(CampaignEnd::kNotWritten, report->not_written);
    return;
  }
  if (ended.code == kDiverged)
    state_.add_trouble(fmt::format("{}: not deterministic (seed {})",
                                   state_.arms[running.arm].target, running.unit.seed));
  if (report->stopped_by == "interrupted") {
    take_news(news_of(running.unit));
    return;
  }
  take_report(running, *report);
}

bool Campaign::should_stop() {
  if (options_.keep_going && !options_.keep_going()) stop(CampaignEnd::kInterrupted);
  if (options_.milliseconds != 0 && elapsed() >= options_.milliseconds) stop(CampaignEnd::kSeconds);
  const Leftover left = leftover(state_.times, state_.executions);
  if (options_.left_one_in != 0 && left.one_in() >= options_.left_one_in)
    stop(CampaignEnd::kLittleLeft);
  return result_.has_value();
}

void Campaign::show_progress(bool now) {
  const std::uint64_t ms = elapsed();
  if (!now && ms - shown_ms_ < options_.progress_milliseconds) return;
  shown_ms_ = ms;
  const std::uint64_t ran = state_.executions - executions_before_;
  const std::uint64_t quiet = before_ms_ + ms - state_.last_new_milliseconds;
  tell(fmt::format("{} s: {}, {}/s, {}, {}, last new one {} s ago, {} at work; {}", ms / 1000,
                   plural(state_.executions, "execution"),
                   with_commas(ms == 0 ? 0 : ran * 1000 / ms), plural(state_.units, "unit"),
                   plural(known_.size(), "signature"), quiet / 1000, children_.count(),
                   leftover(state_.times, state_.executions).text()));
  const Status status = write_file(
      folder_.page(), status_page(folder_, status_of(folder_), now ? 0 : kReloadSeconds));
  if (!status) tell(status.error().message);
}

void Campaign::go_on() {
  std::uint64_t asked_ms = 0;
  for (bool more = true;;) {
    if (!should_stop() && more) more = start_units();
    if (children_.count() == 0) return;
    if (result_ && asked_ms == 0) {
      // At the end of its time a hunt ends by itself, at once.
      const bool ends = result_->end == CampaignEnd::kSeconds;
      asked_ms = wall_clock_ms() + (ends ? kGraceMs : 0);
    }
    if (result_ && wall_clock_ms() >= asked_ms) {
      children_.ask_to_end();
      asked_ms = wall_clock_ms() + kGraceMs;
    }
    if (const std::optional<Children::Ended> ended = children_.wait(kLookMs)) {
      take(*ended);
      more = true;
    }
    show_progress(false);
  }
}

CampaignResult Campaign::run() {
  if (begin()) {
    go_on();
    if (result_->end != CampaignEnd::kNotWritten)
      take_news(folder_.news_of(name_));  // Of hunts that were ended.
    if (result_->end != CampaignEnd::kNotWritten) save();
  }
  if (result_->trouble.empty()) show_progress(true);
  children_.kill_all();
  return *result_;
}

}  // namespace

const char* campaign_end_word(CampaignEnd end) {
  switch (end) {
    case CampaignEnd::kExecutions:
      return "executions";
    case CampaignEnd::kSeconds:
      return "seconds";
    case CampaignEnd::kExhausted:
      return "exhausted";
    case CampaignEnd::kLittleLeft:
      return "little-left";
    case CampaignEnd::kInterrupted:
      return "interrupted";
    case CampaignEnd::kNotWritten:
      return "not-written";
    case CampaignEnd::kUsage:
      return "usage";
    case CampaignEnd::kUnavailable:
      return "unavailable";
  }
  return "";
}

CampaignResult run_campaign(const CampaignFolder& folder, const CampaignOptions& options) {
  return Campaign(folder, options).run();
}

}  // namespace reweave::repro
