// The ledger: what it reports, what it does not, and the reasons for which a value may go unheard.
//
// Numbers such as p00186 are recorded cases of the real interpreter: they prove that it, too, lets
// the value go there.
#include "runtime/tasklet/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/frame_cache.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> signatures(const Execution& execution) {
  std::vector<std::string> list;
  for (const Finding& finding : execution.findings()) list.push_back(finding.signature);
  return list;
}

// ---- By itself ----

class Sites : public LedgerNames {
 public:
  std::string site(SiteId) const override { return "somewhere"; }
  std::string operation(SiteId site) const override {
    return static_cast<std::uint32_t>(site) == 1 ? "send" : "recv";
  }
};

class LedgerAlone : public testing::Test {
 protected:
  static constexpr SiteId kSend{1}, kReceive{2};

  LedgerAlone() {
    sender_.number = 1;
    receiver_.number = 2;
    none_.kind = ObjectKind::kNone;
    execution_.begin(ordinary_);
    ledger_.begin(execution_, sites_);
  }
  Token& sent(Token& token) {
    token.kind = ObjectKind::kToken;
    ledger_.enter(token, sender_, kSend);
    return token;
  }

  Ordinary ordinary_;
  Sites sites_;
  Execution execution_;
  Ledger ledger_;
  Tasklet sender_, receiver_;
  Object none_;
  Token first_, second_;
  Bomb bomb_;
};

TEST_F(LedgerAlone, NumbersTokensInTheOrderOfSending) {
  sent(first_);
  sent(second_);
  EXPECT_EQ(first_.number, 1u);
  EXPECT_EQ(second_.number, 2u);
  EXPECT_EQ(first_.place, TokenPlace::kSender);
  EXPECT_EQ(ledger_.tokens_entered(), 2u);
}

TEST_F(LedgerAlone, AHandOverAndItsReceiveAreClean) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  EXPECT_EQ(first_.place, TokenPlace::kInFlight);
  ledger_.received(first_, receiver_, kReceive);
  EXPECT_EQ(first_.place, TokenPlace::kDelivered);
  ledger_.destroyed(first_, &receiver_, kReceive, nullptr);
  ledger_.end();
  EXPECT_THAT(signatures(execution_), IsEmpty());
  ASSERT_EQ(ledger_.receives().size(), 1u);
  EXPECT_EQ(ledger_.receives()[0].what, ReceiveResult::What::kValue);
  EXPECT_EQ(ledger_.receives()[0].token, 1u);
}

TEST_F(LedgerAlone, AValueDestroyedWithItsSenderOrInFlightIsLost) {
  ledger_.destroyed(sent(first_), &sender_, kSend, nullptr);
  ledger_.hand_over(sent(second_), sender_, receiver_);
  ledger_.destroyed(second_, &receiver_, kReceive, "spill");
  EXPECT_THAT(signatures(execution_), ElementsAre("lost-value send send", "lost-value send spill"));
  EXPECT_THAT(execution_.findings()[1].message,
              HasSubstr("value v2, sent by tasklet 1 at somewhere"));
  EXPECT_THAT(execution_.findings()[1].message, HasSubstr("handed to tasklet 2"));
  EXPECT_FALSE(execution_.stopped()) << "the execution goes on after a finding about a value";
}

TEST_F(LedgerAlone, ALossIsReportedOnceHoweverManyNoticeIt) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.destroyed(first_, &receiver_, kReceive, "spill");
  ledger_.received(none_, receiver_, kReceive);
  EXPECT_THAT(signatures(execution_), ElementsAre("lost-value send spill"));
}

TEST_F(LedgerAlone, NoneInPlaceOfAValueThatIsStillAliveIsALoss) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.received(none_, receiver_, kReceive);
  EXPECT_THAT(signatures(execution_), ElementsAre("lost-value recv none"));
}

TEST_F(LedgerAlone, NoneOutOfNowhereIsAWrongValue) {
  ledger_.received(none_, receiver_, kReceive);
  EXPECT_THAT(signatures(execution_), ElementsAre("wrong-value recv none"));
}

