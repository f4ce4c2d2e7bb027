#include "fuzz/harness.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "fuzz/coverage_sink.h"
#include "fuzz/fuzzer_flags.h"
#include "fuzz/signal_stack.h"
#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "repro/report/endings.h"
#include "repro/report/report.h"
#include "scheduler/base/prng.h"
#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"

namespace reweave::fuzz {
namespace {

// Small programs find as much as large ones, and faster.
runtime::MutatorLimits growth_of(const repro::FuzzTarget& target) {
  return {
      .ops_max = 60, .functions_max = 8, .channels_max = 3, .slots_max = 4, .focus = target.focus};
}

runtime::GeneratorOptions generator_of(const repro::FuzzTarget& target) {
  return {.beyond = target.focus.has(runtime::Topic::kBeyond), .focus = target.focus};
}

#if defined(REWEAVE_LIBFUZZER) || defined(REWEAVE_AFL)
constexpr bool kFuzzes = true;
#else
constexpr bool kFuzzes = false;  // It runs files, each of which is to be judged whole.
#endif
// AFL++ runs an input several times and wants the same coverage of it each time: what the process
// has seen before may not count.
#ifdef REWEAVE_AFL
constexpr bool kRemembers = false;
#else
constexpr bool kRemembers = true;
#endif

[[noreturn]] void refuse(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(2);
}

/// What the variable of a setting or a flag says; null if it is not set.
const char* variable_of(std::string_view word) {
  return std::getenv(environment_name(word).c_str());
}

/// The settings of the target, and over them what the environment says.
runtime::Settings settings_from_environment(const repro::FuzzTarget& target) {
  SettingValues values = runtime::values_of(target.settings);
  for (const FlagName& name : flag_names(runtime::tasklet_kind())) {
    const char* const value = variable_of(name.name);
    if (value == nullptr) continue;
    if (name.flag != nullptr && variable_of(name.flag->excludes) != nullptr) {
      refuse(environment_name(name.name) + " and " + environment_name(name.flag->excludes) +
             " are both set, and exclude each other; keep one of them.");
    }
    const Status status = set_flag(name, value, values);
    if (!status) refuse(environment_name(name.name) + ": " + status.error().message);
  }
  return runtime::settings_of(values);
}

const repro::FuzzTarget& target_by_name(std::string_view name) {
  const Expected<const repro::FuzzTarget*> target = repro::find_fuzz_target(name);
  if (!target) refuse(target.error().message);
  return **target;
}

/// By the bytes of the input alone.
bool is_one_of_eight(std::span<const std::uint8_t> input) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 0x100000001b3u;
  return hash >> 61 == 0;
}

runtime::Scenario empty_scenario() {
  runtime::Scenario scenario;
  runtime::decode_scenario({}, scenario);
  return scenario;
}

}  // namespace

Harness::Harness(std::string_view target)
    : target_(&target_by_name(target)),
      generator_(generator_of(*target_)),
      growth_(growth_of(*target_)),
      settings_(settings_from_environment(*target_)),
      strategy_(case_.plan) {
  const char* const output = std::getenv("REWEAVE_OUTPUT");
  output_ = output == nullptr ? "." : output;
  const char* const without = std::getenv("REWEAVE_WITHOUT");
  if (without != nullptr) leave_out(without);
  start_anew();
}

// What AFL++ counts is what an input does, and that would tell of those before: lists that have
// grown, what is kept to be used again. There nothing outlives an execution.
void Harness::start_anew() {
  subject_.reset();  // It knows the execution.
  execution_.emplace(settings_.limits);
  subject_.emplace(empty_scenario(), settings_);
  if (!kFuzzes || settings_.only_specification) return;
  subject_->filter_specification([this](const Execution&) {
    const bool is_new = give_feedback();
    return (kRemembers && is_new) || always_asks_;
  });
}

void Harness::leave_out(std::string_view words) {
  while (!words.empty()) {
    const std::size_t comma = std::min(words.find(','), words.size());
    const std::string_view word = words.substr(0, comma);
    words.remove_prefix(std::min(comma + 1, words.size()));
    if (word == "feedback") {
      hide_features();
    } else if (word == "mutator") {
      mutates_ = false;
    } else if (word == "plans") {
      has_plans_ = false;
    } else {
      refuse("REWEAVE_WITHOUT: '" + std::string(word) + "' is none of feedback, mutator, plans");
    }
  }
}

void Harness::read_arguments(int* argc, char*** argv) {
  add_default_flags(argc, argv);
  constexpr std::string_view kPrefix = "-artifact_prefix=";
  if (std::getenv("REWEAVE_OUTPUT") != nullptr) return;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument.substr(0, kPrefix.size()) != kPrefix) continue;
    const std::string_view prefix = argument.substr(kPrefix.size());
    const std::size_t slash = prefix.rfind('/');
    if (slash != std::string_view::npos) output_ = std::string(prefix.substr(0, slash + 1));
  }
}

