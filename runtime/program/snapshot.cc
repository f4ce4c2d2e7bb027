#include "runtime/program/snapshot.h"

#include <link.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "runtime/program/globals.h"
#include "runtime/program/refusal.h"
#include "runtime/program/sanitizer_reports.h"
#include "scheduler/machine/context.h"

namespace reweave::program {
namespace {

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// The last component of a path.
std::string_view file_name(const char* path) {
  const std::string_view whole = path == nullptr ? "" : path;
  const std::size_t slash = whole.rfind('/');
  return slash == std::string_view::npos ? whole : whole.substr(slash + 1);
}

bool lies_in(const dl_phdr_info& info, const void* at) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    const auto offset = reinterpret_cast<std::uintptr_t>(at) - (info.dlpi_addr + segment.p_vaddr);
    if (segment.p_type == PT_LOAD && offset < segment.p_memsz) return true;
  }
  return false;
}

constexpr std::uintptr_t kPage = 4096;
constexpr std::intptr_t kStaticThreadLocalMax = std::intptr_t{1} << 30;

struct Range {
  std::uintptr_t begin = 0, end = 0;
  bool has(std::uintptr_t address) const { return address >= begin && address < end; }
};

/// What lies among a module's variables and can be written to only while the module is loaded.
Range constants_of(const dl_phdr_info& info) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_GNU_RELRO) continue;
    const std::uintptr_t begin = info.dlpi_addr + segment.p_vaddr;
    return {begin & ~(kPage - 1), (begin + segment.p_memsz) & ~(kPage - 1)};
  }
  return {};
}

/// Where a module keeps the addresses of the functions that it calls. What was looked up once stays
/// right, and a module that is bound lazily would look it up again in each execution.
Range linkage_table(const dl_phdr_info& info) {
  std::uintptr_t begin = 0, bytes = 0;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    const auto* entry = reinterpret_cast<const Elf64_Dyn*>(info.dlpi_addr + segment.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_PLTGOT) begin = entry->d_un.d_ptr;
      if (entry->d_tag == DT_PLTRELSZ) bytes = entry->d_un.d_val;
    }
  }
  if (begin == 0 || bytes == 0) return {};
  if (begin < info.dlpi_addr) begin += info.dlpi_addr;  // Not every linker puts the address there.
  constexpr std::uintptr_t kOwnEntries = 3;             // The first ones are the dynamic linker's.
  return {begin, begin + (kOwnEntries + bytes / sizeof(Elf64_Rela)) * sizeof(std::uintptr_t)};
}

}  // namespace

void Snapshot::forget() {
  for (const Region& region : regions_) munmap(region.copy, region.bytes);
  regions_.clear();
  thread_locals_.clear();
  modules_.clear();
}

void Snapshot::keep(void* at, std::size_t bytes) {
  char* begin = static_cast<char*>(at);
  char* const end = begin + bytes;
  for (const std::span<char> notes : left_out_) {
    char* const from = std::clamp(notes.data(), begin, end);
    keep_whole(begin, static_cast<std::size_t>(from - begin));
    begin = std::clamp(notes.data() + notes.size(), begin, end);
  }
  keep_whole(begin, static_cast<std::size_t>(end - begin));
}

void Snapshot::keep_whole(char* at, std::size_t bytes) {
  if (bytes == 0) return;
  void* const copy =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) refused("the system gives no memory for a copy of the program's memory");
  regions_.push_back({at, bytes, static_cast<char*>(copy)});
}

void Snapshot::keep_if_writable(void* at, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  if (begin - globals.data_begin >= globals.data_bytes) return;
  constexpr int kWritable = 1, kConstant = 2;
  // The program comes first; not 0 is returned, so that the other modules are not looked at.
  const auto kind_of = [](dl_phdr_info* program, std::size_t, void* variable) {
    const bool constant = constants_of(*program).has(reinterpret_cast<std::uintptr_t>(variable));
    return constant ? kConstant : kWritable;
  };
  if (dl_iterate_phdr(kind_of, at) == kWritable) keep(at, bytes);
}

void Snapshot::leave_out(std::vector<std::span<char>> notes) {
  left_out_ = std::move(notes);
  std::sort(left_out_.begin(), left_out_.end(),
            [](std::span<char> a, std::span<char> b) { return a.data() < b.data(); });
}

