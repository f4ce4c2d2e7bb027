// reweave::fuzz(): one execution of a user's own fuzz target, in the process of the fuzzing engine.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "repro/file/split_input.h"
#include "repro/file/workdir.h"
#include "repro/program/explored_body.h"
#include "repro/report/endings.h"
#include "repro/report/terminal.h"
#include "repro/run/runner.h"
#include "runtime/program/control.h"
#include "runtime/program/include/reweave/fuzz.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"
#include "scheduler/search/recording.h"
#include "scheduler/search/shrink.h"
#include "scheduler/strategy/fuzz_input.h"

namespace reweave::repro {
namespace {

constexpr std::int64_t kStepsMax = 1'000'000;  // A fuzz execution is short.
constexpr std::uint64_t kShrinkExecutions = 2'000;

[[noreturn]] void refuse(const std::string& message) {
  std::fprintf(stderr, "reweave::fuzz(): %s\n", message.c_str());
  std::fflush(stderr);
  program::real()._exit(2);
  __builtin_unreachable();
}

/// Answers as the plan says, and tells the engine which decision followed which: at the same place
/// of the same thread, or of another one.
class ToldInput final : public Strategy {
 public:
  explicit ToldInput(const Plan& plan) : input_(plan) {}
  void tell(std::span<std::uint8_t> features) { features_ = features; }
  /// Where something was asked, each place once.
  const std::vector<PlanTarget>& targets() const { return targets_; }

  void begin(Prng, std::uint64_t) override {}
  bool end(const Execution&) override { return false; }
  void attach(Execution& execution) override {
    input_.attach(execution);
    before_ = {};
    actor_ = {};
  }
  std::uint32_t choose(const Question& question) override {
    const std::uint32_t answer = input_.choose(question);
    const auto site = static_cast<std::uint32_t>(question.site);
    const std::uint64_t here = std::uint64_t{site} << 8 | static_cast<std::uint64_t>(question.kind);
    count(here << 2 | (answer != 0 ? 1u : 0u) | (question.actor == actor_ ? 2u : 0u), before_);
    before_ = here;
    actor_ = question.actor;
    remember({question.kind, question.site}, here);
    return answer;
  }

 private:
  static constexpr std::size_t kTargetsMax = 4096;

  void count(std::uint64_t feature, std::uint64_t before) {
    if (features_.empty()) return;
    const std::uint64_t mixed = (feature ^ before * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u;
    features_[(mixed >> 32) % features_.size()] = 1;
  }
  void remember(PlanTarget target, std::uint64_t key) {
    const auto at = std::lower_bound(seen_.begin(), seen_.end(), key);
    if ((at != seen_.end() && *at == key) || seen_.size() == kTargetsMax) return;
    seen_.insert(at, key);
    targets_.push_back(target);
  }

  FuzzInput input_;
  std::span<std::uint8_t> features_;
  std::vector<std::uint64_t> seen_;  // Sorted.
  std::vector<PlanTarget> targets_;
  std::uint64_t before_ = 0;
  ActorId actor_{};
};

/// What the environment sets.
SettingValues settings_from_environment(const BodyKind& kind) {
  SettingValues values(kind.settings());
  values.assign("steps-max", kStepsMax);
  for (const FlagName& name : flag_names(kind)) {
    const std::string variable = environment_name(name.name);
    const char* const value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    const Status status = set_flag(name, value, values);
    if (!status) refuse(variable + ": " + status.error().message);
  }
  return values;
}

/// Words of the command line of this process.
std::vector<std::string> own_words() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

/// The folder of libFuzzer's artefacts, unless REWEAVE_OUTPUT names another one.
std::string output_folder(const std::vector<std::string>& words) {
  if (const char* const folder = std::getenv("REWEAVE_OUTPUT")) return folder;
  constexpr std::string_view kPrefix = "-artifact_prefix=";
  for (const std::string& word : words) {
    if (!word.starts_with(kPrefix)) continue;
    const std::string prefix = word.substr(kPrefix.size());
    const std::size_t slash = prefix.rfind('/');
    return slash == std::string::npos ? "." : prefix.substr(0, slash + 1);
  }
  return ".";
}

std::string name_of(const reweave_fuzz_request& request, const std::vector<std::string>& words) {
  if (request.name != nullptr) return plain_name(request.name);
  const std::string path = words.empty() ? "" : words.front();
  return plain_name(path.substr(path.rfind('/') + 1));
}

/// The target of this process; what differs between its inputs is set by run().
class FuzzedBody {
 public:
  explicit FuzzedBody(const reweave_fuzz_request& request)
      : words_(own_words()),
        name_(name_of(request, words_)),
        kind_(&FuzzedBody::call, this),
        settings_(settings_from_environment(kind_)),
        subject_(kind_.make(name_)),
        strategy_(plan_),
        execution_(settings_.limits()) {
    subject_->configure(settings_);
    const char* const schedule = std::getenv("REWEAVE_SCHEDULE");
    if (schedule == nullptr || *schedule == '\0') return;
    if (std::string_view(schedule).ends_with(WeaveFile::kExtension)) {
      read_repro(schedule);
      return;
    }
    Expected<Schedule> parsed = parse_one_line(schedule);
    if (!parsed) refuse("REWEAVE_SCHEDULE: " + parsed.error().message);
    schedule_ = std::move(parsed).value();
  }

