// `hunt --generated --census`: which operations generated scenarios reach, and in which states.
#pragma once

#include "repro/command/command_line.h"
#include "repro/run/generated.h"
#include "scheduler/search/explore.h"

namespace reweave::repro {

/// Runs in this process, for a child's counts would be lost; what is found does not stop it.
/// Prints the counts, and returns the exit code.
int take_census(const CommandLine& line, GeneratedSubject& subject,
                const runtime::GeneratorOptions& generator, ExploreOptions options,
                Progress& progress);

}  // namespace reweave::repro
