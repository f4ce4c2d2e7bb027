#include "runtime/oracle/stuck.h"

#include <algorithm>

#include "runtime/service/condition.h"
#include "runtime/service/lock.h"
#include "runtime/tasklet/tasklet_state.h"
#include "scheduler/sync/wait_graph.h"

namespace reweave::runtime {
namespace {

bool is_alive(FrameRef frame) { return frame && frame.frame->generation == frame.generation; }

/// The table of waits wants somebody to tell who is ready; here nobody ever is.
class NoHost final : public sync::Host {
 public:
  void make_ready(sync::ThreadId) override {}
  void unready(sync::ThreadId) override {}
  std::uint32_t pick_waiter(std::uint32_t) override { return 0; }
};

sync::WaitKind kind_of(Waiter::For what) {
  switch (what) {
    case Waiter::For::kLock:
      return sync::WaitKind::kMutex;
    case Waiter::For::kNotify:
      return sync::WaitKind::kCondition;
    case Waiter::For::kReceiver:
    case Waiter::For::kSender:
    case Waiter::For::kNothing:
      break;
  }
  return sync::WaitKind::kChannel;
}

}  // namespace

void StuckOracle::begin(const Foresight& foresight, const LedgerNames& names) {
  foresight_ = &foresight;
  names_ = &names;
  told_.clear();
}

void StuckOracle::deadlocked(Thread& thread) {
  if (thread.settings().report_stuck) look(thread.shared(), &thread);
}

void StuckOracle::look_at_end(Runtime& runtime) { look(runtime.shared(), nullptr); }

// `raising` is about to get the error; null: main has ended.
void StuckOracle::look(const Shared& shared, const Thread* raising) {
  shared_ = &shared;
  execution_ = shared.execution;
  waiters_.clear();
  wakers_.clear();
  keys_.clear();
  find_waiters(raising);
  if (waiters_.empty()) return;
  if (raising == nullptr) {
    find_wakers();
    spread();
    std::erase_if(waiters_, [](const Waiter& waiter) { return waiter.can_go_on; });
  }
  const bool news = std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
    return !waiter.on_purpose && !is_told(waiter);
  });
  if (news) report(find_circle());
}

bool StuckOracle::is_told(const Waiter& waiter) const {
  return waiter.tasklet->serial < told_.size() && told_[waiter.tasklet->serial];
}

// ---- Who waits ----

FrameRef StuckOracle::frame_of(const Tasklet& tasklet) const {
  const Thread* const home = tasklet.thread;
  return home != nullptr && home->current() == &tasklet ? home->evaluation().running
                                                        : tasklet.frame;
}

// The frame itself or the first of its callers that is in the middle of an operation.
FrameRef StuckOracle::innermost_operation(FrameRef frame, SiteId& site) const {
  for (; is_alive(frame); frame = frame.frame->back) {
    site = frame.frame->site;
    if (names_->operation(site) != "entry") return frame;
  }
  site = kNowhere;
  return {};
}

void StuckOracle::add_waiter(Waiter waiter, FrameRef frame) {
  waiter.frame = is_alive(frame) ? frame : FrameRef{};
  if (!foresight_->is_idle(waiter.frame)) (void)innermost_operation(frame, waiter.site);
  waiter.on_purpose = foresight_->waits_on_purpose(waiter.frame);
  waiters_.push_back(waiter);
}

bool StuckOracle::is_for_ever(const Thread& thread, const Thread* raising) const {
  if (thread.current() == nullptr || thread.turn().parking.lock == nullptr) return false;
  return &thread == raising || (thread.turn().phase == ThreadPhase::kParked && !thread.has_timer());
}

void StuckOracle::find_waiters(const Thread* raising) {
  for (const Tasklet* t = shared_->first_tasklet; t != nullptr; t = t->next_made) {
    if (t->dead || t->dying) continue;
    const Thread* const home = t->thread;
    Waiter waiter{.tasklet = t};
    const bool current = home != nullptr && home->current() == t;
    if (t->blocked != 0 && t->early_end.timer != 0 && home != nullptr) continue;  // For a time.
    if (t->blocked != 0) {
      // Only a defect leaves it with a channel that is gone, of which others tell.
      if (t->channel == nullptr || t->channel->dead) continue;
      waiter.waits_for = t->blocked > 0 ? Waiter::For::kReceiver : Waiter::For::kSender;
      waiter.channel = t->channel;
    } else if (current && is_for_ever(*home, raising)) {
      waiter.lock = home->turn().parking.lock;
      waiter.condition = home->turn().parking.condition;
      waiter.waits_for = waiter.condition != nullptr ? Waiter::For::kNotify : Waiter::For::kLock;
    } else if (current && home == raising && t->next == nullptr && !t->ended) {
      waiter.waits_for = Waiter::For::kNothing;
    } else {
      continue;
    }
    add_waiter(waiter, frame_of(*t));
  }
}

