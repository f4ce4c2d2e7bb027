#include "scheduler/search/asked_questions.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "scheduler/strategy/schedule_replay.h"

namespace reweave {
namespace {

/// What a child tells of its questions, as plain numbers; it may die at any moment. The last ones
/// are kept, in two rings.
struct Board {
  static constexpr std::size_t kOptions = 1u << 21, kActors = 1u << 17;
  struct Asked {
    std::uint64_t step;
    std::uint64_t first_option;  // Counted from the first of all.
    ActorId actor;
    SiteId site;
    std::uint32_t nth, answer, answers;
    QuestionKind kind;
    std::uint8_t has_options;  // 0 or 1.

    /// Not of a child that died of damaged memory, which may have written anything here.
    bool is_whole() const {
      return static_cast<int>(kind) < kQuestionKindCount &&
             (has_options == 0 || (answer < answers && answers <= kOptions));
    }
  };
  std::uint64_t asked_count, option_count;
  std::uint32_t actor_count;
  std::array<Asked, kAskedMax> asked;
  std::array<ActorId, kOptions> options;
  std::array<ActorOrigin, kActors> actors;
};

class SharedBoard {
 public:
  SharedBoard() {
    void* const memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::system_error(errno, std::generic_category(), "the system gives no shared memory");
    }
    board_ = static_cast<Board*>(memory);  // All zero, as the system gives it.
  }
  ~SharedBoard() { munmap(board_, sizeof(Board)); }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  Board& operator*() const { return *board_; }

 private:
  Board* board_;
};

/// Notes what another one is asked until something is found. Allocates nothing.
class Listener final : public Strategy {
 public:
  Listener(Strategy& answers, Board& board) : answers_(answers), board_(board) {}

  void begin(Prng prng, std::uint64_t number) override { answers_.begin(prng, number); }
  void attach(Execution& execution) override {
    execution_ = &execution;
    answers_.attach(execution);
  }
  bool wants_names() const override { return true; }
  bool end(const Execution&) override { return false; }
  std::uint32_t choose(const Question& question) override {
    const std::uint32_t answer = answers_.choose(question);
    if (execution_->findings().empty()) note(question, answer);
    return answer;
  }

 private:
  void note(const Question& question, std::uint32_t answer) {
    for (; board_.actor_count < execution_->actor_count(); ++board_.actor_count) {
      if (board_.actor_count == Board::kActors) return;
      board_.actors[board_.actor_count] = execution_->actor_origin(ActorId{board_.actor_count});
    }
    const bool has_options = question.kind == QuestionKind::kRun;
    board_.asked[board_.asked_count % kAskedMax] = {
        execution_->steps(), board_.option_count, question.actor,
        question.site,       question.nth,        answer,
        question.answers,    question.kind,       has_options};
    if (has_options) {
      for (const Option& option : question.options)
        board_.options[board_.option_count++ % Board::kOptions] = option.actor;
    }
    ++board_.asked_count;  // From here on it counts.
  }

  Strategy& answers_;
  Board& board_;
  Execution* execution_ = nullptr;
};

std::string path_of(const Board& board, ActorId actor) {
  return path_of({board.actors.data(), std::min<std::size_t>(board.actor_count, Board::kActors)},
                 actor);
}

AskedQuestion read(const Board& board, const Board::Asked& asked, const Subject& subject) {
  AskedQuestion question{
      .step = asked.step, .ordinary = asked.answer == 0, .answers = asked.answers};
  question.given = {.actor = path_of(board, asked.actor),
                    .kind = asked.kind,
                    .site = subject.site_name(asked.site),
                    .nth = asked.nth,
                    .answer = asked.answer,
                    .chosen = ""};
  if (!asked.has_options) return question;
  for (std::uint32_t i = 0; i < asked.answers; ++i) {
    const std::uint64_t at = (asked.first_option + i) % Board::kOptions;
    question.options.push_back(path_of(board, board.options[at]));
  }
  question.given.chosen = question.options[asked.answer];
  question.given.answer = 0;
  return question;
}

}  // namespace

Heard listen(Subject& subject, Strategy& answers, Isolator& isolator,
             const ExploreOptions& options) {
  const SharedBoard shared;
  const Board& board = *shared;
  Listener listener(answers, *shared);
  ExploreOptions one = options;
  one.budget = {.executions = 1, .seconds = 0};
  Heard heard;
  heard.exploration = isolator.explore(subject, listener, one);
  // Those whose options have been written over are gone, too.
  const std::uint64_t count = std::min<std::uint64_t>(board.asked_count, kAskedMax);
  for (std::uint64_t i = board.asked_count - count; i < board.asked_count; ++i) {
    const Board::Asked& asked = board.asked[i % kAskedMax];
    if (!asked.is_whole()) continue;
    if (asked.has_options && asked.first_option + Board::kOptions < board.option_count) continue;
    heard.asked.push_back(read(board, asked, subject));
  }
  return heard;
}

std::vector<AskedQuestion> asked_questions(Subject& subject, const Schedule& schedule,
                                           Isolator& isolator, const Limits& limits) {
  Replay answers(schedule, subject, ReplayMode::kLenient);
  return listen(subject, answers, isolator, {.limits = limits}).asked;
}

}  // namespace reweave