  void run(const reweave_fuzz_request& request, char* stack) {
    request_ = &request;
    data_ = split_input({request.input, request.bytes}, plan_);
    if (recorded_data_) {
      data_ = {reinterpret_cast<const std::uint8_t*>(recorded_data_->data()),
               recorded_data_->size()};
    }
    if (data_.size() > BodyKind::kDataBytesMax) {
      refuse(fmt::format("the input has {} bytes of data; a repro holds at most {}: -max_len",
                         data_.size(), BodyKind::kDataBytesMax));
    }
    strategy_.tell({request.features, request.features == nullptr ? 0 : request.feature_count});
    program::process().prepare_fuzzed(stack);
    if (schedule_) {
      report(*schedule_);
    } else {
      execution_.begin(strategy_);
      subject_->run(execution_);
      if (!execution_.findings().empty()) report_found();
    }
    program::process().release();
  }

  std::size_t mutate(std::uint8_t* input, std::size_t bytes, std::size_t bytes_max, unsigned seed,
                     MutateData data) const {
    return mutate_input(input, bytes, bytes_max, Prng(seed), strategy_.targets(), data);
  }

 private:
  /// REWEAVE_SCHEDULE names a repro of this target, which has settings and data, too.
  void read_repro(const std::string& path) {
    const SubjectKind* const kinds[] = {&kind_};
    const Expected<std::string> text = read_file(path);
    if (!text) refuse("REWEAVE_SCHEDULE: " + text.error().message);
    const Expected<WeaveFile> file = read_weave(*text, path, kinds);
    if (!file) refuse("REWEAVE_SCHEDULE: " + file.error().message);
    settings_ = file->settings();
    subject_->configure(settings_);
    schedule_ = file->schedule.value_or(Schedule());
    recorded_data_ = static_cast<const NamedBody&>(file->subject()).data();
  }

  static void call(void* self) {
    const auto& fuzzed = *static_cast<FuzzedBody*>(self);
    reweave_fuzz_call call = {fuzzed.request_->function, fuzzed.data_.data(), fuzzed.data_.size()};
    fuzzed.request_->body(&call);
  }

  /// The finding of the last execution, with the fewest decisions that show it.
  [[noreturn]] void report_found() {
    const Finding found = execution_.findings().front();
    const std::vector<DenseAnswer> answers = execution_.dense_answers();
    const Expected<Schedule> schedule = record(*subject_, answers, settings_.limits());
    if (!schedule) end(found, "no schedule: " + schedule.error().message);
    const Expected<Shrunk> shrunk =
        shrink(*subject_, *schedule, found.signature, runner_.isolator(), settings_.limits(),
               {.executions_max = kShrinkExecutions});
    report(shrunk ? shrunk->schedule : *schedule);
    end(found, "the schedule that was recorded does not show it again");
  }

