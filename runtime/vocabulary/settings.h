// Settings: what the tasklet runtime is configured with. Part of every repro, so that it means the
// same everywhere.
//
// The table settings.def makes all of it: this struct, which the runtime reads while it runs, and
// the rows by which files, flags and helps know a setting (scheduler/setting.h).
#pragma once

#include <cstdint>
#include <span>

#include "runtime/vocabulary/defects.h"
#include "scheduler/execution.h"
#include "scheduler/setting.h"

namespace reweave::runtime {

enum class Switching : std::uint8_t { kSoft, kHard };

struct Settings {
#define LIMIT(type, field, word, initial, low, high, written, help)
#define SETTING(type, field, word, initial, low, high, written, flag, help) type field = initial;
#include "runtime/vocabulary/settings.def"
#undef SETTING
#undef LIMIT
  Limits limits;
};

/// The rows of settings.def, limits included. They live for ever.
std::span<const SettingInfo> setting_rows();
/// Flags that stand for several of them: --profile, --specification, --collect.
std::span<const SettingFlag> setting_flags();

/// From the values of these rows to the struct, and back. `findings_max` has no row: it keeps its
/// default.
Settings settings_of(const SettingValues& values);
SettingValues values_of(const Settings& settings);

}  // namespace reweave::runtime
