// Does every difference between the repaired runtime and a recording come from a live defect?
//
// The recordings were made on a version with live defects, so a runtime without any differs from
// them in some cases. Each such case must have one live defect that, switched on alone, gives the
// recorded observation. Where no single one does, several may together, each of them needed: all
// live in that version, so this explains the case too, but it is told apart and names them. What
// no set of them gives is unexplained. And no case may lose a value once the defects are off: the
// oracles must be silent. One that the defects alone brought to an end is told apart: it goes on
// for ever without them, if the specification says the same event by event until the limit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "repro/judge/conformance.h"
#include "runtime/vocabulary/settings.h"

namespace reweave::repro {

class Explanations {
 public:
  /// `profile`: the defects of the version that the recordings are of.
  explicit Explanations(runtime::DefectSet profile);

  /// What explains one case in one mode.
  struct Explanation {
    std::string id;                 // "p00042:hard"
    bool same = false;              // It is as recorded with all defects off.
    std::vector<std::string> by{};  // Else: a smallest set of defects that gives it, if any.
    std::string finding{};          // Signature of the first one with all defects off, or "".
    bool never_ends = false;        // That finding is the limit of steps, and the specification
                                    // goes on in the same way.
  };
  /// `tape`: of a process that watches, or null.
  Explanation explain(const ConformanceCase& conformance_case, runtime::Switching switching,
                      SharedTape* tape = nullptr) const;
  void add(const Explanation& explanation);

  struct Finding {
    std::string id;
    std::string signature;  // Of the first finding with all defects off.
  };

  std::size_t cases() const { return cases_; }  // Pairs of a case and a mode.
  std::size_t same() const { return same_; }    // As recorded although all defects are off.
  /// For each live defect, the cases that it explains; a case that several explain, each alone, is
  /// the first one's in the order of the table.
  const std::map<std::string, std::vector<std::string>>& explained() const { return explained_; }
  /// For each smallest set of two and more live defects, the cases that need all of it.
  const std::map<std::vector<std::string>, std::vector<std::string>>& explained_by_several() const {
    return explained_by_several_;
  }
  /// Those that do not end with all defects off, as the specification says, too.
  const std::vector<std::string>& never_end() const { return never_end_; }
  const std::vector<std::string>& unexplained() const { return unexplained_; }
  const std::vector<Finding>& findings() const { return findings_; }
  bool complete() const { return unexplained_.empty() && findings_.empty(); }

  std::string text() const;
  std::string json() const;

 private:
  bool gives(const ConformanceCase& conformance_case, runtime::Switching switching,
             const std::vector<const runtime::DefectInfo*>& defects, SharedTape* tape) const;

  std::vector<const runtime::DefectInfo*> live_;
  std::size_t cases_ = 0;
  std::size_t same_ = 0;
  std::map<std::string, std::vector<std::string>> explained_;
  std::map<std::vector<std::string>, std::vector<std::string>> explained_by_several_;
  std::vector<std::string> never_end_;
  std::vector<std::string> unexplained_;
  std::vector<Finding> findings_;
};

}  // namespace reweave::repro
