#include "repro/report/endings.h"

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

// Not in a namespace, and neither inlined nor merged with one that looks the same: their names are
// what they are for. What `asm` says differs in each, so that no two have the same code.
#define REWEAVE_ENDING(name)                          \
  extern "C" [[noreturn, gnu::noinline]] void name(); \
  extern "C" void name() {                            \
    asm volatile("# " #name ::: "memory");            \
    std::abort();                                     \
  }

// Kind and the end of its function's name.
#define REWEAVE_FINDINGS(X)             \
  X(kLostValue, lost_value)             \
  X(kDuplicatedValue, duplicated_value) \
  X(kWrongValue, wrong_value)           \
  X(kNullTempval, null_tempval)         \
  X(kDanglingFrame, dangling_frame)     \
  X(kDanglingTasklet, dangling_tasklet) \
  X(kDanglingStack, dangling_stack)     \
  X(kRefcount, refcount)                \
  X(kLeak, leak)                        \
  X(kStructure, structure)              \
  X(kDeadlock, deadlock)                \
  X(kLivelock, livelock)                \
  X(kDiverged, diverged)                \
  X(kAssertion, assertion)              \
  X(kRace, race)                        \
  X(kCrash, crash)                      \
  X(kHang, hang)                        \
  X(kDanglingObject, dangling_object)   \
  X(kUncaught, uncaught)
#define REWEAVE_FOUND(kind, name) REWEAVE_ENDING(reweave_found_##name)
REWEAVE_FINDINGS(REWEAVE_FOUND)
#undef REWEAVE_FOUND
REWEAVE_ENDING(reweave_reader_names_no_place)
REWEAVE_ENDING(reweave_reader_refuses_own_text)
REWEAVE_ENDING(reweave_reader_reads_another_value)
#undef REWEAVE_ENDING

namespace reweave::repro {
namespace {

using Ending = void (*)();

struct Found {
  FindingKind kind;
  Ending end;
};
#define REWEAVE_ROW(kind, name) {FindingKind::kind, &reweave_found_##name},
constexpr Found kFound[] = {REWEAVE_FINDINGS(REWEAVE_ROW)};
#undef REWEAVE_ROW

consteval bool is_in_order() {
  for (std::size_t i = 0; i < std::size(kFound); ++i)
    if (kFound[i].kind != static_cast<FindingKind>(i)) return false;
  return std::size(kFound) == kFindingKindCount;
}
static_assert(is_in_order(), "each kind of finding has an ending, in the order of the kinds");

constexpr Ending kBroken[] = {&reweave_reader_names_no_place, &reweave_reader_refuses_own_text,
                              &reweave_reader_reads_another_value};

void say(const std::string& what) {
  std::fprintf(stderr, "SUMMARY: reweave: %s\n", what.c_str());
  std::fflush(stderr);
}

}  // namespace

void end_with(const Finding& finding) {
  say(std::string(finding_kind_name(finding.kind)) + ": " + finding.signature);
  kFound[static_cast<std::size_t>(finding.kind)].end();
  std::abort();
}

void end_with(Broken promise, std::string_view target, std::string_view detail) {
  say(std::string(target) + ": " + std::string(detail));
  kBroken[static_cast<std::size_t>(promise)]();
  std::abort();
}

}  // namespace reweave::repro
