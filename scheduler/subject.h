// What can be explored: the tasklet runtime with a scenario, later a real runtime or a user's
// function.
//
// The scheduler drives a subject through this interface and knows nothing else of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/execution.h"

namespace reweave {

class Subject {
 public:
  virtual ~Subject() = default;

  /// One execution, from a fresh state to its end, on the caller's stack. Asks `execution` every
  /// question; returns when the subject ended or `execution.stopped()`. The same answers give the
  /// same trace hash, always. Does not throw; it may really crash.
  virtual void run(Execution& execution) = 0;

  /// A number that is the same for the same subject under the same settings in every build: a repro
  /// made for one fingerprint is refused for another only where it says so.
  virtual std::uint64_t fingerprint() const = 0;

  /// The name of a site, without spaces, for example "receiver.3"; stable under the subject's own
  /// reductions.
  virtual std::string site_name(SiteId site) const = 0;
  /// The site of that name, if the subject has it (a reduced subject may have lost it).
  virtual std::optional<SiteId> find_site(std::string_view name) const = 0;

  /// One event as a line for people, without newline: "[1] got data v1".
  virtual std::string describe(const Event& event) const = 0;

  /// What the subject's user-visible results were in the last run ("receive 0.1 receiver.1 v1" …),
  /// one line each, in order; part of a repro's verdict.
  virtual std::vector<std::string> results() const { return {}; }

  // ---- Reductions, for the shrinker ----

  /// How many smaller subjects can be made from this one, the boldest first (delete half of it),
  /// the most timid last.
  virtual std::size_t reduction_count() const { return 0; }
  /// The n-th smaller subject; null if it is not valid. Independent of this one.
  virtual std::unique_ptr<Subject> reduce(std::size_t) const { return nullptr; }
  /// A size that every reduction makes smaller; the shrinker's measure of progress after the
  /// schedule's length.
  virtual std::size_t size() const { return 0; }
};

}  // namespace reweave
