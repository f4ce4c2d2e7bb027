#include "scheduler/subject_kind.h"

#include <algorithm>
#include <vector>

#include "scheduler/base/internal_check.h"
#include "scheduler/base/nearest.h"

namespace reweave {
namespace {

/// Within a function, so that it is there whichever file's objects are made first.
std::vector<const SubjectKind*>& registry() {
  static std::vector<const SubjectKind*> kinds;
  return kinds;
}

}  // namespace

Expected<std::unique_ptr<Subject>> SubjectKind::from_arguments(std::span<const std::string>) const {
  return Error{"a subject of the kind " + std::string(name()) + " is read from a file"};
}

Expected<const SubjectKind*> find_kind(Kinds kinds, std::string_view name) {
  std::vector<std::string_view> known;
  std::string list;
  for (const SubjectKind* const kind : kinds) {
    if (kind->name() == name) return kind;
    known.push_back(kind->name());
    list += (list.empty() ? "" : ", ") + std::string(kind->name());
  }
  return Error{"there is no kind of subject \"" + std::string(name.substr(0, 40)) + "\"" +
               did_you_mean(name, known) + "; this program knows " +
               (list.empty() ? "none" : list)};
}

std::vector<FlagName> flag_names(const SubjectKind& kind) {
  std::vector<FlagName> names;
  const auto add = [&names](const FlagName& name) {
    for (const FlagName& other : names) {
      if (other.name == name.name) return;
    }
    names.push_back(name);
  };
  for (const SettingFlag& flag : kind.flags())
    add({.name = flag.name, .flag = &flag, .in_help = true});
  const SettingValues values(kind.settings());
  for (const SettingInfo* const info : values.rows()) {
    if (!info->flag.empty()) add({.name = info->flag, .setting = info, .in_help = true});
    add({.name = info->word, .setting = info});
  }
  return names;
}

Status set_flag(const FlagName& name, std::string_view value, SettingValues& values) {
  return name.flag != nullptr ? name.flag->apply(value, values)
                              : values.set(name.setting->word, value);
}

bool next_of_subject(LineReader& lines) {
  if (!lines.next()) return false;
  if (lines.words()[0] != "schedule" && lines.words()[0] != "verdict") return true;
  lines.unread();
  return false;
}

RegisteredKind::RegisteredKind(const SubjectKind& kind) {
  std::vector<const SubjectKind*>& kinds = registry();
  const auto place = std::lower_bound(
      kinds.begin(), kinds.end(), &kind,
      [](const SubjectKind* a, const SubjectKind* b) { return a->name() < b->name(); });
  CHECK_MSG(place == kinds.end() || (*place)->name() != kind.name(),
            "two kinds of subject are registered under one name");
  kinds.insert(place, &kind);
}

Kinds registered_kinds() { return registry(); }

}  // namespace reweave