TEST_F(LedgerAlone, AnotherValueThanTheOneHandedOverIsAWrongValue) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.received(sent(second_), receiver_, kReceive);
  EXPECT_THAT(signatures(execution_), ElementsAre("wrong-value recv"));
  EXPECT_THAT(execution_.findings()[0].message, HasSubstr("received v2"));
  EXPECT_THAT(execution_.findings()[0].message, HasSubstr("was number 1"));
}

TEST_F(LedgerAlone, TheSameValueTwiceIsADuplicate) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.received(first_, receiver_, kReceive);
  Tasklet third;
  third.number = 3;
  ledger_.hand_over(first_, sender_, third);
  ledger_.received(first_, third, kReceive);
  EXPECT_THAT(signatures(execution_), ElementsAre("duplicated-value recv"));
  EXPECT_THAT(execution_.findings()[0].message, HasSubstr("a second time, by tasklet 3"));
}

TEST_F(LedgerAlone, AHandOverThatIsUndoneLeavesNoExpectation) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.take_back(first_, receiver_);
  EXPECT_EQ(first_.place, TokenPlace::kSender);
  EXPECT_EQ(receiver_.expects, 0u);
  ledger_.let_go(first_, sender_, ReleaseReason::kSendFailed);
  ledger_.destroyed(first_, &sender_, kSend, nullptr);
  EXPECT_THAT(signatures(execution_), IsEmpty());
}

TEST_F(LedgerAlone, AnErrorOfTheReceiveIsNoValue) {
  bomb_.kind = ObjectKind::kBomb;
  bomb_.type = ExceptionType::kRuntimeError;
  bomb_.code = ErrorCode::kDeadlock;
  ledger_.received(bomb_, receiver_, kReceive);
  EXPECT_THAT(signatures(execution_), IsEmpty());
  EXPECT_EQ(ledger_.receives()[0].what, ReceiveResult::What::kError);
  EXPECT_EQ(ledger_.receives()[0].code, ErrorCode::kDeadlock);
}

TEST_F(LedgerAlone, ASentExceptionIsWhatItsReceiverRaises) {
  bomb_.kind = ObjectKind::kBomb;
  bomb_.type = ExceptionType::kE1;
  ledger_.enter(bomb_, sender_, kSend);
  ledger_.hand_over(bomb_, sender_, receiver_);
  ledger_.received(bomb_, receiver_, kReceive);
  EXPECT_EQ(ledger_.receives()[0].what, ReceiveResult::What::kException);
  ledger_.destroyed(bomb_, &receiver_, kReceive, nullptr);
  ledger_.end();
  EXPECT_THAT(signatures(execution_), IsEmpty());
}

TEST_F(LedgerAlone, ATempvalOfNothingStopsTheExecution) {
  ledger_.null_tempval(receiver_, kReceive, "spill");
  EXPECT_THAT(signatures(execution_), ElementsAre("null-tempval spill"));
  EXPECT_TRUE(execution_.stopped());
}

TEST_F(LedgerAlone, AReceivedValueThatNeverDiesIsALeak) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.received(first_, receiver_, kReceive);
  ledger_.end();
  EXPECT_THAT(signatures(execution_), ElementsAre("leak value"));
}

TEST_F(LedgerAlone, ForgetsEverythingAtTheNextExecution) {
  ledger_.hand_over(sent(first_), sender_, receiver_);
  ledger_.received(first_, receiver_, kReceive);
  execution_.begin(ordinary_);
  ledger_.begin(execution_, sites_);
  ledger_.end();
  EXPECT_THAT(signatures(execution_), IsEmpty());
  EXPECT_THAT(ledger_.receives(), IsEmpty());
  EXPECT_EQ(ledger_.tokens_entered(), 0u);
}

// ---- The historical defects, from C++ ----

// The post's program: the receiver waits with C code on its stack; the sender sends, goes on and
// ends, and dies with the switch back to the receiver, whose value waits in its tempval meanwhile.
// A weak reference runs `callback` there. Returns what was received: the payload, or -1 for None.
std::int64_t run_the_post(NativeProgram& program, NativeCode::Body callback) {
  Channel* channel = nullptr;
  std::int64_t got = -3;
  Code& receiver = program.code([&](Thread& thread) {
    got = NativeProgram::payload(thread, program.receive(thread, channel));
    return thread.none();
  });
  Code& sender = program.code([&](Thread& thread) { return program.send(thread, channel, 42); });
  Code& dying = program.code(std::move(callback), "callback");
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    channel->preference = 1;
    program.spawn(thread, receiver);
    Tasklet* const tasklet = program.spawn_kept(thread, sender);
    add_weakref(thread, tasklet, &dying);
    thread.release(tasklet);
    return NativeProgram::done(thread, run_others(thread));
  });
  program.thread.ledger().end();
  return got;
}

