// What can be explored: a scenario of the tasklet runtime, a program, a user's function.
//
// The scheduler drives a subject through this interface and knows nothing else of it. How a subject
// is read and configured says its kind: subject_kind.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/execution.h"

namespace reweave {

class SettingValues;

class Subject {
 public:
  virtual ~Subject() = default;

  /// One execution, from a fresh state to its end, on the caller's stack. Asks `execution` every
  /// question; returns when the subject ended or `execution.stopped()`. The same answers give the
  /// same trace hash, always. Does not throw; it may really crash.
  virtual void run(Execution& execution) = 0;

  /// Takes over the settings of its kind, for the next execution. Its reductions have them, too.
  virtual void configure(const SettingValues&) {}

  /// The subject as a file keeps it, whole lines: its kind reads it back, and what it reads does
  /// the same.
  virtual std::string text() const = 0;

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

  /// What was used in the executions of this process and of its children that nobody can control:
  /// "rdtsc in main (a.cc:12)", each once, in an order that repeats. They may differ from run to
  /// run.
  virtual std::vector<std::string> escapes() const { return {}; }

  // ---- For reports; a subject that knows nothing of the kind says nothing ----

  /// The words after `--` that it was made of (SubjectKind::from_arguments()).
  virtual std::vector<std::string> arguments() const { return {}; }
  /// Where a site is in somebody's source: "deposit (bank.cc:12)".
  virtual std::string place_of(std::string_view /*site_name*/) const { return {}; }
  /// Why nothing could be decided in any of the executions of this process and of its children:
  /// "the program started no second thread".
  virtual std::string why_alone() const { return {}; }
  /// What a person has to know of a finding of it, one sentence each.
  virtual std::vector<std::string> remarks() const { return {}; }
  /// Where it was in the first of those executions that was stopped at the limit of steps: a place
  /// for each of a few actors.
  virtual std::vector<std::string> places_of_stop() const { return {}; }
  /// The last run as a picture of its events, in Chrome's Trace Event format, if they were kept.
  virtual std::string timeline() const { return {}; }

  // ---- Reductions, for the shrinker ----

  /// How many smaller subjects can be made from this one, the boldest first (delete half of it),
  /// the most timid last.
  virtual std::size_t reduction_count() const { return 0; }
  /// The n-th smaller subject; null if it is not valid. Independent of this one.
  virtual std::unique_ptr<Subject> reduce(std::size_t) const { return nullptr; }
  /// A size that every reduction makes smaller; the shrinker's measure of progress after the
  /// schedule's length.
  virtual std::size_t size() const { return 0; }
  /// How many operations, lines or whatever else a person counts it has, for reports.
  virtual std::size_t item_count() const { return size(); }
};

}  // namespace reweave