  /// Runs the body under the schedule; does not return if that shows something.
  void report(const Schedule& schedule) {
    auto subject = kind_.make(name_);
    subject->set_data({data_.begin(), data_.end()});
    WeaveFile file(kind_, std::move(subject), settings_);
    file.schedule = schedule;
    const RunResult run = runner_.run(file, ReplayMode::kStrict);
    if (run.outcome == Outcome::kDiverged) {
      program::process().release();
      refuse("the body does not follow the schedule: " + divergence_words(run.divergence));
    }
    if (run.findings.empty()) return;
    file.verdict = run.verdict;
    const Finding& finding = run.findings.front();
    std::string text = fmt::format("step {} of {}; the input has {} of data\n", finding.step,
                                   run.steps, plural(data_.size(), "byte"));
    text += schedule.empty() ? "the ordinary schedule shows it\n"
                             : "the decisions that matter:\n" + schedule.text("  ");
    text += "to repeat it, run this target with that input alone, or with its data and\n";
    text += fmt::format("  REWEAVE_SCHEDULE='{}'\n", schedule.one_line());
    const Expected<std::string> path =
        Workdir(output_folder(words_)).write_repro(file, finding.kind);
    text +=
        path ? "  repro " + *path + "\n" : "no repro was written: " + path.error().message + "\n";
    end(finding, text);
  }

  [[noreturn]] void end(const Finding& finding, const std::string& more) {
    program::process().release();
    std::fprintf(stderr, "\n%s: %s\n%s\nfound in %s\n%s", finding_kind_name(finding.kind),
                 finding.signature.c_str(), finding.message.c_str(), name_.c_str(), more.c_str());
    if (!more.ends_with('\n')) std::fprintf(stderr, "\n");
    end_with(finding);
  }

  const std::vector<std::string> words_;
  const std::string name_;
  BodyKind kind_;
  SettingValues settings_;
  std::unique_ptr<NamedBody> subject_;
  std::optional<Schedule> schedule_;
  std::optional<std::string> recorded_data_;  // Of a repro.
  Plan plan_;
  ToldInput strategy_;
  Execution execution_;
  Runner runner_;
  const reweave_fuzz_request* request_ = nullptr;
  std::span<const std::uint8_t> data_;
};

/// Null: no body has run yet.
FuzzedBody*& only_body() {
  static FuzzedBody* body = nullptr;
  return body;
}

/// libFuzzer has a thread that looks at the memory of the process now and then.
constexpr std::size_t kThreadsOfEngine = 1;

void check_process() {
  if (reinterpret_cast<std::uintptr_t>(thread_pointer()) != program::globals.main_thread)
    refuse("it has to be called on the main thread");
  if (thread_count() > 1 + kThreadsOfEngine)
    refuse("other threads run in this process, which nobody controls: end them before");
}

}  // namespace
}  // namespace reweave::repro

REWEAVE_STAND_IN void reweave_fuzz(const reweave_fuzz_request* request) {
  using namespace reweave;
  if (program::is_controlled()) {  // Inside of another exploration.
    Plan plan;
    const std::span<const std::uint8_t> data =
        repro::split_input({request->input, request->bytes}, plan);
    reweave_fuzz_call call = {request->function, data.data(), data.size()};
    request->body(&call);
    return;
  }
  // From here on what is allocated outside of a body is the engine's, and stays.
  program::globals.program_allocates = false;
  repro::FuzzedBody*& body = repro::only_body();
  if (body == nullptr) {
    repro::check_process();
    body = new repro::FuzzedBody(*request);
  }
  // The caller's frame begins above the return address of this function.
  body->run(*request, static_cast<char*>(__builtin_frame_address(0)) + 2 * sizeof(void*));
}

REWEAVE_STAND_IN std::size_t reweave_fuzz_mutate(
    std::uint8_t* input, std::size_t bytes, std::size_t bytes_max, unsigned seed,
    std::size_t (*mutate_data)(std::uint8_t*, std::size_t, std::size_t)) {
  using namespace reweave;
  if (const repro::FuzzedBody* const body = repro::only_body())
    return body->mutate(input, bytes, bytes_max, seed, mutate_data);
  return repro::mutate_input(input, bytes, bytes_max, Prng(seed), {}, mutate_data);
}