// ---- Who could still wake them ----

// It runs, or will: what is runnable in it runs then, too.
bool StuckOracle::goes_on(const Thread& thread) const {
  return thread.turn().phase == ThreadPhase::kReady ||
         thread.turn().phase == ThreadPhase::kSettling ||
         ((thread.turn().phase == ThreadPhase::kParked ||
           thread.turn().phase == ThreadPhase::kAsleep) &&
          thread.has_timer());
}

void StuckOracle::find_wakers() {
  for (const Tasklet* t = shared_->first_tasklet; t != nullptr; t = t->next_made) {
    if (t->dead || t->dying || t->ended || t->thread == nullptr || !goes_on(*t->thread)) continue;
    const Thread& home = *t->thread;
    if (&home == shared_->lock.threads.front() && t == home.main_tasklet()) continue;
    const bool timed = t->blocked != 0 && t->early_end.timer != 0;
    if (t->in_run_queue() || home.current() == t || timed) add_waker(frame_of(*t));
  }
  for (const Thread* const thread : shared_->lock.threads) {
    // Started, and nothing of it ran yet: what it will do nobody knows.
    if (goes_on(*thread) && thread->current() == nullptr) wakers_.emplace_back();
  }
}

// One of those in which the same is still to come is enough.
void StuckOracle::add_waker(FrameRef frame) {
  if (is_alive(frame)) {
    const std::uint64_t key = foresight_->key_of(frame);
    const auto place = std::lower_bound(keys_.begin(), keys_.end(), key);
    if (place != keys_.end() && *place == key) return;
    keys_.insert(place, key);
  }
  wakers_.push_back(frame);
}

bool StuckOracle::could_wake(FrameRef frame, const Waiter& waiter) const {
  return !is_alive(frame) || foresight_->could_end(frame, waiter, /*by_chance=*/true);
}

// Whom those wake who can go on can go on, too.
void StuckOracle::spread() {
  std::size_t pairs = 0;
  for (std::size_t next = 0; next < wakers_.size(); ++next) {
    pairs += waiters_.size();
    for (Waiter& waiter : waiters_) {
      if (waiter.can_go_on) continue;
      if (pairs > kPairsMax) {
        waiter.can_go_on = true;
      } else if (could_wake(wakers_[next], waiter)) {
        waiter.can_go_on = true;
        add_waker(waiter.frame);
      }
    }
  }
}

// ---- Who waits for whom ----

std::size_t StuckOracle::waiter_of(ActorId actor) const {
  const auto is_his = [actor](const Waiter& waiter) { return waiter.tasklet->actor == actor; };
  const auto at = std::find_if(waiters_.begin(), waiters_.end(), is_his);
  return static_cast<std::size_t>(at - waiters_.begin());
}

void StuckOracle::holders_of(const Waiter& waiter, std::vector<std::size_t>& holders) const {
  if (waiter.waits_for == Waiter::For::kLock) {
    const Lock::Holder& holder = waiter.lock->holder();
    const std::size_t own = waiter_of(holder.actor);
    if (own < waiters_.size()) {
      holders.push_back(own);
      return;
    }
    // He is runnable, but another tasklet makes his whole thread wait.
    for (const Tasklet* t = shared_->first_tasklet; t != nullptr; t = t->next_made) {
      if (t->dead || t->actor != holder.actor || t->thread == nullptr) continue;
      for (std::size_t i = 0; i < waiters_.size(); ++i) {
        if (waiters_[i].lock != nullptr && waiters_[i].tasklet->thread == t->thread)
          holders.push_back(i);
      }
    }
    return;
  }
  if (waiter.waits_for == Waiter::For::kNothing) return;
  for (std::size_t i = 0; i < std::min(waiters_.size(), kCircleMax); ++i) {
    const Waiter& other = waiters_[i];
    if (&other == &waiter || !other.frame) continue;
    if (foresight_->could_end(other.frame, waiter, /*by_chance=*/false)) holders.push_back(i);
  }
}

std::vector<std::size_t> StuckOracle::find_circle() const {
  NoHost host;
  sync::Waiters table(host);
  for (std::size_t i = 0; i < std::min(waiters_.size(), kCircleMax); ++i)
    table.wait(sync::ThreadId{static_cast<std::uint32_t>(i)},
               {.kind = kind_of(waiters_[i].waits_for)});
  const std::vector<sync::ThreadId> circle = sync::find_circle(
      table,
      [this](sync::ThreadId thread, const sync::Wait&, std::vector<sync::ThreadId>& holders) {
        std::vector<std::size_t> found;
        holders_of(waiters_[static_cast<std::size_t>(thread)], found);
        for (const std::size_t each : found) {
          if (each < kCircleMax)
            holders.push_back(sync::ThreadId{static_cast<std::uint32_t>(each)});
        }
      });
  std::vector<std::size_t> places;
  for (const sync::ThreadId each : circle) places.push_back(static_cast<std::size_t>(each));
  return places;
}

