#include "scheduler/search/trials_ahead.h"

#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include "scheduler/base/internal_check.h"
#include "scheduler/search/recording.h"

namespace reweave {
namespace {

/// Appends numbers and texts to bytes; and takes them from there in the same order.
class Writer {
 public:
  template <typename T>
  void put(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* const bytes = reinterpret_cast<const char*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
  }
  void put(const std::string& text) {
    put(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  std::span<const char> bytes() const { return bytes_; }

 private:
  std::vector<char> bytes_;
};

class Reader {
 public:
  Reader(const char* bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  template <typename T>
  T take() {
    if constexpr (std::is_same_v<T, std::string>) {
      const auto size = take<std::size_t>();
      at_ += size;
      return std::string(bytes_ + at_ - size, size);
    } else {
      T value;
      std::memcpy(&value, bytes_ + at_, sizeof value);
      at_ += sizeof value;
      return value;
    }
  }
  std::size_t at() const { return at_; }

 private:
  const char* bytes_;
  std::size_t at_;
};

void write(const Trial& trial, Writer& out) {
  out.put(trial.passed);
  out.put(trial.finding.has_value());
  if (trial.finding) {
    out.put(trial.finding->kind);
    out.put(trial.finding->step);
    out.put(trial.finding->signature);
    out.put(trial.finding->message);
  }
  out.put(trial.followed.answers.size());
  for (const NamedAnswer& answer : trial.followed.answers) {
    out.put(answer.actor);
    out.put(answer.kind);
    out.put(answer.site);
    out.put(answer.nth);
    out.put(answer.answer);
    out.put(answer.chosen);
  }
}

Trial read(Reader& in) {
  Trial trial;
  trial.passed = in.take<bool>();
  if (in.take<bool>()) {
    Finding finding;
    finding.kind = in.take<FindingKind>();
    finding.step = in.take<std::uint64_t>();
    finding.signature = in.take<std::string>();
    finding.message = in.take<std::string>();
    trial.finding = std::move(finding);
  }
  trial.followed.answers.resize(in.take<std::size_t>());
  for (NamedAnswer& answer : trial.followed.answers) {
    answer.actor = in.take<std::string>();
    answer.kind = in.take<QuestionKind>();
    answer.site = in.take<std::string>();
    answer.nth = in.take<std::uint32_t>();
    answer.answer = in.take<std::uint32_t>();
    answer.chosen = in.take<std::string>();
  }
  return trial;
}

}  // namespace

// Whatever is before `written` is whole.
struct TrialsAhead::Notes {
  static constexpr std::size_t kBytes = 4u << 20;

  std::size_t written = 0;
  bool full = false;  // The child left because a result did not fit.
  std::array<char, kBytes> bytes;
};

TrialsAhead::TrialsAhead(Isolator& isolator, const Limits& limits)
    : isolator_(isolator), execution_(limits) {
  void* const memory =
      mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "the system gives no shared memory");
  }
  notes_ = ::new (memory) Notes;
}

TrialsAhead::~TrialsAhead() { munmap(notes_, sizeof(Notes)); }

Trial TrialsAhead::run(Subject& subject, const Schedule& schedule) {
  if (is_ahead_) return run_here(subject, schedule);
  if (cancelled_) return {};
  for (;;) {
    if (read_ < notes_->written) {
      Reader in(notes_->bytes.data(), read_);
      Trial trial = read(in);
      read_ = in.at();
      return trial;
    }
    if (waits_) {
      waits_ = false;
      std::optional<IsolatedRun> run = isolator_.take_death(subject);
      // One that is too long for the notes is run in a child of its own.
      if (!run && notes_->full && notes_->written == 0)
        run = isolator_.replay(subject, schedule, ReplayMode::kLenient, execution_.limits());
      // Somebody else ended it: once more, and what is killed each time shows nothing.
      if (run && run->killed)
        run = isolator_.replay(subject, schedule, ReplayMode::kLenient, execution_.limits());
      cancelled_ = run && run->cancelled;
      if (run && (run->cancelled || run->killed)) return {};
      if (run) {
        Trial trial;
        // With answers missing the schedule would not show it again.
        trial.passed = !run->died && !run->finding && came_to_its_end(run->outcome);
        if (run->complete) trial.finding = std::move(run->finding);
        trial.followed = std::move(run->schedule);
        return trial;
      }
    }
    notes_->written = read_ = 0;
    notes_->full = false;
    if (isolator_.go_ahead()) {
      is_ahead_ = true;
      return run_here(subject, schedule);
    }
    waits_ = true;
  }
}

Trial TrialsAhead::run_here(Subject& subject, const Schedule& schedule) {
  const SharedTape& tape = isolator_.tape();
  replay(subject, execution_, schedule, ReplayMode::kLenient, /*keep_log=*/false,
         &isolator_.tape());
  Trial trial;
  if (tape.has_finding && !tape.overflowed) {
    trial.finding =
        Finding{tape.finding_kind, tape.finding_step, tape.signature.data(), tape.message.data()};
  }
  trial.passed = !tape.has_finding && came_to_its_end(execution_.outcome());
  trial.followed = named_schedule(subject, execution_);
  Writer out;
  write(trial, out);
  if (out.bytes().size() > Notes::kBytes - notes_->written) {
    notes_->full = true;
    isolator_.leave_child();
  }
  std::memcpy(notes_->bytes.data() + notes_->written, out.bytes().data(), out.bytes().size());
  notes_->written += out.bytes().size();
  return trial;
}

void TrialsAhead::finish() {
  if (is_ahead_) isolator_.leave_child();
  if (waits_) isolator_.end_child();
  waits_ = false;
}

}  // namespace reweave
