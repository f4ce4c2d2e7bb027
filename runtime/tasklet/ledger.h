// The ledger of values in flight: every value or exception that is sent is a unique token with a
// place in it.
//
//   in the sender --hand over--> in flight --receive returns--> delivered
//
// A token that is destroyed while it is in flight, or still with its sender, has been lost, unless
// its holder gave a named reason first. That is seen at the step where it happens, because tokens
// are real reference-counted objects: the place that drops the last reference is the culprit. A
// receive that returns anything but the token that was handed to its tasklet is reported as well,
// whatever became of the token.
//
// Cost: a few stores per operation, no allocation unless something is found.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/object/object.h"
#include "scheduler/execution.h"

namespace reweave::runtime {

struct Tasklet;
class Thread;

/// Why a token may leave the ledger without having been received. Each is a behaviour of the real
/// interpreter; runtime/doc/semantics.md §9 cites the recorded case that proves it.
enum class ReleaseReason : std::uint8_t {
  kNone,
  kReceiverGotIt,
  kSendFailed,       // The send raised: the value never left.
  kHolderFinalized,  // The tasklet that held it died.
  kHolderKilled,     // It was thrown at: the exception replaces the value.
  kHolderRebound,
  kRaisedByRun,    // An exception that was sent comes out of run() when nothing can receive it.
  kUncaughtError,  // Another tasklet's uncaught error overwrites what main had received.
  kChannelDied,    // The channel on which its sender was blocked is gone.
  kProgramEnded,
};
const char* release_reason_name(ReleaseReason reason);

/// What one receive came to, for the verdict.
struct ReceiveResult {
  enum class What : std::uint8_t { kValue, kException, kNone, kError };
  ActorId actor{};
  SiteId site{};
  What what{};
  std::uint32_t token = 0;    // For kValue and kException.
  ExceptionType exception{};  // For kException and kError.
  ErrorCode code{};           // For kError: raised by the receive itself.
};

/// A receive that has begun and has not returned. It may interrupt another one of the same tasklet:
/// a callback receives in the middle of it. A frame that may be left softly has it in its locals.
struct Reception {
  std::uint32_t interrupted = 0;  // What the tasklet expects of the other one.
};

/// Names of things, which only the owner of the ledger knows.
class LedgerNames {
 public:
  virtual ~LedgerNames() = default;
  virtual std::string site(SiteId site) const = 0;
  /// The word of the operation at a site: "send".
  virtual std::string operation(SiteId site) const = 0;
  /// What messages call the tasklet of that number: "0.2", its path, where somebody knows it.
  virtual std::string tasklet(std::uint32_t number) const {
    return "tasklet " + std::to_string(number);
  }
  /// What `thread` would touch if it went on at a site now; asked only for a chooser that wants
  /// steps. Object k+1 is the run queue of thread k; the program's own begin at
  /// Runtime::kObjectsOfProgram. Unless overridden nothing is known of it.
  virtual PendingStep pending(const Thread& /*thread*/, SiteId site) const {
    return {.site = site};
  }
};

class Ledger {
 public:
  /// `names` and `execution` must outlive the execution.
  void begin(Execution& execution, const LedgerNames& names);

  /// `value` enters, in the hands of `sender`, whose operation is at `site`. A token or an
  /// exception keeps the number that was drawn for it, and gets one otherwise; one that was
  /// received before is another token from now on. Anything else is not followed.
  void enter(Object& value, Tasklet& sender, SiteId site);
  /// Draws the number of a token that is about to be sent, for a program that names it beforehand.
  std::uint32_t draw(Token& token) { return token.number = reserve(1); }
  /// Draws `count` numbers for tokens to come; the first of them.
  std::uint32_t reserve(std::uint32_t count) {
    const std::uint32_t first = tokens_ + 1;
    tokens_ += count;
    return first;
  }
  /// An exception that is thrown, not sent: it gets a number, but is nobody's to receive.
  void number_only(Bomb& bomb) {
    bomb.number = reserve(1);
    bomb.place = TokenPlace::kReleased;
  }

  // On request (Settings::lost_exceptions) what is thrown is followed, too, until it is raised in
  // whom it was thrown at. One that dies before is lost, but for a TaskletExit that is not needed
  // any more: its target is dead, has got another function, or gets another TaskletExit.

  /// `by`, whose operation is at `site`, has thrown `bomb` at `target`. It takes the place of
  /// `replaced`: if that was handed to `target`, a finding.
  void thrown(Bomb& bomb, const Tasklet& target, const Tasklet& by, SiteId site, Object& replaced);
  /// `bomb` is raised in the tasklet of that number.
  void raised(Bomb& bomb, std::uint32_t tasklet) {
    if (bomb.place == TokenPlace::kThrown && bomb.receiver == tasklet)
      bomb.place = TokenPlace::kReleased;
  }

  /// The channel hands `value`, which `sender` sends, to `receiver`.
  void hand_over(Object& value, const Tasklet& sender, Tasklet& receiver);
  /// The hand-over is undone.
  void take_back(Object& value, Tasklet& receiver);

  /// `receiver`'s receive at `site` returned `value`, or raised the error `value` (a Bomb). Settles
  /// what it expected.
  void received(Object& value, Tasklet& receiver, SiteId site);

  /// `value`, which was in `holder`'s tempval, may die from now on; `holder` expects it no longer.
  /// Not a token, or one that has left already: nothing happens.
  void let_go(Object& value, Tasklet& holder, ReleaseReason reason);

  /// `waiting` was taken out of the channel on which it was blocked, for `reason`: if it resumes
  /// one day, it has sent or received nothing.
  void stop_waiting(Tasklet& waiting, bool sending, ReleaseReason reason);

  /// The last reference is gone. `doing`: what the runtime did at that moment, for the signature
  /// ("spill", "sched").
  void destroyed(Token& token, const Tasklet* current, SiteId site, const char* doing);

  /// An object that was to hold a value holds none at all.
  void null_tempval(const Tasklet& holder, SiteId site, const char* doing);

  /// Marks a token as received although nobody did: what a leaked value looks like. For canaries
  /// and tests.
  void forge_delivery(Token& token) { deliver(token); }

  /// At the end of the program: a value that was received should be gone by now, for receivers keep
  /// nothing.
  void end();

  const std::vector<ReceiveResult>& receives() const { return receives_; }
  std::uint32_t tokens_entered() const { return tokens_; }

 private:
  static constexpr std::uint32_t kNothing = ~std::uint32_t{0};  // A tasklet expects it: None.

  void report(FindingKind kind, std::string signature, std::string message, bool stops = false);
  std::string token_name(const Token& token) const;
  bool lost(std::uint32_t number) const;
  void lost_throw(const Bomb& bomb, const Tasklet* current, SiteId site, const char* doing);
  void deliver(Token& token);

  Execution* execution_ = nullptr;
  const LedgerNames* names_ = nullptr;
  std::uint32_t tokens_ = 0;
  /// Values (not exceptions) that were received and not destroyed.
  std::int32_t delivered_alive_ = 0;
  std::vector<ReceiveResult> receives_;
  std::vector<std::uint32_t> lost_;  // Numbers of tokens already reported as lost.
};

}  // namespace reweave::runtime