void Harness::run(const std::uint8_t* data, std::size_t size) {
  // Not before: an engine installs its handlers when it has read its arguments.
  if (!moved_signal_handlers_) {
    move_signal_handlers();
    moved_signal_handlers_ = true;
  }
  subject_->edit_scenario([&](runtime::Scenario& scenario) {
    const std::size_t used = decoder_.decode({data, size}, scenario);
    const std::size_t rest = has_plans_ ? size - used : 0;
    decode_plan({data + used, rest}, case_.plan);
  });
  begin_features();
  gave_feedback_ = false;
  always_asks_ = is_one_of_eight({data, size});
  strategy_.begin(Prng(0), 0);
  execution_->begin(strategy_, /*keep_log=*/true);
  subject_->run(*execution_);
  if (!gave_feedback_) (void)give_feedback();
  const std::vector<Finding>& findings = execution_->findings();
  if (!findings.empty() && counts_unless_livelock(findings.front())) report();
  if constexpr (!kRemembers) start_anew();
}

// Which event followed which, whether in the same tasklet, and in the middle of what: a weak
// reference's callback, a spilled stack, both. Cheap, and blind to numbers and names. True: there
// was something new.
bool Harness::give_feedback() {
  gave_feedback_ = true;
  bool is_new = false;
  using runtime::EventKind;
  std::uint64_t previous = 0;
  ActorId actor{};
  int callbacks = 0, spills = 0;
  for (const Event& event : execution_->log()) {
    const auto kind = static_cast<EventKind>(event.kind);
    callbacks += (kind == EventKind::kWeakCallback) - (kind == EventKind::kWeakCallbackEnd);
    spills += (kind == EventKind::kSpill) - (kind == EventKind::kUnspill);
    const std::uint64_t amid = (callbacks > 0 ? 2u : 0u) | (spills > 0 ? 1u : 0u);
    is_new |= count_feature(amid << 34 | previous << 17 | std::uint64_t{event.kind} << 1 |
                            (event.actor == actor ? 1u : 0u));
    previous = event.kind;
    actor = event.actor;
  }
  return is_new;
}

void Harness::report() {
  const Finding& finding = execution_->findings().front();
  repro::WeaveFile file = repro::tasklet_file(subject_->scenario(), settings_);
  file.verdict =
      repro::verdict_of(execution_->findings(), subject_->results(), execution_->trace_hash());
  repro::Report report{.command = "fuzz", .file = std::string(target_->name)};
  report.subject = file.kind().name();
  report.findings = execution_->findings();
  report.executions = 1;
  report.steps = execution_->steps();
  report.trace_hash = execution_->trace_hash();
  const std::vector<DenseAnswer> answers = execution_->dense_answers();
  Expected<Schedule> schedule = record(*subject_, answers, settings_.limits);
  if (!schedule) {
    report.headline = "no repro was written: " + schedule.error().message;
  } else {
    file.schedule = report.schedule = std::move(schedule).value();
    const Expected<std::string> path = repro::Workdir(output_).write_repro(file, finding.kind);
    if (path) {
      report.repro = *path;
    } else {
      report.not_written = path.error().message;
      report.repro_text = write_weave(file);
    }
  }
  std::fprintf(stderr, "\n%s", render(report, repro::Format::kText, {}).c_str());
  repro::end_with(finding);
}

std::size_t Harness::write(const repro::FuzzCase& fuzz_case, std::uint8_t* out,
                           std::size_t size_max) {
  bytes_.clear();
  repro::encode_fuzz_case(fuzz_case, bytes_);
  const std::size_t size = std::min(bytes_.size(), size_max);  // Cut off it is still an input.
  std::memcpy(out, bytes_.data(), size);
  return size;
}

// Where the program that is being mutated can be asked something: a plan that aims there changes
// what it does far more often than one that names any place.
void Harness::find_targets() {
  targets_.clear();
  const std::vector<runtime::Function>& functions = edited_.scenario.functions;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    targets_.push_back({QuestionKind::kSpill, runtime::site_of(i, 0)});
    for (const runtime::Op& op : functions[i].ops)
      targets_.push_back({QuestionKind::kPreempt, runtime::site_of(i, op.label)});
  }
}

std::size_t Harness::mutate(std::uint8_t* data, std::size_t size, std::size_t size_max,
                            unsigned seed) {
  Prng prng(seed);
  repro::decode_fuzz_case({data, size}, decoder_, edited_);
  // A small input says nothing yet; and now and then a fresh start finds what no series of small
  // steps does.
  if (size < 16 || prng.chance({1, 8})) {
    runtime::generate_scenario(prng, generator_, edited_.scenario);
    if (prng.chance({1, 2}) && has_plans_) mutate_plan(edited_.plan, prng);
  } else {
    const std::uint32_t changes = 1 + prng.below(4);
    find_targets();
    for (std::uint32_t i = 0; i < changes; ++i) {
      if (prng.chance({1, 4}) && has_plans_) {
        mutate_plan(edited_.plan, prng, targets_);
      } else {
        runtime::mutate_scenario(prng, growth_, edited_.scenario);
      }
    }
  }
  return write(edited_, data, size_max);
}

std::size_t Harness::cross_over(const std::uint8_t* first, std::size_t first_size,
                                const std::uint8_t* second, std::size_t second_size,
                                std::uint8_t* out, std::size_t size_max, unsigned seed) {
  Prng prng(seed);
  repro::decode_fuzz_case({first, first_size}, decoder_, edited_);
  repro::decode_fuzz_case({second, second_size}, decoder_, other_);
  runtime::cross_scenarios(prng, growth_, other_.scenario, edited_.scenario);
  edited_.plan = cross_plans(edited_.plan, other_.plan, prng);
  return write(edited_, out, size_max);
}

}  // namespace reweave::fuzz
