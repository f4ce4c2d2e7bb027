// Files about tasklets, for what knows no other kind: the gauntlet, generated scenarios, inputs of
// fuzz targets, timelines.
#pragma once

#include "repro/file/weave_file.h"
#include "runtime/interpreter/tasklet_kind.h"
#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"

namespace reweave::repro {

/// A file of this scenario, which is linked, under these settings.
WeaveFile tasklet_file(runtime::Scenario scenario, const runtime::Settings& settings);

bool is_about_tasklets(const WeaveFile& file);

// ---- For files that are about tasklets; else they abort ----

const runtime::ScenarioSubject& scenario_subject(const WeaveFile& file);
inline const runtime::Scenario& scenario_of(const WeaveFile& file) {
  return scenario_subject(file).scenario();
}
inline const runtime::Settings& settings_of(const WeaveFile& file) {
  return scenario_subject(file).settings();
}
void set_settings(WeaveFile& file, const runtime::Settings& settings);
void set_scenario(WeaveFile& file, runtime::Scenario scenario);

}  // namespace reweave::repro