NativeCode::Body schedules() {
  return [](Thread& thread) { return thread.schedule(false); };
}

NativeCode::Body goes_deep(NativeProgram& program) {
  auto levels = std::make_shared<int>(0);
  auto code = std::make_shared<Code*>(nullptr);
  *code = &program.code(
      [levels, code](Thread& thread) {
        if (++*levels >= 30) return thread.none();
        return evaluate(thread, make_frame(thread, **code, (*code)->entry), thread.none());
      },
      "nested");
  return [levels, code](Thread& thread) {
    *levels = 0;
    return evaluate(thread, make_frame(thread, **code, (*code)->entry), thread.none());
  };
}

TEST(Defects, NoneIsOnByDefaultAndNothingIsLost) {
  NativeProgram program;
  EXPECT_EQ(run_the_post(program, schedules()), 42);
  EXPECT_THAT(signatures(program.execution), IsEmpty());
  EXPECT_EQ(run_the_post(program, goes_deep(program)), 42);
  EXPECT_GT(program.thread.saved().spills, 0u);
  EXPECT_THAT(signatures(program.execution), IsEmpty());
}

TEST(Defects, PostSwitchClearLosesTheValueToACallbackThatSwitches) {
  NativeProgram program;
  program.settings.defects.add(Defect::kPostSwitchClear);
  EXPECT_EQ(run_the_post(program, schedules()), -1);
  ASSERT_EQ(signatures(program.execution).size(), 1u);
  EXPECT_EQ(program.execution.findings()[0].kind, FindingKind::kLostValue);
  EXPECT_THAT(program.execution.findings()[0].message, HasSubstr("v1, sent by tasklet 2"));
  // A callback that only goes deep is harmless: the spill looks after the value.
  EXPECT_EQ(run_the_post(program, goes_deep(program)), 42);
  EXPECT_THAT(signatures(program.execution), IsEmpty());
}

TEST(Defects, BothTogetherLoseItToACallbackThatGoesDeep) {
  NativeProgram program;
  program.settings.defects.add(Defect::kPostSwitchClear).add(Defect::kSpillDropsTempval);
  EXPECT_EQ(run_the_post(program, goes_deep(program)), -1);
  EXPECT_THAT(signatures(program.execution), ElementsAre("lost-value send spill"));
}

TEST(Defects, SpillDropsTempvalAloneNeedsATempvalThatIsFull) {
  NativeProgram program;
  program.settings.defects.add(Defect::kSpillDropsTempval);
  EXPECT_EQ(run_the_post(program, goes_deep(program)), 42);
  EXPECT_THAT(signatures(program.execution), IsEmpty());
  // The value to be sent stands in the sender's tempval while the channel callback runs.
  Channel* channel = nullptr;
  Code& callback = program.code(goes_deep(program));
  std::int64_t got = -3;
  Code& receiver = program.code([&](Thread& thread) {
    got = NativeProgram::payload(thread, program.receive(thread, channel));
    return thread.none();
  });
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program.spawn(thread, receiver);
    thread.release(run_others(thread));
    thread.shared().channel_callback = {.installed = true, .code = &callback};
    thread.release(program.send(thread, channel, 42));
    thread.shared().channel_callback = {};
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_EQ(got, -1);
  EXPECT_THAT(signatures(program.execution), ElementsAre("lost-value send spill"));
}

