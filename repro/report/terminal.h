// What may be shown where: colours and a progress line on a terminal for people, plain lines
// otherwise.
//
// People read standard error, programs read standard output. NO_COLOR, CLICOLOR_FORCE and TERM=dumb
// are honoured (no-color.org, bixense.com/clicolors). The progress line redraws itself only on a
// terminal; elsewhere it becomes one plain line per interval, so that logs stay logs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace reweave::repro {

struct Terminal {
  bool is_terminal = false;  // Standard error can redraw a line.
  bool colours = false;

  /// What the environment and standard error say.
  static Terminal detect();
  std::string bold(const std::string& text) const;
  std::string red(const std::string& text) const;
};

/// "1,234,567".
std::string with_commas(std::uint64_t number);
/// "1 shard", "1,234 shards".
std::string plural(std::uint64_t count, std::string_view noun);

class Progress {
 public:
  /// `quiet`: shows nothing at all.
  Progress(Terminal terminal, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap enough to be called for every execution: looks at the clock once in a while. `label`
  /// says what is counted. Time and rate are those of a phase: another `phase` begins anew.
  void update(const char* label, std::uint64_t done, std::uint64_t total, const char* phase);
  /// Takes the line away.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  Terminal terminal_;
  bool quiet_;
  bool shown_ = false;
  std::string phase_;
  std::uint64_t done_before_ = 0;  // When the phase began.
  Clock::time_point begin_;
  Clock::time_point next_;
};

}  // namespace reweave::repro
