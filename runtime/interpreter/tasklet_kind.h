// Tasklets as a kind of subject: a scenario in the language of runtime/language, under the settings
// of runtime/vocabulary/settings.def. The kind of a `.weave` that names none.
//
// What knows tasklets alone (the gauntlet, timelines, fuzz targets) gets the scenario of a subject
// here; nobody asks for the class of a subject in any other way.
#pragma once

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/subject_kind.h"

namespace reweave::runtime {

/// The kind itself, "tasklets". It lives for ever.
const SubjectKind& tasklet_kind();

/// The same as a set of kinds, of one.
Kinds tasklet_kinds();

/// `subject`, which tasklet_kind() read, or a reduction of such a one.
inline ScenarioSubject& scenario_subject(Subject& subject) {
  return static_cast<ScenarioSubject&>(subject);
}
inline const ScenarioSubject& scenario_subject(const Subject& subject) {
  return static_cast<const ScenarioSubject&>(subject);
}

}  // namespace reweave::runtime
