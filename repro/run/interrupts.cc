#include "repro/run/interrupts.h"

#include <unistd.h>

#include <cstring>

namespace reweave::repro {
namespace {

volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t signal_count = 0;

void on_signal(int number) {
  constexpr int kPatience = 3;
  if (first_signal == 0) first_signal = number;
  signal_count = signal_count + 1;
  if (signal_count >= kPatience) _exit(128 + number);
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
}

Interrupts::~Interrupts() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &old_[i], nullptr);
}

int Interrupts::signal() { return first_signal; }

std::string Interrupts::name() {
  const char* const name = pending() ? sigabbrev_np(signal()) : nullptr;
  return name == nullptr ? "" : std::string("SIG") + name;
}

}  // namespace reweave::repro
