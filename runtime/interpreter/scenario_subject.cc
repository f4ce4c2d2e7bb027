#include "runtime/interpreter/scenario_subject.h"

#include <algorithm>
#include <utility>

#include "runtime/language/reductions.h"
#include "runtime/language/text.h"
#include "runtime/oracle/collection.h"
#include "runtime/oracle/structure.h"
#include "runtime/specification/comparison.h"
#include "scheduler/strategy/dense_replay.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {

ScenarioSubject::ScenarioSubject(Scenario scenario, Settings settings)
    : scenario_(std::move(scenario)), settings_(settings), interpreter_(scenario_) {}

void ScenarioSubject::run(Execution& execution) {
  const bool fast = !execution.is_named();
  Runtime& runtime = interpreter_.runtime();
  runtime.look_at_touched(fast && !looks_at_everything_ && StructureOracle::is_wanted(settings_));
  run_once(execution, fast ? &seen_ : nullptr);
  if (!fast || repeated() || execution.outcome() == Outcome::kDiverged) return;
  // That a program does not end is no sign of a broken structure.
  const bool clean = std::ranges::all_of(execution.findings(), [](const Finding& finding) {
    return finding.kind == FindingKind::kLivelock;
  });
  if (clean && !StructureOracle::is_doubtful(runtime)) {
    seen_.add(execution.trace_hash());
  } else if (runtime.looked_at_touched()) {
    answers_ = execution.dense_answers();
    DenseReplay chooser(answers_, /*names=*/false);
    execution.begin_again(chooser);
    runtime.look_at_touched(false);
    run_once(execution, nullptr);
  }
}

void ScenarioSubject::run_once(Execution& execution, const SeenTraces* seen) {
  last_execution_ = &execution;
  const bool asks_specification = settings_.check_specification || settings_.only_specification;
  if (!asks_specification && !settings_.check_collections) {
    ending_ = interpreter_.run(settings_, execution, seen);
    return;
  }
  execution.keep_record();
  execution.mute(settings_.only_specification);
  ending_ = interpreter_.run(settings_, execution, seen);
  execution.mute(false);
  // It speaks last: where another oracle spoke, that says more than the first difference would.
  if (repeated()) return;
  const bool said = !execution.findings().empty() || execution.outcome() == Outcome::kDiverged;
  // It knows nothing of memory that runs out.
  const bool memory_failed = interpreter_.runtime().memory_failed();
  const bool stopped_short = execution.outcome() == Outcome::kMemoryLimit;
  if (said || memory_failed || stopped_short) return;
  if (asks_specification && (!filter_ || execution.is_named() || filter_(execution)))
    consult_specification(execution);
  if (settings_.check_collections && execution.findings().empty()) look_at_collections(execution);
}

void ScenarioSubject::look_at_collections(Execution& execution) {
  if (specification_ == nullptr) specification_ = std::make_unique<specification::Specification>();
  interpreter_.describe_end(end_);
  const CollectionOracle oracle{.scenario = scenario_,
                                .settings = settings_,
                                .execution = execution,
                                .collections = interpreter_.collections(),
                                .ran_code = interpreter_.collections_ran_code(),
                                .end = end_};
  const auto noticed = oracle.look(*specification_);
  if (!noticed) return;
  const auto whole = [&](const Event* event) {
    return event == nullptr ? std::string("the end of the program") : describe(*event);
  };
  Finding finding;
  finding.kind = FindingKind::kDiverged;
  finding.step = noticed->step;
  finding.signature = "diverged collection";
  finding.oracle = "collection";
  finding.message = "a collection changed what the program could see: without it there comes " +
                    whole(noticed->expected) + ", with it " + whole(noticed->found);
  execution.report(std::move(finding), /*stops=*/false);
}

void ScenarioSubject::consult_specification(Execution& execution) {
  if (specification_ == nullptr) specification_ = std::make_unique<specification::Specification>();
  // Of right behaviour: a defect that is on is there to be seen, also where a recording shows it.
  specification::Rules rules = specification::rules_of(settings_);
  rules.defects = {};
  rules.asks_within_atomic = settings_.defects.has(Defect::kAtomicYieldsGil);
  specification_->predict(scenario_, rules, execution.given_answers());
  interpreter_.describe_end(end_);
  const auto difference = specification::compare(*specification_, execution, end_);
  if (!difference) return;
  const auto word = [](const Event* event) {
    return event == nullptr ? "nothing" : event_info(static_cast<EventKind>(event->kind)).word;
  };
  const auto whole = [&](const Event* event) {
    if (event == nullptr) return std::string("the end of the program");
    const bool made = static_cast<std::uint32_t>(event->actor) < execution.actor_count();
    return (made ? execution.actor_path(event->actor) : "somebody else") + ": " + describe(*event) +
           " in step " + std::to_string(event->step);
  };
  Finding finding;
  finding.kind = FindingKind::kDiverged;
  finding.step = difference->step;
  finding.oracle = "specification";
  if (difference->state != nullptr) {
    finding.signature = std::string("diverged at the end: ") + difference->state;
    finding.message = std::string(
                          "the program ended as the specification says, but what it left "
                          "behind differs: ") +
                      difference->state;
  } else {
    finding.signature =
        std::string("diverged ") + word(difference->expected) + " " + word(difference->found);
    finding.message = "the specification expects " + whole(difference->expected) +
                      ", but what happened was " + whole(difference->found);
  }
  execution.report(std::move(finding), /*stops=*/false);
}

std::string ScenarioSubject::text() const { return write_scenario(scenario_); }

std::string ScenarioSubject::site_name(SiteId site) const {
  return runtime::site_name(scenario_, site);
}

