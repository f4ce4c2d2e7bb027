// Replay: answers as a schedule says, everything else ordinarily.
//
// Strict, for repros: the answers must be asked for in their order, each must be possible, and all
// must have been asked for when the execution ends; anything else ends it as diverged, with the
// first differing step, what was expected and what was found. Lenient, for search and shrinking:
// what does not fit is dropped, and the named record of the execution is the schedule that was
// really followed. In order, for a search near a schedule: an answer is given only when all before
// it were; from the first one that is not asked for everything is ordinary, and nothing ends.
//
// A `run` answer fits when the actor of that path is ready, wherever it stands in the list. Cost:
// one binary search in the answers for each question; paths are compared only where kind, site and
// count agree.
#pragma once

#include <vector>

#include "scheduler/schedule.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/subject.h"

namespace reweave {

enum class ReplayMode : std::uint8_t { kStrict, kLenient, kInOrder };

class Replay final : public Strategy {
 public:
  /// `schedule` and `subject` must outlive this.
  Replay(const Schedule& schedule, const Subject& subject, ReplayMode mode);

  void begin(Prng, std::uint64_t) override {}
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution&) override { return false; }
  bool wants_names() const override { return true; }

  /// To be called once when the subject has returned: a strict replay with answers left ends as
  /// diverged here.
  void finish();

 private:
  struct Entry {
    QuestionKind kind{};
    SiteId site{};
    std::uint32_t nth = 0;
    std::uint32_t index = 0;  // In the schedule.
  };

  const Entry* find(const Question& question) const;
  std::uint32_t find_option(const Question& question, const NamedAnswer& wanted) const;
  void diverge(std::size_t expected, std::string found);

  const Schedule& schedule_;
  ReplayMode mode_;
  std::vector<Entry>
      entries_;  // Sorted by kind, site, nth, index; without those whose site the subject lacks.
  std::size_t
      unknown_;  // The first answer whose site the subject lacks; the schedule's size if none.
  std::size_t next_ = 0;  // Strict, in order: the answer that must be asked for next.
  Execution* execution_ = nullptr;
};

}  // namespace reweave
