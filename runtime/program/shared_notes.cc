#include "runtime/program/shared_notes.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "scheduler/base/internal_check.h"

namespace reweave::program {

SharedNotes& SharedNotes::make() {
  void* const memory =
      mmap(nullptr, sizeof(SharedNotes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK_MSG(memory != MAP_FAILED, "the system gives no shared memory");
  return *new (memory) SharedNotes{};
}

void SharedNotes::note_stop(std::span<const std::uint32_t> sites) {
  if (stop_taken_.exchange(true, std::memory_order_acq_rel)) return;
  stop_count_ = static_cast<std::uint32_t>(std::min<std::size_t>(sites.size(), kStopSitesMax));
  std::copy_n(sites.begin(), stop_count_, stop_sites_.begin());
  stop_written_.store(true, std::memory_order_release);
}

std::vector<std::uint32_t> SharedNotes::stop_sites() const {
  if (!stop_written_.load(std::memory_order_acquire)) return {};
  return {stop_sites_.begin(), stop_sites_.begin() + stop_count_};
}

std::uint32_t SharedNotes::escape_count() const {
  return std::min(count_.load(std::memory_order_acquire), kEscapesMax);
}

void SharedNotes::add_escape(const char* name, std::uint32_t site) {
  const std::uint32_t known = escape_count();
  for (std::uint32_t i = 0; i < known; ++i) {
    const Escape& escape = escapes_[i];
    if (escape.name.load(std::memory_order_acquire) == name && escape.site == site) return;
  }
  const std::uint32_t mine = count_.fetch_add(1, std::memory_order_acq_rel);
  if (mine >= kEscapesMax) return;
  escapes_[mine].site = site;
  escapes_[mine].name.store(name, std::memory_order_release);
}

std::vector<std::pair<const char*, std::uint32_t>> SharedNotes::escapes() const {
  std::vector<std::pair<const char*, std::uint32_t>> all;
  const std::uint32_t count = escape_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* const name = escapes_[i].name.load(std::memory_order_acquire);
    if (name != nullptr) all.emplace_back(name, escapes_[i].site);
  }
  return all;
}

}  // namespace reweave::program
