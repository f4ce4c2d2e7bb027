// The tool `reweave` knows tasklets and, where its library is built, programs.

#include "runtime/interpreter/tasklet_kind.h"
#include "runtime/program/kind/program_kind.h"

namespace {
const reweave::RegisteredKind tasklets(reweave::runtime::tasklet_kind());
#ifdef REWEAVE_WITH_PROGRAMS
const reweave::RegisteredKind programs(reweave::program::program_kind());
#endif
}  // namespace
