#include "runtime/tasklet/ledger.h"

#include <utility>

#include "runtime/tasklet/tasklet.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

// Each is what the real interpreter does, too: runtime/doc/semantics.md §9 cites the recorded case
// that proves it.
const char* release_reason_name(ReleaseReason reason) {
  static constexpr const char* kNames[] = {
      "none",           "receiver-got-it", "send-failed",    "holder-finalized", "holder-killed",
      "holder-rebound", "raised-by-run",   "uncaught-error", "channel-died",     "program-ended",
  };
  return kNames[static_cast<std::size_t>(reason)];
}

namespace {

bool is_tracked(const Object& value) {
  if (value.kind != ObjectKind::kToken && value.kind != ObjectKind::kBomb) return false;
  const auto& token = static_cast<const Token&>(value);
  return token.number != 0 || token.place == TokenPlace::kThrown;
}

bool is_exit(const Object& value) {
  return value.kind == ObjectKind::kBomb &&
         static_cast<const Bomb&>(value).type == ExceptionType::kTaskletExit;
}

/// A thrown exception, which `holder` lets go, has nothing to do any more: it asked for no more
/// than that `holder` be dead, which it is, or will be by another one.
bool is_done(const Object& thrown, const Tasklet& holder, ReleaseReason reason) {
  if (!is_exit(thrown)) return false;
  return reason == ReleaseReason::kHolderFinalized || reason == ReleaseReason::kHolderRebound ||
         (reason == ReleaseReason::kHolderKilled && is_exit(*holder.tempval));
}

}  // namespace

void Ledger::begin(Execution& execution, const LedgerNames& names) {
  execution_ = &execution;
  names_ = &names;
  tokens_ = 0;
  delivered_alive_ = 0;
  receives_.clear();
  lost_.clear();
}

void Ledger::enter(Object& value, Tasklet& sender, SiteId site) {
  sender.sends_untracked = value.kind != ObjectKind::kToken && value.kind != ObjectKind::kBomb;
  if (sender.sends_untracked) return;
  auto& token = static_cast<Token&>(value);
  if (token.number == 0 || token.place != TokenPlace::kSender) {
    if (token.place == TokenPlace::kDelivered && token.kind == ObjectKind::kToken)
      --delivered_alive_;
    token.number = reserve(1);
  }
  token.place = TokenPlace::kSender;
  token.sender = sender.number;
  token.sender_site = static_cast<std::uint32_t>(site);
  token.sent_step = execution_->steps();
}

void Ledger::hand_over(Object& value, const Tasklet& sender, Tasklet& receiver) {
  if (!is_tracked(value)) {
    // None that was sent is as good as a value; None in place of a token is not.
    if (sender.sends_untracked) receiver.expects = kNothing;
    return;
  }
  auto& token = static_cast<Token&>(value);
  if (token.place == TokenPlace::kSender) token.place = TokenPlace::kInFlight;
  token.receiver = receiver.number;
  receiver.expects = token.number;
}

void Ledger::take_back(Object& value, Tasklet& receiver) {
  if (!is_tracked(value)) return;
  receiver.expects = 0;
  auto& token = static_cast<Token&>(value);
  if (token.place == TokenPlace::kInFlight) token.place = TokenPlace::kSender;
}

void Ledger::received(Object& value, Tasklet& receiver, SiteId site) {
  const std::uint32_t expected = receiver.expects;
  receiver.expects = 0;
  ReceiveResult result{.actor = receiver.actor, .site = site};
  const std::uint32_t got = is_tracked(value) ? static_cast<Token&>(value).number : 0;
  if (value.kind == ObjectKind::kBomb) {
    const auto& bomb = static_cast<const Bomb&>(value);
    result.what = expected != 0 && got == expected ? ReceiveResult::What::kException
                                                   : ReceiveResult::What::kError;
    result.token = got;
    result.exception = bomb.type;
    result.code = bomb.code;
  } else if (got != 0) {
    result.what = ReceiveResult::What::kValue;
    result.token = got;
  } else {
    result.what = ReceiveResult::What::kNone;
  }
  receives_.push_back(result);

  const auto where = [&] { return names_->operation(site); };
  if (got != 0) {
    auto& token = static_cast<Token&>(value);
    if (got == expected) {
      if (token.place == TokenPlace::kDelivered) {
        report(FindingKind::kDuplicatedValue, where(),
               token_name(token) + " was received a second time, by " +
                   names_->tasklet(receiver.number) + " at " + names_->site(site));
      }
      deliver(token);
      return;
    }
    if (value.kind == ObjectKind::kBomb)
      return;  // An exception thrown at it, or another's error: not a delivery.
    deliver(token);
  }
  if (value.kind == ObjectKind::kBomb) return;
  if (expected == kNothing && got == 0) return;
  if (expected == 0 && got == 0) {
    // A value that was lost before it was handed over has been reported where it was lost.
    if (!lost_.empty()) return;
    report(FindingKind::kWrongValue, where() + " none",
           names_->tasklet(receiver.number) + " received None at " + names_->site(site) +
               " though nothing was handed to it");
  } else if (got != 0) {
    report(FindingKind::kWrongValue, where(),
           names_->tasklet(receiver.number) + " received v" + std::to_string(got) + " at " +
               names_->site(site) + ", but what was handed to it was number " +
               std::to_string(expected));
  } else if (!lost(expected)) {
    // The token is alive somewhere, but this receive should have returned it.
    report(FindingKind::kLostValue, where() + " none",
           names_->tasklet(receiver.number) + " received None at " + names_->site(site) +
               " instead of value number " + std::to_string(expected));
  }
}

