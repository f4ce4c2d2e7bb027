// `--check-determinism`: a program that looks at what nobody can control is told of, by name.

#include <set>

#include "tests/repro/compiled.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class DeterminismOfProgram : public Compiled {
 protected:
  std::string program(const std::string& name) const {
    return compile(name, {REWEAVE_SOURCES "/tests/repro/programs/" + name + ".cc"});
  }
};

TEST_F(DeterminismOfProgram, IsMissedWhereItReadsTheTimeStampCounter) {
  const std::string uncertain = program("uncertain");
  const json hunted = run_json({"hunt", "--check-determinism", "10", "--", uncertain}, 3);
  EXPECT_EQ(hunted["finding"]["kind"], "diverged");
  EXPECT_EQ(hunted["finding"]["signature"], "nondeterministic");
  EXPECT_EQ(hunted["repro"], nullptr) << "nothing could repeat it";
  EXPECT_LE(hunted["executions"].get<int>(), 100);
  const std::string message = hunted["finding"]["message"];
  EXPECT_THAT(message, AllOf(HasSubstr("part at step"), HasSubstr("count"),
                             HasSubstr("time stamp counter")));
  EXPECT_GT(hunted["finding"]["step"].get<int>(), 0);
  EXPECT_THAT(run({"hunt", "--check-determinism", "10", "--", uncertain}, 3),
              HasSubstr("nondeterministic"));
  EXPECT_THAT(run({"hunt", "--keep-going", "--check-determinism", "10", "--", uncertain}, 3),
              AllOf(HasSubstr("not deterministic"), HasSubstr("part at step")));
}

TEST_F(DeterminismOfProgram, IsLookedAtByReplayToo) {
  const std::string file =
      write("uncertain.weave", "weave 1\nsubject program\ncommand " + program("uncertain") + "\n");
  EXPECT_THAT(run({"replay", file, "--check-determinism", "500"}, 3),
              AllOf(HasSubstr("part at step"), HasSubstr("count+")));
}

TEST_F(DeterminismOfProgram, HoldsForOrdinaryPrograms) {
  for (const char* const name : {"lost_update_ok", "nap"}) {
    run({"hunt", "--check-determinism", "1", "--executions", "300", "--", program(name)}, 0);
  }
  const json hunted = run_json({"hunt", "--check-determinism", "1", "--output", path("found"), "--",
                                program("lock_order_of_three")},
                               1);
  EXPECT_EQ(hunted["finding"]["kind"], "deadlock") << "also where threads are stuck";
}

TEST_F(DeterminismOfProgram, HoldsForScenarios) {
  run({"hunt", write("clean.weave", kClean), "--check-determinism", "1"}, 0);
  const json generated =
      run_json({"hunt", "--generated", "--check-determinism", "3", "--executions", "3000"}, 0);
  EXPECT_EQ(generated["verdict"], "clean");
  EXPECT_EQ(run_json({"hunt", write("lost.weave", kLostValue), "--check-determinism", "1",
                      "--output", path("found")},
                     1)["finding"]["kind"],
            "lost-value");
}

/// What threads share lies in the caller's frame, in a thread_local variable, in a variable of the
/// program and in one of a library: with address randomization elsewhere in each process.
constexpr const char* kChecked = R"(#include <reweave/check.h>

#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>

struct Account {
  std::mutex mutex;
  int balance = 100;
};
Account of_program;
thread_local Account of_thread;

int main(int argc, char** argv) {
  Account of_caller;
  reweave::CheckOptions options;
  options.strategy = argc > 1 ? argv[1] : nullptr;
  options.executions = 100'000;
  const auto result = reweave::check(
      [&of_caller, &of_main = of_thread] {
        const auto deposit = [&](Account& account, int amount) {
          account.mutex.lock();
          const int before = account.balance;
          account.mutex.unlock();
          std::cout.flush();
          account.mutex.lock();
          account.balance = before + amount;
          account.mutex.unlock();
        };
        const auto transfer = [&](Account* from, Account* to) {
          for (int i = 0; i < 2; ++i) {
            deposit(*from, -1);
            deposit(*to, 1);
          }
        };
        std::thread a(transfer, &of_caller, &of_main), b(transfer, &of_main, &of_program),
            c(transfer, &of_program, &of_caller), d(transfer, &of_main, &of_caller);
        a.join();
        b.join();
        c.join();
        d.join();
        if (of_caller.balance >= 104 && of_main.balance <= 97) reweave::fail("a deposit was lost");
      },
      options);
  std::printf("%s%llu executions\n", result.report.c_str(),
              static_cast<unsigned long long>(result.executions));
}
)";

class DeterminismOfCheck : public Compiled {};

TEST_F(DeterminismOfCheck, HuntsAlikeInEachProcess) {
  compile("checked", {write("checked.cc", kChecked)});
  for (const char* const strategy : {"surw", "reads-from", "mix"}) {
    std::set<std::string> outputs;
    for (int process = 0; process < 4; ++process)
      outputs.insert(run_process({path("checked"), strategy}, {.timeout_ms = 60'000}).output);
    EXPECT_THAT(outputs, testing::ElementsAre(HasSubstr("a deposit was lost"))) << strategy;
  }
}

}  // namespace
}  // namespace reweave::repro
