#include "repro/file/raw_input.h"

#include <array>
#include <string>

#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

using runtime::OpCode;
using runtime::Settings;
using runtime::Topic;

/// A fuzz execution is short: a long one costs more than it shows, and the fuzzer can make another.
Settings short_executions(std::uint32_t spill_levels) {
  Settings settings;
  settings.spill_levels = spill_levels;
  settings.check_structure = true;
  settings.limits.steps_max = 300;
  settings.limits.questions_max = 2'000;
  settings.limits.actors_max = 100;
  return settings;
}

/// The executable specification runs beside every execution, and judges what no other oracle sees.
Settings beside_specification(std::uint32_t spill_levels = 10) {
  Settings settings = short_executions(spill_levels);
  settings.check_specification = true;
  return settings;
}

/// The stack is copied at every switch, spilled after a few calls, and nothing of that is cached.
Settings copying_stacks() {
  Settings settings = beside_specification(3);
  settings.switching = runtime::Switching::kHard;
  settings.slice_cache = false;
  return settings;
}

/// Threads take turns often, wherever they are.
Settings taking_turns() {
  Settings settings = beside_specification();
  settings.gil_ticks = 7;
  return settings;
}

/// The cycle collector may run before any operation.
Settings collecting() {
  Settings settings = beside_specification();
  settings.collect = true;
  return settings;
}

/// Nobody but the specification speaks, and it is asked about every input.
Settings specification_alone() {
  Settings settings = beside_specification(25);
  settings.only_specification = true;
  return settings;
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  static const std::vector<FuzzTarget> targets = {
      {"tempval", "values in flight: channels, spills, callbacks", beside_specification()},
      // Every call through C spills, unless a plan says otherwise: frames go on on other stacks
      // than they began on, which is where the counting of their references was once wrong.
      {"frames", "frames and their caches: calls, refused switches", short_executions(1)},
      {"channels",
       "channels: who waits, who is served, closing, callbacks, buffers",
       beside_specification(25),
       {.topics = {Topic::kBeyond},
        .operations = {OpCode::kSendx, OpCode::kSendseq, OpCode::kIter, OpCode::kClose,
                       OpCode::kOpen, OpCode::kSall, OpCode::kBal, OpCode::kQueue, OpCode::kChancbf,
                       OpCode::kChancb, OpCode::kBtrap, OpCode::kTbtrap}}},
      {"deaths",
       "how objects die: weak references, finalizers, who survives them",
       beside_specification(),
       {.topics = {Topic::kRecycling},
        .operations = {OpCode::kDrop, OpCode::kWeakref, OpCode::kKill, OpCode::kKillp,
                       OpCode::kFinally, OpCode::kTryall, OpCode::kRebind, OpCode::kUnbind,
                       OpCode::kGenerator, OpCode::kCell, OpCode::kSetcell, OpCode::kGc}}},
      {"spill",
       "stacks: every switch copies, three calls deep they spill, nothing is cached",
       copying_stacks(),
       {.operations = {OpCode::kHcall, OpCode::kRec, OpCode::kSoftsw, OpCode::kTrapped,
                       OpCode::kSwtrap, OpCode::kChancbf, OpCode::kSchedcbf, OpCode::kRunto}}},
      {"threads",
       "threads: tasklets that go from one to another, interrupts, limits of time",
       taking_turns(),
       {.topics = {Topic::kThreads},
        .operations = {OpCode::kRunto, OpCode::kBurn, OpCode::kSpinsched, OpCode::kAtomic,
                       OpCode::kInsert, OpCode::kRemove, OpCode::kSetup, OpCode::kSelf}}},
      {"collector",
       "the cycle collector, which may run before any operation",
       collecting(),
       {.topics = {Topic::kClosures, Topic::kRecycling},
        .operations = {OpCode::kGc, OpCode::kDrop, OpCode::kWeakref, OpCode::kSetkey}}},
      {"dict",
       "dictionaries of a tasklet and of the program, and what their keys run",
       beside_specification(),
       {.topics = {Topic::kDicts},
        .operations = {OpCode::kDrop, OpCode::kWeakref, OpCode::kRecord, OpCode::kClosure}}},
      {"async",
       "asynchronous calls: callers, workers, replies",
       taking_turns(),
       {.topics = {Topic::kCalls},
        .operations = {OpCode::kKill, OpCode::kThrow, OpCode::kThrowp, OpCode::kSettle,
                       OpCode::kErrh}}},
      {"sync",
       "locks, conditions, sleeping: who waits and who is woken",
       taking_turns(),
       {.topics = {Topic::kLocks, Topic::kThreads},
        .operations = {OpCode::kWeakref, OpCode::kChancbf}}},
      {"conformance",
       "the specification alone against the runtime, asked about every input",
       specification_alone(),
       {.operations = {OpCode::kRunq, OpCode::kRuncount, OpCode::kState, OpCode::kNest,
                       OpCode::kTnest, OpCode::kTchan, OpCode::kSame, OpCode::kQueue,
                       OpCode::kClosed}}},
  };
  return targets;
}

std::string fuzz_target_names() {
  std::string list;
  for (const FuzzTarget& target : fuzz_targets())
    list += (list.empty() ? "" : ", ") + std::string(target.name);
  return list;
}

Expected<const FuzzTarget*> find_fuzz_target(std::string_view name) {
  constexpr std::string_view kSuffix = "_fuzzer";
  std::string_view wanted = name;
  if (wanted.size() > kSuffix.size() && wanted.substr(wanted.size() - kSuffix.size()) == kSuffix) {
    wanted.remove_suffix(kSuffix.size());
  }
  std::vector<std::string_view> known;
  for (const FuzzTarget& target : fuzz_targets()) {
    if (target.name == wanted) return &target;
    known.push_back(target.name);
  }
  return Error{"there is no fuzz target \"" + std::string(name) + "\"" +
               did_you_mean(wanted, known) + "; there are: " + fuzz_target_names()};
}

void decode_fuzz_case(std::span<const std::uint8_t> bytes, runtime::ScenarioDecoder& decoder,
                      FuzzCase& fuzz_case) {
  const std::size_t used = decoder.decode(bytes, fuzz_case.scenario);
  decode_plan(bytes.subspan(used), fuzz_case.plan);
}

void encode_fuzz_case(const FuzzCase& fuzz_case, std::vector<std::uint8_t>& bytes) {
  runtime::encode_scenario(fuzz_case.scenario, bytes);
  encode_plan(fuzz_case.plan, bytes);
}

bool looks_like_artefact(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  constexpr std::array<std::string_view, 6> kPrefixes = {"crash-", "leak-",      "timeout-",
                                                         "oom-",   "slow-unit-", "minimized-from-"};
  for (const std::string_view prefix : kPrefixes) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

}  // namespace reweave::repro