TEST(Defects, SpillExplodesBombLeavesNoTempvalAtAll) {
  for (const bool defect : {false, true}) {
    NativeProgram program;
    if (defect) program.settings.defects.add(Defect::kSpillExplodesBomb);
    Channel* channel = nullptr;
    Code& callback = program.code(goes_deep(program));
    std::string got;
    Code& receiver = program.code([&](Thread& thread) {
      got = NativeProgram::error(thread, program.receive(thread, channel));
      return thread.none();
    });
    const Ending ending = program.run([&](Thread& thread) {
      channel = thread.make_channel(0);
      program.spawn(thread, receiver);
      thread.release(run_others(thread));
      thread.shared().channel_callback = {.installed = true, .code = &callback};
      thread.release(program.send_exception(thread, channel, ExceptionType::kValueError));
      thread.shared().channel_callback = {};
      return NativeProgram::done(thread, run_others(thread));
    });
    EXPECT_EQ(ending.ended, !defect);
    EXPECT_EQ(got, defect ? "" : "ValueError");
    if (defect) {
      EXPECT_THAT(signatures(program.execution), ElementsAre("null-tempval spill"));
    } else {
      EXPECT_THAT(signatures(program.execution), IsEmpty());
    }
  }
}

TEST(Defects, ALeakedValueIsReportedAtTheEnd) {
  NativeProgram program;
  Channel* channel = nullptr;
  Code& forgetful = program.code([&](Thread& thread) {
    static_cast<void>(program.receive(thread, channel));  // The reference is never given back.
    return thread.none();
  });
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program.spawn(thread, forgetful);
    thread.release(run_others(thread));
    return program.send(thread, channel);
  });
  program.thread.ledger().end();
  EXPECT_THAT(signatures(program.execution), ElementsAre("leak value"));
}

// ---- Why a value may go unheard ----

// What became of tokens: read after their death, when their memory is out of bounds.
ReleaseReason reason_of(const Token* token) {
  sanitizer::unpoison(token, sizeof(Token));
  return token->place == TokenPlace::kReleased ? static_cast<ReleaseReason>(token->reason)
                                               : ReleaseReason::kNone;
}

class Reasons : public testing::Test {
 protected:
  Object* send(Thread& thread, Token* token) {
    return runtime::send(thread, channel_, token, program_.at("send"), /*soft=*/false);
  }
  Code& sender(Token*& token) {
    return program_.code([&](Thread& thread) {
      token = thread.make_token();
      return send(thread, token);
    });
  }
  Code& receiver() {
    return program_.code([&](Thread& thread) { return program_.receive(thread, channel_); });
  }
  void expect_clean() {
    program_.thread.ledger().end();
    EXPECT_THAT(signatures(program_.execution), IsEmpty());
  }

  NativeProgram program_;
  Channel* channel_ = nullptr;
  Token* token_ = nullptr;
};

TEST_F(Reasons, HaveNames) {
  EXPECT_STREQ(release_reason_name(ReleaseReason::kSendFailed), "send-failed");
  EXPECT_STREQ(release_reason_name(ReleaseReason::kHolderFinalized), "holder-finalized");
  EXPECT_STREQ(release_reason_name(ReleaseReason::kHolderKilled), "holder-killed");
  EXPECT_STREQ(release_reason_name(ReleaseReason::kRaisedByRun), "raised-by-run");
  EXPECT_STREQ(release_reason_name(ReleaseReason::kUncaughtError), "uncaught-error");
  EXPECT_STREQ(release_reason_name(ReleaseReason::kProgramEnded), "program-ended");
}

// p01388 (v2: deadlock), p01621 (v1: closed), p01554 (v6: block_trap), p00236 (v1: switch_trap).
TEST_F(Reasons, ASendThatRaisesKeepsNothing) {
  Token* tokens[4] = {};
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    const auto fails = [&](Token*& token, const char* error) {
      token = thread.make_token();
      EXPECT_EQ(NativeProgram::error(thread, send(thread, token)), error);
    };
    fails(tokens[0], "deadlock");
    channel_->closing = true;
    fails(tokens[1], "closed");
    channel_->closing = false;
    thread.current()->block_trap = true;
    fails(tokens[2], "block_trap");
    thread.current()->block_trap = false;
    program_.spawn(thread, receiver());
    thread.guard().trap += 1;
    fails(tokens[3], "switch_trap");
    thread.guard().trap -= 1;
    return thread.none();
  });
  for (const Token* const token : tokens) EXPECT_EQ(reason_of(token), ReleaseReason::kSendFailed);
  expect_clean();
}