void Ledger::let_go(Object& value, Tasklet& holder, ReleaseReason reason) {
  if (!is_tracked(value)) return;
  auto& token = static_cast<Token&>(value);
  if (holder.expects == token.number) holder.expects = 0;
  if (token.place == TokenPlace::kDelivered || token.place == TokenPlace::kReleased) return;
  token.reason = static_cast<std::uint8_t>(reason);
  if (token.place == TokenPlace::kThrown && !is_done(value, holder, reason)) return;
  token.place = TokenPlace::kReleased;
}

void Ledger::thrown(Bomb& bomb, const Tasklet& target, const Tasklet& by, SiteId site,
                    Object& replaced) {
  bomb.place = TokenPlace::kThrown;
  bomb.sender = by.number;
  bomb.sender_site = static_cast<std::uint32_t>(site);
  bomb.sent_step = execution_->steps();
  bomb.receiver = target.number;
  if (!is_tracked(replaced)) return;
  auto& token = static_cast<Token&>(replaced);
  if (token.place != TokenPlace::kInFlight) return;
  const std::string operation = names_->operation(site);
  report(FindingKind::kLostValue,
         names_->operation(SiteId{token.sender_site}) + " replaced by " + operation,
         token_name(token) + ", handed to " + names_->tasklet(target.number) +
             " but not yet received, was replaced by what " + names_->tasklet(by.number) +
             " threw at it at " + names_->site(site));
}

void Ledger::stop_waiting(Tasklet& waiting, bool sending, ReleaseReason reason) {
  if (sending) {
    let_go(*waiting.tempval, waiting, reason);
  } else {
    waiting.expects = kNothing;
  }
}

bool Ledger::lost(std::uint32_t number) const {
  for (const std::uint32_t lost : lost_) {
    if (lost == number) return true;
  }
  return false;
}

void Ledger::destroyed(Token& token, const Tasklet* current, SiteId site, const char* doing) {
  if (token.place == TokenPlace::kDelivered && token.kind == ObjectKind::kToken) --delivered_alive_;
  if (token.place == TokenPlace::kDelivered || token.place == TokenPlace::kReleased) return;
  if (token.place == TokenPlace::kThrown)
    return lost_throw(static_cast<const Bomb&>(token), current, site, doing);
  lost_.push_back(token.number);
  const std::string by = doing != nullptr ? std::string(doing) : names_->operation(site);
  const std::string sent_by = names_->operation(SiteId{token.sender_site});
  std::string message = token_name(token);
  if (token.place == TokenPlace::kInFlight) {
    message += ", handed to " + names_->tasklet(token.receiver) + " but not yet received,";
  }
  message += " was destroyed by " + (doing != nullptr ? std::string("a ") + doing : by) + " at " +
             names_->site(site) + " in " +
             (current == nullptr ? "?" : names_->tasklet(current->number));
  report(FindingKind::kLostValue, sent_by + " " + by, std::move(message));
}

void Ledger::lost_throw(const Bomb& bomb, const Tasklet* current, SiteId site, const char* doing) {
  std::string by = doing != nullptr ? std::string(doing) : names_->operation(site);
  std::string how = "it was destroyed by " +
                    (doing != nullptr ? std::string("a ") : std::string()) + by + " at " +
                    names_->site(site) + " in " +
                    (current == nullptr ? "?" : names_->tasklet(current->number));
  if (static_cast<ReleaseReason>(bomb.reason) == ReleaseReason::kUncaughtError) {
    by = release_reason_name(ReleaseReason::kUncaughtError);
    how = "an uncaught error of another tasklet took its place";
  }
  report(FindingKind::kLostValue,
         names_->operation(SiteId{bomb.sender_site}) + " never raised " + by,
         (bomb.number == 0 ? "TaskletExit" : "exception x" + std::to_string(bomb.number)) +
             ", thrown at " + names_->tasklet(bomb.receiver) + " by " +
             names_->tasklet(bomb.sender) + " at " + names_->site(SiteId{bomb.sender_site}) +
             " in step " + std::to_string(bomb.sent_step) + ", was never raised: " + how);
}

void Ledger::null_tempval(const Tasklet& holder, SiteId site, const char* doing) {
  report(FindingKind::kNullTempval, doing,
         names_->tasklet(holder.number) + " is left without a tempval (NULL) by the C stack's " +
             doing + " at " + names_->site(site) + "; the real interpreter crashes here",
         /*stops=*/true);
}

void Ledger::end() {
  if (delivered_alive_ <= 0) return;
  report(FindingKind::kLeak, "value",
         std::to_string(delivered_alive_) +
             " value(s) that were received are still alive at the program's end: a reference was "
             "forgotten");
}

void Ledger::deliver(Token& token) {
  if (token.kind == ObjectKind::kToken && token.place != TokenPlace::kDelivered) ++delivered_alive_;
  token.place = TokenPlace::kDelivered;
}

void Ledger::report(FindingKind kind, std::string signature, std::string message, bool stops) {
  Finding finding;
  finding.kind = kind;
  finding.step = execution_->steps();
  finding.signature = std::string(finding_kind_name(kind)) + " " + signature;
  finding.message = std::move(message);
  finding.oracle = "ledger";
  execution_->report(std::move(finding), stops);
}

std::string Ledger::token_name(const Token& token) const {
  return std::string(token.kind == ObjectKind::kBomb ? "exception x" : "value v") +
         std::to_string(token.number) + ", sent by " + names_->tasklet(token.sender) + " at " +
         names_->site(SiteId{token.sender_site}) + " in step " + std::to_string(token.sent_step);
}

}  // namespace reweave::runtime
