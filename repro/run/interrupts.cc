#include "repro/run/interrupts.h"

#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>

namespace reweave::repro {
namespace {

volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t signal_count = 0;
std::uint64_t limit_ms = 0;

void on_signal(int number) {
  constexpr int kPatience = 3;
  if (first_signal == 0) first_signal = number;
  if (number == SIGALRM) return;  // Nobody has lost his patience.
  signal_count = signal_count + 1;
  if (signal_count >= kPatience) _exit(128 + number);
}

void ring_after(std::uint64_t milliseconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(milliseconds / 1000);
  timer.it_value.tv_usec = static_cast<suseconds_t>(milliseconds % 1000 * 1000);
  setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  first_signal = 0;
  signal_count = 0;
  struct sigaction noting {};
  noting.sa_handler = on_signal;  // Without SA_RESTART: whoever waits shall notice at once.
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &old_[i]);
    if (old_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &noting, nullptr);
  }
  limited_ = limit_ms != 0;
  if (!limited_) return;
  sigaction(SIGALRM, &noting, &old_alarm_);
  sigset_t alarm;  // Who started us may have blocked it.
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  ring_after(limit_ms);
}

Interrupts::~Interrupts() {
  if (limited_) {
    ring_after(0);
    sigaction(SIGALRM, &old_alarm_, nullptr);
  }
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &old_[i], nullptr);
}

int Interrupts::signal() { return first_signal; }

std::string Interrupts::name() {
  const char* const name = pending() ? sigabbrev_np(signal()) : nullptr;
  return name == nullptr ? "" : std::string("SIG") + name;
}

std::string Interrupts::cause() {
  if (signal() != SIGALRM) return name();
  return fmt::format("--seconds {:g}", static_cast<double>(limit_ms) / 1000);
}

int Interrupts::exit_code() {
  constexpr int kTimeOver = 124;
  return signal() == SIGALRM ? kTimeOver : 128 + signal();
}

void Interrupts::limit_time(std::uint64_t milliseconds) { limit_ms = milliseconds; }

bool Interrupts::time_is_limited() { return limit_ms != 0; }

std::uint64_t Interrupts::milliseconds_left() {
  itimerval timer{};
  getitimer(ITIMER_REAL, &timer);
  return static_cast<std::uint64_t>(timer.it_value.tv_sec) * 1000 +
         static_cast<std::uint64_t>(timer.it_value.tv_usec) / 1000 + 1;
}

}  // namespace reweave::repro
