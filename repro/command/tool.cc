// The tool `reweave` knows tasklets and, where its library is built, programs.

#include "repro/program/program_kind.h"
#include "runtime/interpreter/tasklet_kind.h"

namespace {
const reweave::RegisteredKind tasklets(reweave::runtime::tasklet_kind());
#ifdef REWEAVE_WITH_PROGRAMS
const reweave::RegisteredKind programs(reweave::repro::program_kind());
#endif
}  // namespace