std::optional<SiteId> ScenarioSubject::find_site(std::string_view name) const {
  return runtime::find_site(scenario_, name);
}

std::string exception_text(ExceptionType type, ErrorCode code, std::uint32_t token) {
  std::string text = exception_name(type);
  if (code != ErrorCode::kNone) return text + ":" + error_code_name(code);
  const bool shows_token = type == ExceptionType::kE1 || type == ExceptionType::kE2 ||
                           type == ExceptionType::kValueError;
  if (token != 0 && shows_token) text += ":x" + std::to_string(token);
  return text;
}

namespace {

std::string name_of(const std::vector<std::string>& names, std::int32_t index) {
  const auto at = static_cast<std::size_t>(index);
  return at < names.size() && !names[at].empty() ? names[at] : std::to_string(index);
}

std::string exception_of(std::int32_t type_and_code, std::int32_t token) {
  return exception_text(static_cast<ExceptionType>(type_and_code & 0xff),
                        static_cast<ErrorCode>(type_and_code >> 8),
                        static_cast<std::uint32_t>(token));
}

}  // namespace

std::string ScenarioSubject::tasklet_name(std::int32_t number) const {
  if (number < 0) return "-";
  const auto known = static_cast<std::uint32_t>(number);
  return last_execution_ == nullptr ? interpreter_.LedgerNames::tasklet(known)
                                    : interpreter_.tasklet(known);
}

std::string ScenarioSubject::describe(const Event& event) const {
  const EventInfo& info = event_info(static_cast<EventKind>(event.kind));
  std::string line = info.word;
  std::size_t next = 0;
  for (const char* letter = info.arguments; *letter != '\0' && next < event.count; ++letter) {
    const std::int32_t arg = event.args[next++];
    line += ' ';
    switch (*letter) {
      case 'c':
        line += name_of(scenario_.channels, arg);
        break;
      case 'l':
        line += name_of(scenario_.locks, arg);
        break;
      case 'k':
        line += name_of(scenario_.conditions, arg);
        break;
      case 'w':
        line += name_of(scenario_.words, arg);
        break;
      case 'S':
        line += name_of(scenario_.slots, arg);
        break;
      case 'v':
        line += arg == 0 ? "None" : "v" + std::to_string(arg);
        break;
      case 't':
        line += tasklet_name(arg);
        break;
      case 'o': {
        const std::int32_t number = event.args[next++];
        if (static_cast<ObjectKind>(arg) == ObjectKind::kTasklet) {
          line += tasklet_name(number);
          break;
        }
        line += arg == 0 ? "None"
                         : object_kind_name(static_cast<ObjectKind>(arg)) +
                               (" " + std::to_string(number));
        break;
      }
      case 'a':
        line +=
            arg < 0 ? "-" : last_execution_->actor_path(ActorId{static_cast<std::uint32_t>(arg)});
        break;
      case 'x':
        line += exception_of(arg, next < event.count ? event.args[next++] : 0);
        break;
      default:
        line += std::to_string(arg);
        break;
    }
  }
  return line;
}

std::vector<std::string> ScenarioSubject::results() const {
  std::vector<std::string> lines;
  if (last_execution_ == nullptr) return lines;
  for (const ReceiveResult& receive : interpreter_.thread().ledger().receives()) {
    std::string line = "receive " + last_execution_->actor_path(receive.actor) + " " +
                       site_name(receive.site) + " ";
    using What = ReceiveResult::What;
    switch (receive.what) {
      case What::kValue:
        line += "v" + std::to_string(receive.token);
        break;
      case What::kNone:
        line += "None";
        break;
      case What::kException:
        line += exception_text(receive.exception, receive.code, receive.token);
        break;
      case What::kError:
        line += "raised " + exception_text(receive.exception, receive.code, receive.token);
        break;
    }
    lines.push_back(std::move(line));
  }
  if (!ending_.ended) return lines;
  lines.push_back(
      ending_.failed ? "main died " + exception_text(ending_.exception, ending_.code, ending_.token)
                     : std::string("main ended"));
  return lines;
}

std::size_t ScenarioSubject::reduction_count() const { return runtime::reduction_count(scenario_); }

namespace {

bool says_what_is_right(const Scenario& scenario) {
  return !scenario.orders.empty() ||
         std::ranges::any_of(scenario.functions, [](const Function& function) {
           return std::ranges::any_of(function.ops,
                                      [](const Op& op) { return op.code == OpCode::kAssert; });
         });
}

/// Nobody interferes, and nothing is asserted that does not hold.
bool is_right_ordinarily(const Scenario& scenario, const Settings& settings) {
  ScenarioSubject subject(scenario, settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, /*keep_log=*/false);
  subject.run(execution);
  return std::ranges::none_of(execution.findings(), [](const Finding& finding) {
    return finding.kind == FindingKind::kAssertion;
  });
}

}  // namespace

// A program that is right unless somebody interferes stays one: else every assertion would shrink
// to itself alone, with nothing left of what it is about.
std::unique_ptr<Subject> ScenarioSubject::reduce(std::size_t index) const {
  Scenario smaller;
  if (!runtime::reduce(scenario_, index, smaller)) return nullptr;
  if (says_what_is_right(smaller) && !is_right_ordinarily(smaller, settings_) &&
      is_right_ordinarily(scenario_, settings_))
    return nullptr;
  return std::make_unique<ScenarioSubject>(std::move(smaller), settings_);
}

std::size_t ScenarioSubject::size() const { return scenario_size(scenario_); }

std::size_t ScenarioSubject::item_count() const { return operation_count(scenario_); }

}  // namespace reweave::runtime
