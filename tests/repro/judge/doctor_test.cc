#include "repro/judge/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "repro/run/debugging.h"
#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A system whose rr is a script of ours: `record` is what it does for `rr record -o DIR -- …`; $3
/// is DIR.
class FakeSystem {
 public:
  explicit FakeSystem(const std::string& record, bool with_counters = true, int paranoid = 1,
                      bool container = false)
      : path_("PATH", folder_.path("bin") + ":/usr/bin:/bin") {
    folder_.write("bin/rr",
                  "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'rr version 5.6.0'; exit 0; }\n" +
                      record + "\n",
                  true);
    folder_.write("proc/sys/kernel/perf_event_paranoid", std::to_string(paranoid) + "\n");
    folder_.write("sys/bus/event_source/devices/software/type", "1\n");
    if (container) folder_.write(".dockerenv", "");
    if (with_counters) folder_.write("sys/bus/event_source/devices/cpu/type", "4\n");
  }
  RrProbe probe(int timeout_ms = 20'000) const {
    return probe_rr({.system_root = folder_.root(), .timeout_ms = timeout_ms});
  }
  Diagnosis diagnose() const { return reweave::repro::diagnose({.system_root = folder_.root()}); }

 private:
  TemporaryFolder folder_;
  ScopedVariable path_;
};

TEST(Doctor, RrWorks) {
  const RrProbe probe = FakeSystem("mkdir \"$3\"; shift 4; exec \"$@\"").probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kWorks);
  EXPECT_EQ(probe.version, "5.6.0");
  EXPECT_EQ(probe.fix, "");
}

TEST(Doctor, AProgramThatFailsIsNoGoodOne) {
  const TemporaryFolder folder;
  folder.write("gdb", "#!/bin/sh\necho 'cannot load libpython'; exit 1\n", true);
  const ScopedVariable path("PATH", folder.root() + ":/usr/bin:/bin");
  const Diagnosis diagnosis = diagnose({.system_root = folder.root()});
  const auto gdb = std::find_if(diagnosis.checks.begin(), diagnosis.checks.end(),
                                [](const Check& check) { return check.name == "gdb"; });
  ASSERT_NE(gdb, diagnosis.checks.end());
  EXPECT_FALSE(gdb->present);
  EXPECT_TRUE(gdb->unusable);
  EXPECT_EQ(gdb->found, folder.path("gdb") + " --version fails: cannot load libpython");
  EXPECT_THAT(gdb->fix, HasSubstr("apt-get install gdb"));
}

TEST(Doctor, RrIsMissing) {
  const TemporaryFolder empty;
  const ScopedVariable path("PATH", empty.root());
  const RrProbe probe = probe_rr();
  EXPECT_EQ(probe.outcome, RrOutcome::kMissing);
  EXPECT_THAT(probe.fix, HasSubstr("apt-get install rr"));
}

constexpr const char* kUnknown =
    "echo '[FATAL ./src/PerfCounters_x86.h:124:compute_cpu_microarch()] Intel CPU type 0xc06f0 "
    "unknown' >&2; exit 1";

TEST(Doctor, RrDoesNotKnowTheProcessor) {
  const RrProbe probe = FakeSystem(kUnknown).probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kUnknownProcessor);
  EXPECT_EQ(probe.fix, "install a newer rr");
  EXPECT_THAT(probe.detail, HasSubstr("0xc06f0"));
}

TEST(Doctor, AnRrThatIsHereAndCannotRecordIsUnusableAndNotMissing) {
  const FakeSystem system(
      "mkdir \"$3\"; touch \"$3/incomplete\"; echo '[FATAL] Unable to open performance counter' "
      ">&2; "
      "exit 1",
      /*with_counters=*/false, /*paranoid=*/2);
  const Diagnosis diagnosis = system.diagnose();
  const Check& rr = diagnosis.checks.back();
  EXPECT_EQ(rr.name, "rr");
  EXPECT_FALSE(rr.present);
  EXPECT_TRUE(rr.unusable);
  EXPECT_THAT(rr.found,
              AllOf(HasSubstr("rr 5.6.0: this machine has no hardware performance counters"),
                    HasSubstr("in sysfs: no; perf_event_paranoid: 2; not in a container"),
                    HasSubstr("Unable to open performance counter")));
  EXPECT_TRUE(diagnosis.healthy()) << "nothing needs it";
}

