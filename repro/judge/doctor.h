// Is everything here that each command needs? Tried, not guessed.
//
// For rr the one thing that decides is a recording of /bin/true: "perf works" and a known processor
// prove nothing on a machine without the right counters. The other readings only explain why the
// trial went as it did.
#pragma once

#include <string>
#include <vector>

namespace reweave::repro {

/// How the trial recording ended.
enum class RrOutcome {
  kWorks,
  kMissing,           // no rr on PATH
  kUnknownProcessor,  // rr does not know this processor: it is older than it
  kNoCounter,         // the hardware counters are not there: a virtual machine, most often
  kParanoid,          // the kernel forbids counters to users
  kIncompleteTrace,   // it said nothing wrong, but left a trace that it could not finish
  kCrashed,           // rr itself died
  kHung,              // it did not end in time
  kFailed,            // anything else; its own words are in `detail`
};
const char* rr_outcome_name(RrOutcome outcome);

struct RrProbe {
  RrOutcome outcome = RrOutcome::kMissing;
  std::string program{};  // Path, or "".
  std::string version{};  // "5.6.0", or "".
  std::string cause{};    // One sentence.
  std::string fix{};      // One sentence.
  std::string detail{};   // What rr itself wrote, its first line of trouble.
  std::string facts{};    // What explains it: counters in sysfs, perf_event_paranoid, a container.
  bool works() const { return outcome == RrOutcome::kWorks; }
};

/// Where the facts are read; a test gives a folder of its own.
struct DoctorOptions {
  std::string system_root{};  // "" is "/": sysfs and procfs are looked for below it.
  int timeout_ms = 20'000;
};

/// Tries to record /bin/true, in a folder that is taken away again.
RrProbe probe_rr(const DoctorOptions& options = {});

/// One line of the report.
struct Check {
  std::string name{};     // "rr", "gdb", …
  bool present = false;   // And works.
  bool unusable = false;  // It is here, but does not work.
  bool needed = false;    // Without it a command does not work at all.
  std::string found{};    // Version or place, or what is wrong.
  std::string needed_by{};
  std::string fix{};  // What to do, or what to use instead; "" if all is well.
};

struct Diagnosis {
  std::vector<Check> checks{};
  RrProbe rr;
  bool healthy() const;  // Nothing that is needed is missing.
};

Diagnosis diagnose(const DoctorOptions& options = {});

/// What stands in for rr where it cannot record: one sentence with commands.
std::string instead_of_rr();

}  // namespace reweave::repro
