// Dense replay: the same answers to the same questions by their index, to have an execution of a
// hunt again.
//
// The dense record belongs to one subject under one set of settings; anything else makes it
// meaningless, so it is never kept in files. An answer that is not possible ends the run as
// diverged: the subject is not deterministic.
#pragma once

#include <span>

#include "scheduler/strategy/strategy.h"

namespace reweave {

class DenseReplay final : public Strategy {
 public:
  /// `answers` are in order of their index, as Execution records them, and must outlive this.
  /// `names`: run in named mode, so that a schedule can be made of the execution.
  DenseReplay(std::span<const DenseAnswer> answers, bool names)
      : answers_(answers), names_(names) {}

  void begin(Prng, std::uint64_t) override {}
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution&) override { return false; }
  bool wants_names() const override { return names_; }

 private:
  std::span<const DenseAnswer> answers_;
  bool names_;
  std::size_t next_ = 0;  // The first answer that was not given yet.
  Execution* execution_ = nullptr;
};

}  // namespace reweave