// peer-031 (v1), p00693 (v2): the blocked sender is killed.
TEST_F(Reasons, AKilledSenderTakesItsValueAlong) {
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    Tasklet* const tasklet = program_.spawn_kept(thread, sender(token_));
    thread.release(run_others(thread));
    thread.release(thread.kill(tasklet, false));
    EXPECT_EQ(channel_->balance, 0);
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_EQ(reason_of(token_), ReleaseReason::kHolderKilled);
  expect_clean();
}

// runtime/doc/semantics.md §7: an exception thrown at a tasklet replaces a value that was delivered
// to it.
TEST_F(Reasons, AReceiverKilledBeforeItRunsTakesItsValueAlong) {
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    channel_->preference = 1;
    Tasklet* const tasklet = program_.spawn_kept(thread, receiver());
    thread.release(run_others(thread));
    token_ = thread.make_token();
    thread.release(send(thread, token_));
    thread.release(thread.kill(tasklet, false));
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_EQ(reason_of(token_), ReleaseReason::kHolderKilled);
  expect_clean();
}

// runtime/doc/semantics.md §8: a tasklet without C stack just vanishes when nothing holds it, and
// what was delivered to it goes with it.
TEST_F(Reasons, AReceiverThatVanishesTakesItsValueAlong) {
  Code& soft_receiver =
      program_.steps({[&](Thread& thread) { return take(thread, channel_, /*soft=*/true); }});
  std::vector<StepCode::Step> steps;
  Tasklet* tasklet = nullptr;
  steps.push_back([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    channel_->preference = 1;
    tasklet = program_.spawn_kept(thread, soft_receiver);
    return thread.schedule(/*soft=*/true);
  });
  steps.push_back([&](Thread& thread) {
    EXPECT_EQ(channel_->balance, -1);
    token_ = thread.make_token();
    return send(thread, token_);
  });
  steps.push_back([&](Thread& thread) {
    thread.release(thread.remove(tasklet));
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_TRUE(program_.run(program_.steps(steps)).ended);
  EXPECT_EQ(reason_of(token_), ReleaseReason::kHolderFinalized);
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

// p01152 (x3), p00528 (x2): the exception cannot be delivered, and comes out of whatever main waits
// in, run() in the first.
TEST_F(Reasons, AnExceptionNobodyReceivesComesOutOfRun) {
  Bomb* bomb = nullptr;
  Code& thrower = program_.code([&](Thread& thread) {
    bomb = thread.make_bomb(ExceptionType::kE1);
    return runtime::send(thread, channel_, bomb, program_.at("sendx"), /*soft=*/false);
  });
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    program_.spawn(thread, thrower);
    EXPECT_EQ(NativeProgram::error(thread, run_others(thread)), "other");
    return thread.none();
  });
  EXPECT_EQ(reason_of(bomb), ReleaseReason::kRaisedByRun);
  expect_clean();
}

// p00186 (v2): main had received it, but another tasklet's error reached main first.
TEST_F(Reasons, AnUncaughtErrorOverwritesWhatMainHadReceived) {
  Code& sends_and_fails = program_.code([&](Thread& thread) {
    token_ = thread.make_token();
    thread.release(send(thread, token_));
    return thread.raise(thread.make_bomb(ExceptionType::kValueError));
  });
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    channel_->preference = 1;
    program_.spawn(thread, sends_and_fails);
    EXPECT_EQ(NativeProgram::error(thread, program_.receive(thread, channel_)), "ValueError");
    return thread.none();
  });
  EXPECT_EQ(reason_of(token_), ReleaseReason::kUncaughtError);
  expect_clean();
}

// p01388 (v1): the program ends while a sender waits. Nothing is destroyed, so nothing is lost.
TEST_F(Reasons, TheEndOfTheProgramLeavesThingsAsTheyAre) {
  program_.run([&](Thread& thread) {
    channel_ = thread.make_channel(0);
    program_.spawn(thread, sender(token_));
    thread.release(run_others(thread));
    EXPECT_EQ(channel_->balance, 1);
    return thread.none();
  });
  EXPECT_EQ(reason_of(token_), ReleaseReason::kNone);
  EXPECT_EQ(token_->place, TokenPlace::kSender);
  expect_clean();
}

}  // namespace
}  // namespace reweave::runtime
