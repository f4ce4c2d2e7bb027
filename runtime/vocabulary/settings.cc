#include "runtime/vocabulary/settings.h"

#include <array>
#include <string>

namespace reweave::runtime {
namespace {

enum Written : bool { kAlways = false, kIfChanged = true };

/// What a file writes for a set of defects.
Expected<std::string> canonical_defects(std::string_view names) {
  const Expected<DefectSet> defects = parse_defects(names == "none" ? "" : names);
  if (!defects) return defects.error();
  return defects->empty() ? std::string("none") : defect_names(*defects);
}

template <typename T>
constexpr SettingInfo row(std::string_view word, T initial, std::int64_t low, std::int64_t high,
                          Written written, std::string_view flag, std::string_view help) {
  SettingInfo info{.word = word,
                   .type = setting_type_of<T>(),
                   .low = low,
                   .high = high,
                   .only_if_changed = written == kIfChanged,
                   .flag = flag,
                   .help = help};
  if constexpr (std::is_same_v<T, DefectSet>) {
    info.canonical = canonical_defects;
  } else {
    info.initial = static_cast<std::int64_t>(initial);
  }
  if constexpr (std::is_same_v<T, Switching>) info.choices = "soft hard";
  return info;
}

constexpr SettingInfo kRows[] = {
#define LIMIT(type, field, word, initial, low, high, written, help) \
  row<type>(word, initial, low, high, written, "", help),
#define SETTING(type, field, word, initial, low, high, written, flag, help) \
  row<type>(word, initial, low, high, written, flag, help),
#include "runtime/vocabulary/settings.def"
#undef SETTING
#undef LIMIT
};

template <typename T>
void take(const SettingValues& values, std::string_view word, T& field) {
  if constexpr (std::is_same_v<T, DefectSet>) {
    const std::string names = values.text(word);
    field = parse_defects(names == "none" ? "" : names).value();
  } else {
    field = static_cast<T>(values.number(word));
  }
}

template <typename T>
void give(const T& field, std::string_view word, SettingValues& values) {
  if constexpr (std::is_same_v<T, DefectSet>) {
    values.assign(word, std::string_view(defect_names(field)));
  } else {
    values.assign(word, static_cast<std::int64_t>(field));
  }
}

// ---- Flags that stand for several settings ----

Status apply_profile(std::string_view name, SettingValues& values) {
  const Expected<DefectSet> defects = profile_defects(name);
  if (!defects) return defects.error();
  give(*defects, "defects", values);
  return ok();
}

/// A flag that says how much of two switches is on: neither, the first, both.
Status apply_two(std::array<std::string_view, 2> switches, std::string_view both,
                 std::string_view value, SettingValues& values) {
  if (value != "on" && value != "off" && value != both) {
    return Error{"say on, " + std::string(both) + " or off"};
  }
  values.assign(switches[0], value != "off" ? 1 : 0);
  values.assign(switches[1], value == both ? 1 : 0);
  return ok();
}

Status apply_specification(std::string_view value, SettingValues& values) {
  return apply_two({"check-specification", "only-specification"}, "alone", value, values);
}

Status apply_collect(std::string_view value, SettingValues& values) {
  return apply_two({"collect", "check-collections"}, "check", value, values);
}

constexpr SettingFlag kFlags[] = {
    {.name = "profile",
     .values = "NAME",
     .help = "Defects of a version of the real thing; see `help defects`",
     .excludes = "defects",
     .apply = apply_profile},
    {.name = "specification",
     .values = "WORD",
     .help = "on: compare with the specification; alone: and no other oracle speaks; off",
     .excludes = "",
     .apply = apply_specification},
    {.name = "collect",
     .values = "WORD",
     .help = "on: the cycle collector may run before any operation; check: and the program must "
             "not notice it; off: only at `gc`",
     .excludes = "",
     .apply = apply_collect},
};

}  // namespace

std::span<const SettingInfo> setting_rows() { return kRows; }
std::span<const SettingFlag> setting_flags() { return kFlags; }

Settings settings_of(const SettingValues& values) {
  Settings settings;
#define LIMIT(type, field, word, initial, low, high, written, help) \
  take(values, word, settings.limits.field);
#define SETTING(type, field, word, initial, low, high, written, flag, help) \
  take(values, word, settings.field);
#include "runtime/vocabulary/settings.def"
#undef SETTING
#undef LIMIT
  return settings;
}

SettingValues values_of(const Settings& settings) {
  SettingValues values(kRows);
#define LIMIT(type, field, word, initial, low, high, written, help) \
  give(settings.limits.field, word, values);
#define SETTING(type, field, word, initial, low, high, written, flag, help) \
  give(settings.field, word, values);
#include "runtime/vocabulary/settings.def"
#undef SETTING
#undef LIMIT
  return values;
}

}  // namespace reweave::runtime
