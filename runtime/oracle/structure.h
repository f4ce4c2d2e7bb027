// The structure oracle: do the queues, counts, flags and links of all threads agree with each
// other?
//
// It looks between two steps, when no operation is half done but those that wait for a callback.
// What it finds was done by the step before, and the signature names the operation of that step:
// `structure RULE OPERATION`. A rule that a single operation of a queue can check is checked there
// (Thread::require); this oracle sees what only the whole shows: a tasklet in two queues, a
// balance that is not the length of its queue, a frame that its tasklet lost while it was
// suspended, a thread that sleeps although it has something to run (a lost wake-up).
//
// A whole look is one pass over the tasklets and channels that are alive. Where the same execution
// can be repeated (ScenarioSubject::run()) it is taken now and then only, and in the other steps
// what the step touched is looked at: whatever is found by anybody is then found once more, with a
// whole look in every step, and that is what counts.
//
// Cost under Settings::check_structure: some 100 instructions for each step, and for a whole look
// some 20 for each tasklet. Allocates nothing, asks nothing, changes nothing.
#pragma once

#include "runtime/oracle/parked_frames.h"
#include "runtime/tasklet/thread.h"
#include "scheduler/finding.h"

namespace reweave::runtime {

#ifdef REWEAVE_CHECK_STRUCTURE
inline constexpr bool kChecksStructure = true;
#else
inline constexpr bool kChecksStructure = false;
#endif

class StructureOracle {
 public:
  struct Fault {
    const char* rule = nullptr;        // The name of the rule that is broken; null: none is.
    const Tasklet* tasklet = nullptr;  // Whose, if it is one tasklet's.
    FindingKind kind = FindingKind::kStructure;
    ParkedFrameFault parked{};  // If it is about one of those.
  };

  /// For what runs programs in steps, before each of them, `site` being that of its operation:
  /// looks, if the settings or the build say so. What it finds ends the execution.
  static void check(Thread& thread, SiteId site) {
    if (is_wanted(thread.settings())) [[unlikely]]
      judge(thread, site);
  }
  static bool is_wanted(const Settings& settings) {
    return settings.check_structure || (kChecksStructure && settings.defects.empty());
  }
  /// The first rule that `thread`, which is running, breaks between two steps.
  static Fault look(const Thread& thread);
  /// The same for what was touched since the last look (touched.h), with its neighbours: not every
  /// rule, and not the length of a queue.
  static Fault look_at_touched(const Thread& thread);
  /// For the same, where the execution is stopped before a step: no check() comes any more.
  static void look_before_stop(Thread& thread);
  /// Of an execution that has just ended and was looked at by what it touched: something is broken,
  /// which a look at everything in every step may have seen sooner, or may not call broken.
  static bool is_doubtful(const Runtime& runtime);

 private:
  static void judge(Thread& thread, SiteId site);
  static Fault look_at_threads(const Thread& thread, std::uint32_t* runnable);
  static Fault look_at_runners(const Thread& thread);
  static Fault look_at_place(const Tasklet& tasklet);
  static Fault look_at_ends(const Channel& channel);
  static Fault look_at_run_queue(const Thread& thread, std::uint32_t& runnable);
  static Fault look_at_tasklets(const Thread& thread, unsigned blocked, unsigned runnable);
  static Fault look_at(const Tasklet& tasklet, bool running);
  static Fault look_at_queue(const Channel& channel, unsigned& blocked);
  static Fault look_at_dict(const DictObject& object);
  static Fault look_at_saved_stacks(const Thread& thread);
};

}  // namespace reweave::runtime
