#include "repro/file/tasklet_file.h"

#include "scheduler/base/internal_check.h"

namespace reweave::repro {

WeaveFile tasklet_file(runtime::Scenario scenario, const runtime::Settings& settings) {
  return WeaveFile(runtime::tasklet_kind(),
                   std::make_unique<runtime::ScenarioSubject>(std::move(scenario), settings),
                   runtime::values_of(settings));
}

bool is_about_tasklets(const WeaveFile& file) { return &file.kind() == &runtime::tasklet_kind(); }

const runtime::ScenarioSubject& scenario_subject(const WeaveFile& file) {
  CHECK_MSG(is_about_tasklets(file), "this needs a file about tasklets");
  return runtime::scenario_subject(file.subject());
}

void set_settings(WeaveFile& file, const runtime::Settings& settings) {
  CHECK(is_about_tasklets(file));
  file.set_settings(runtime::values_of(settings));
}

void set_scenario(WeaveFile& file, runtime::Scenario scenario) {
  file.set_subject(
      std::make_unique<runtime::ScenarioSubject>(std::move(scenario), settings_of(file)));
}

}  // namespace reweave::repro
