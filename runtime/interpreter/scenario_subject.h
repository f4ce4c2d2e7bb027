// A scenario under given settings, as a subject that the scheduler can explore, shrink and replay.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/interpreter/interpreter.h"
#include "runtime/language/scenario.h"
#include "runtime/specification/specification.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/subject.h"

namespace reweave::runtime {

class ScenarioSubject : public Subject {
 public:
  /// `scenario` is linked.
  ScenarioSubject(Scenario scenario, Settings settings);

  const Scenario& scenario() const { return scenario_; }
  const Settings& settings() const { return settings_; }
  /// For the next execution.
  void set_settings(const Settings& settings) {
    settings_ = settings;
    seen_.forget();
  }
  const Interpreter& interpreter() const { return interpreter_; }
  Interpreter& interpreter() { return interpreter_; }
  /// See Runtime::watch_garbage().
  void watch_garbage(GarbageWatcher* watcher) { interpreter_.watch_garbage(watcher); }
  /// See Runtime::set_watcher().
  void set_watcher(Watcher* watcher) { interpreter_.set_watcher(watcher); }
  const Ending& ending() const { return ending_; }

  /// Overwrites the scenario in place, keeping the memory of the old one: `edit` is called with it
  /// and must leave it linked. For fuzz targets, which run another scenario every time.
  template <typename Edit>
  void edit_scenario(Edit edit) {
    edit(scenario_);
    interpreter_.set_scenario(scenario_);
    seen_.forget();
  }

  /// With Settings::check_specification the specification speaks when the execution is over.
  ///
  /// In fast mode the structure oracle looks at what each step touches only. If anything is found,
  /// or the end shows that it came too late, the execution is run once more with a look at
  /// everything in every step, as in named mode; that is what is reported. An execution whose trace
  /// hash was shown before is not judged once more.
  void run(Execution& execution) override;
  /// True: a look at everything in every step at once, in fast mode, too. For comparison.
  void look_at_everything(bool wanted) { looks_at_everything_ = wanted; }
  /// Whether the specification is asked about an execution that is over and showed nothing else;
  /// null: always. For fuzz targets, under Settings::check_specification only.
  using SpecificationFilter = std::function<bool(const Execution&)>;
  void filter_specification(SpecificationFilter filter) { filter_ = std::move(filter); }
  /// The last execution was one that was shown before. Fast mode only.
  bool repeated() const { return interpreter_.was_seen(); }
  void configure(const SettingValues& values) override { settings_ = settings_of(values); }
  /// As `runtime/language/text.h` says.
  std::string text() const override;
  std::string site_name(SiteId site) const override;
  std::optional<SiteId> find_site(std::string_view name) const override;
  std::string describe(const Event& event) const override;
  /// "receive 0.1 receiver.1 v1", one line for each receive that was completed, in order; then
  /// "main ended" or "main died KIND".
  std::vector<std::string> results() const override;

  std::size_t reduction_count() const override;
  std::unique_ptr<Subject> reduce(std::size_t index) const override;
  std::size_t size() const override;
  std::size_t item_count() const override;

 private:
  std::string tasklet_name(std::int32_t number) const;
  void run_once(Execution& execution, const SeenTraces* seen);
  void consult_specification(Execution& execution);
  void look_at_collections(Execution& execution);

  Scenario scenario_;
  Settings settings_;
  Interpreter interpreter_;
  Ending ending_;
  const Execution* last_execution_ = nullptr;
  bool looks_at_everything_ = false;
  SpecificationFilter filter_;
  SeenTraces seen_;                   // Of this scenario under these settings; all of them clean.
  std::vector<DenseAnswer> answers_;  // Of an execution that is run once more.
  std::unique_ptr<specification::Specification> specification_;  // Made when it is first asked.
  EndState end_;                                                 // For it; its memory is kept.
};

/// "v1", "E1:x2", "RuntimeError:deadlock", "TaskletExit": how traces and verdicts print an
/// exception.
std::string exception_text(ExceptionType type, ErrorCode code, std::uint32_t token);

}  // namespace reweave::runtime
