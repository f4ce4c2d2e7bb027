#include "repro/report/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace reweave::repro {
namespace {

bool set_and_not(const char* name, std::string_view value) {
  const char* found = std::getenv(name);
  return found != nullptr && *found != '\0' && found != value;
}

}  // namespace

Terminal Terminal::detect() {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  Terminal terminal;
  terminal.is_terminal = isatty(2) != 0 && !dumb;
  terminal.colours = terminal.is_terminal;
  if (set_and_not("CLICOLOR_FORCE", "0")) terminal.colours = true;
  if (set_and_not("NO_COLOR", "")) terminal.colours = false;
  return terminal;
}

std::string Terminal::bold(const std::string& text) const {
  return colours ? "\033[1m" + text + "\033[0m" : text;
}

std::string Terminal::red(const std::string& text) const {
  return colours ? "\033[1;31m" + text + "\033[0m" : text;
}

std::string with_commas(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t left = digits.size(); left > 3;) {
    left -= 3;
    digits.insert(left, ",");
  }
  return digits;
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", with_commas(count), noun, count == 1 ? "" : "s");
}

Progress::Progress(Terminal terminal, bool quiet)
    : terminal_(terminal), quiet_(quiet), begin_(Clock::now()) {
  next_ = begin_ + (terminal_.is_terminal ? std::chrono::milliseconds(200)
                                          : std::chrono::milliseconds(10'000));
}

Progress::~Progress() { finish(); }

void Progress::update(const char* label, std::uint64_t done, std::uint64_t total,
                      const char* phase) {
  if (quiet_) return;
  const auto now = Clock::now();
  if (phase_ != phase) {
    if (!phase_.empty()) {
      begin_ = now;
      done_before_ = done;
    }
    phase_ = phase;
  }
  if (now < next_) return;
  const double seconds = std::max(std::chrono::duration<double>(now - begin_).count(), 1e-3);
  const std::uint64_t done_in_phase = done < done_before_ ? done : done - done_before_;
  const double rate = static_cast<double>(done_in_phase) / seconds;
  const std::string of = total == 0 ? "" : " of " + with_commas(total);
  const std::string line =
      fmt::format("{}: {}{} {}, {:.0f} s, {}/s", phase, with_commas(done), of, label, seconds,
                  with_commas(static_cast<std::uint64_t>(rate)));
  if (terminal_.is_terminal) {
    fmt::print(stderr, "\r{}\033[K", line);
    std::fflush(stderr);
    shown_ = true;
    next_ = now + std::chrono::milliseconds(200);
  } else {
    fmt::print(stderr, "{}\n", line);
    next_ = now + std::chrono::milliseconds(10'000);
  }
}

void Progress::finish() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace reweave::repro
