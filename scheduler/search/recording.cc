#include "scheduler/search/recording.h"

#include "scheduler/strategy/dense_replay.h"

namespace reweave {

void replay(Subject& subject, Execution& execution, const Schedule& schedule, ReplayMode mode,
            bool keep_log, SharedTape* tape) {
  Replay chooser(schedule, subject, mode);
  execution.begin(chooser, keep_log, tape);
  if (!execution.stopped()) subject.run(execution);
  chooser.finish();
}

Expected<Schedule> record(Subject& subject, std::span<const DenseAnswer> answers,
                          const Limits& limits) {
  DenseReplay chooser(answers, /*names=*/true);
  Execution execution(limits);
  execution.begin(chooser);
  subject.run(execution);
  if (execution.outcome() == Outcome::kDiverged) {
    const Divergence& divergence = execution.divergence();
    return Error{"The same answers did not give the same execution: at step " +
                 std::to_string(divergence.step) + " expected " + divergence.expected + ", found " +
                 divergence.found +
                 ". The subject is not deterministic; look for an address, a time or uninitialised "
                 "memory that reaches a decision."};
  }
  return named_schedule(subject, execution);
}

}  // namespace reweave