TEST(Doctor, AContainerIsTold) {
  const FakeSystem system(kUnknown, /*with_counters=*/true, /*paranoid=*/1, /*container=*/true);
  EXPECT_THAT(system.probe().facts,
              HasSubstr("in sysfs: yes; perf_event_paranoid: 1; in a container"));
}

TEST(Doctor, ANewerRrIsNotAdvisedWhereThereAreNoCountersEither) {
  EXPECT_THAT(FakeSystem(kUnknown, /*with_counters=*/false).probe().fix,
              HasSubstr("would not help"));
}

TEST(Doctor, NoCounterIsToldFromItsWords) {
  const RrProbe probe = FakeSystem(
                            "mkdir \"$3\"; touch \"$3/incomplete\"; echo '[FATAL "
                            "./src/PerfCounters.cc:306] Unable to "
                            "open performance counter with perf_event_open' >&2; exit 1",
                            /*with_counters=*/false)
                            .probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kNoCounter);
  EXPECT_THAT(probe.cause, HasSubstr("PMU"));
}

TEST(Doctor, TheKernelForbidsCounters) {
  const RrProbe probe =
      FakeSystem(
          "echo 'rr needs /proc/sys/kernel/perf_event_paranoid <= 1, but it is 3.' >&2; exit 1",
          true, 3)
          .probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kParanoid);
  EXPECT_THAT(probe.cause, HasSubstr("is 3"));
  EXPECT_THAT(probe.fix, HasSubstr("sysctl kernel.perf_event_paranoid=1"));
}

TEST(Doctor, AnUnfinishedTraceIsNoSuccess) {
  EXPECT_EQ(FakeSystem("mkdir \"$3\"; touch \"$3/incomplete\"; exit 0").probe().outcome,
            RrOutcome::kIncompleteTrace);
}

TEST(Doctor, RrItselfCrashes) {
  const RrProbe probe = FakeSystem("kill -SEGV $$").probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kCrashed);
  EXPECT_THAT(probe.cause, HasSubstr("signal 11"));
}

TEST(Doctor, RrHangs) { EXPECT_EQ(FakeSystem("sleep 100").probe(200).outcome, RrOutcome::kHung); }

TEST(Doctor, AnythingElseIsSaidInItsOwnWords) {
  const RrProbe probe = FakeSystem("echo 'rr: Fatal error: cosmic ray'; exit 9").probe();
  EXPECT_EQ(probe.outcome, RrOutcome::kFailed);
  EXPECT_EQ(probe.detail, "rr: Fatal error: cosmic ray");
}

TEST(Doctor, ALackOfRrIsNotALackOfHealth) {
  const FakeSystem system(kUnknown);
  const Diagnosis diagnosis = diagnose();
  EXPECT_TRUE(diagnosis.healthy());
  const Check& rr = diagnosis.checks.back();
  EXPECT_EQ(rr.name, "rr");
  EXPECT_FALSE(rr.present);
  EXPECT_THAT(rr.fix, HasSubstr("--break-at-step"));
}

TEST(RecordByRr, GivesTheExitCodeOfTheProgramAndItsSettings) {
  const TemporaryFolder folder;
  const std::string rr = folder.write(
      "rr",
      "#!/bin/sh\nmkdir \"$3\"; echo \"$ASAN_OPTIONS $*\" > \"$3/seen\"; shift 4; exec \"$@\"\n",
      true);
  RrProbe probe;
  probe.program = rr;
  std::string trouble;
  EXPECT_EQ(record_by_rr(probe, {"sh", "-c", "exit 1"}, folder.path("trace"), trouble), 1);
  EXPECT_EQ(*read_file(folder.path("trace/seen")),
            "detect_leaks=0 record -o " + folder.path("trace") + " -- sh -c exit 1\n");
}

TEST(RecordByRr, TakesAnUnfinishedTraceAway) {
  const TemporaryFolder folder;
  RrProbe probe;
  probe.program =
      folder.write("rr", "#!/bin/sh\nmkdir \"$3\"; touch \"$3/incomplete\"; exit 1\n", true);
  std::string trouble;
  EXPECT_EQ(record_by_rr(probe, {"true"}, folder.path("trace"), trouble), -1);
  EXPECT_THAT(trouble, HasSubstr("unfinished"));
  EXPECT_FALSE(std::filesystem::exists(folder.path("trace")));
}

}  // namespace
}  // namespace reweave::repro