// ---- What is said ----

std::string StuckOracle::path(ActorId actor) const { return execution_->actor_path(actor); }

std::string StuckOracle::function_at(SiteId site) const {
  if (site == kNowhere) return "?";
  const std::string name = names_->site(site);
  return name.substr(0, name.rfind('.'));
}

// " at left.3 in step 7"
std::string StuckOracle::place(SiteId site, std::uint64_t step) const {
  std::string words;
  if (site != kNowhere) words += " at " + names_->site(site);
  return words + " in step " + std::to_string(step);
}

std::string StuckOracle::part_of(const Waiter& waiter) const {
  const std::string word = waiter.site == kNowhere ? "wait" : names_->operation(waiter.site);
  const std::string channel = waiter.channel == nullptr ? "" : foresight_->channel_name(waiter);
  std::string part =
      word + (channel.empty() ? "" : " " + channel) + " in " + function_at(waiter.site);
  if (waiter.waits_for == Waiter::For::kNotify && waiter.condition->missed().step != 0)
    part += " missing " + function_at(waiter.condition->missed().site);
  return part;
}

std::string StuckOracle::line_of(const Waiter& waiter) const {
  std::string line = "\n  " + path(waiter.tasklet->actor) + " waits ";
  if (waiter.site != kNowhere)
    line += "at " + names_->site(waiter.site) + " (" + names_->operation(waiter.site) + ") ";
  switch (waiter.waits_for) {
    case Waiter::For::kReceiver:
      line += "for a receiver on " + foresight_->channel_words(waiter);
      break;
    case Waiter::For::kSender:
      line += "for a sender on " + foresight_->channel_words(waiter);
      break;
    case Waiter::For::kLock: {
      const Lock::Holder& holder = waiter.lock->holder();
      line += "for " + foresight_->lock_words(waiter.lock->number()) + ", which " +
              path(holder.actor) + " took" + place(holder.site, holder.step);
      break;
    }
    case Waiter::For::kNotify: {
      line += "for a notify of " + foresight_->condition_words(waiter.condition->number());
      const Lock::Holder& missed = waiter.condition->missed();
      if (missed.step != 0) {
        line += "; the last one, by " + path(missed.actor) + place(missed.site, missed.step) +
                ", found nobody who waited";
      }
      break;
    }
    case Waiter::For::kNothing:
      line += "to be made runnable";
      break;
  }
  if (waiter.tasklet->thread == nullptr) line += "; its thread has ended";
  if (waiter.on_purpose) line += "; on purpose";
  std::vector<std::size_t> holders;
  holders_of(waiter, holders);
  if (waiter.waits_for != Waiter::For::kLock && !holders.empty()) {
    line += "; only";
    for (std::size_t i = 0; i < holders.size(); ++i)
      line += (i == 0 ? " " : ", ") + path(waiters_[holders[i]].tasklet->actor);
    line += " could end that";
  }
  return line;
}

void StuckOracle::report(const std::vector<std::size_t>& circle) {
  std::vector<std::string> parts;
  for (const std::size_t each : circle) {
    if (!waiters_[each].on_purpose) parts.push_back(part_of(waiters_[each]));
  }
  const bool in_circle = !parts.empty();
  std::string lines;
  for (std::size_t i = 0; i < waiters_.size(); ++i) {
    const Waiter& waiter = waiters_[i];
    if (i < kLinesMax) lines += line_of(waiter);
    if (waiter.on_purpose) continue;
    if (!in_circle) parts.push_back(part_of(waiter));
    if (told_.size() <= waiter.tasklet->serial) told_.resize(waiter.tasklet->serial + 1);
    told_[waiter.tasklet->serial] = true;
  }
  if (waiters_.size() > kLinesMax)
    lines += "\n  and " + std::to_string(waiters_.size() - kLinesMax) + " more";
  Finding finding;
  finding.kind = FindingKind::kDeadlock;
  finding.oracle = "stuck";
  finding.step = execution_->steps();
  finding.signature =
      std::string("deadlock ") + (in_circle ? "circle " : "") + sync::shape_of(std::move(parts));
  finding.message = in_circle ? "they wait for each other, for ever:"
                              : "nobody is left who could end these waits:";
  finding.message += lines;
  execution_->report(std::move(finding), /*stops=*/false);
}

}  // namespace reweave::runtime