int Snapshot::visit_module(dl_phdr_info* info, std::size_t, void* self) {
  const bool all = !globals.under_address_sanitizer;
  auto& snapshot = *static_cast<Snapshot*>(self);
  std::vector<std::uintptr_t>& seen = snapshot.modules_;
  const auto address = reinterpret_cast<std::uintptr_t>(info->dlpi_phdr);
  if (std::find(seen.begin(), seen.end(), address) != seen.end()) return 0;
  seen.push_back(address);
  const std::string_view name = file_name(info->dlpi_name);
  if (lies_in(*info, &globals)) return 0;  // Ours.
  if (begins_with(name, "ld-linux") || begins_with(name, "ld.so")) return 0;
  if (begins_with(name, "linux-vdso") || begins_with(name, "libasan")) return 0;
  const Range calls = linkage_table(*info);
  const Range constants = constants_of(*info);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (all && segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0) {
      const std::uintptr_t end = begin + segment.p_memsz;
      const std::uintptr_t from = constants.has(begin) ? constants.end : begin;
      const std::uintptr_t gap = std::clamp(calls.begin, from, std::max(from, end));
      const std::uintptr_t after = std::clamp(calls.end, gap, std::max(gap, end));
      if (from < gap) snapshot.keep(reinterpret_cast<void*>(from), gap - from);
      if (after < end) snapshot.keep(reinterpret_cast<void*>(after), end - after);
    }
    if (segment.p_type == PT_TLS && info->dlpi_tls_data != nullptr &&
        !begins_with(name, "libc.so")) {
      const auto home = reinterpret_cast<std::intptr_t>(thread_pointer());
      const std::intptr_t offset = reinterpret_cast<std::intptr_t>(info->dlpi_tls_data) - home;
      // Below the thread pointer, as in every thread; elsewhere it is a block of this one's own.
      if (offset < 0 && offset > -kStaticThreadLocalMax) {
        snapshot.thread_locals_.push_back(
            {offset, reinterpret_cast<const char*>(begin), segment.p_filesz, segment.p_memsz});
      }
    }
  }
  return 0;
}

void Snapshot::keep_modules() {
  dl_iterate_phdr(&visit_module, this);
  // AddressSanitizer has state of its own for the main thread.
  if (globals.under_address_sanitizer) return;
  // The main thread goes on with what static initialization left in its thread_local variables.
  auto* const home = static_cast<char*>(thread_pointer());
  for (const ThreadLocal& local : thread_locals_) keep(home + local.offset, local.bytes);
}

void Snapshot::take(Arena* arena, char** arguments, std::span<char> stack) {
  forget();
  keep(stack.data(), stack.size());
  arena_ = arena;
  if (globals.under_address_sanitizer) {
    keep_sanitized_globals(*this);
    keep_early_blocks(*this);
  }
  keep_modules();
  if (arena != nullptr) {
    mark_ = arena->mark();
    keep(arena->begin(), static_cast<std::size_t>(mark_.bump - arena->begin()));
  }
  if (arguments != nullptr) {
    char** last = arguments;
    while (*last != nullptr) ++last;          // The command line …
    for (++last; *last != nullptr; ++last) {  // … is followed by the environment.
    }
    char* const end =
        last[-1] == nullptr ? reinterpret_cast<char*>(last) : last[-1] + std::strlen(last[-1]) + 1;
    auto* const begin = reinterpret_cast<char*>(arguments);
    if (end > begin && end - begin < (4 << 20)) keep(begin, static_cast<std::size_t>(end - begin));
  }
  for (const Region& region : regions_) std::memcpy(region.copy, region.at, region.bytes);
}

void Snapshot::renew() {
  if (arena_ != nullptr) mark_ = arena_->mark();
  for (const Region& region : regions_) std::memcpy(region.copy, region.at, region.bytes);
}

void Snapshot::keep_new_modules() {
  const std::size_t known = regions_.size();
  dl_iterate_phdr(&visit_module, this);
  for (std::size_t i = known; i < regions_.size(); ++i)
    std::memcpy(regions_[i].copy, regions_[i].at, regions_[i].bytes);
}

void Snapshot::put_back() {
  // Then this process sees no other execution, and the sanitizer would mind.
  if (gave_back_early_block()) return;
  for (const Region& region : regions_) std::memcpy(region.at, region.copy, region.bytes);
  if (arena_ != nullptr) arena_->reset(mark_);
}

void Snapshot::renew_thread(std::uintptr_t pointer) const {
  for (const ThreadLocal& local : thread_locals_) {
    char* const at = reinterpret_cast<char*>(pointer) + local.offset;
    std::memcpy(at, local.image, local.image_bytes);
    std::memset(at + local.image_bytes, 0, local.bytes - local.image_bytes);
  }
}

}  // namespace reweave::program
