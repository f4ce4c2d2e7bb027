#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "runtime/program/globals.h"
#include "runtime/program/mappings.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {
namespace {

constexpr std::uintptr_t kPage = 4096, kLarge = 2 << 20;

std::uintptr_t rounded(std::uintptr_t value, std::uintptr_t to) {
  return (value + to - 1) & ~(to - 1);
}

// By the kernel itself: libc's own functions would be handed back as the program's calls.
void* map_by_kernel(void* at, std::size_t bytes, int protection, int flags, int file,
                    off_t offset) {
  return reinterpret_cast<void*>(as_libc_tells(kernel_call(
      SYS_mmap, word_of(at), static_cast<long>(bytes), protection, flags, file, offset)));
}
void unmap_by_kernel(void* at, std::size_t bytes) {
  kernel_call(SYS_munmap, word_of(at), static_cast<long>(bytes));
}

/// Made behind our back: by libc, which forgets it with everything else; or for a library that is
/// loaded and stays, or by AddressSanitizer, which stays as well.
bool stays(const void* caller) {
  return is_in_linker(caller) || is_own_code(caller) || globals.under_address_sanitizer;
}
long mmap_call(const CallWords& words, const void* caller) {
  if (stays(caller)) return kernel_call(SYS_mmap, words);
  void* const mapped = mappings().map(
      pointer_in<void>(words[0]), static_cast<std::size_t>(words[1]), static_cast<int>(words[2]),
      static_cast<int>(words[3]), static_cast<int>(words[4]), words[5]);
  return mapped == MAP_FAILED ? -errno : word_of(mapped);
}
long mremap_call(const CallWords& words, const void* caller) {
  if (stays(caller)) return kernel_call(SYS_mremap, words);
  void* const mapped = mappings().remap(
      pointer_in<void>(words[0]), static_cast<std::size_t>(words[1]),
      static_cast<std::size_t>(words[2]), static_cast<int>(words[3]), pointer_in<void>(words[4]));
  return mapped == MAP_FAILED ? -errno : word_of(mapped);
}

}  // namespace

void stand_in_for_memory_calls() {
  stand_in_for(SYS_mmap, &mmap_call);
  stand_in_for(SYS_mremap, &mremap_call);
}

Mappings& mappings() {
  static Mappings* const only = new Mappings;
  return *only;
}

void* Mappings::map(void* at, std::size_t bytes, int protection, int flags, int file,
                    off_t offset) {
  const bool anywhere = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0;
  if (!anywhere || bytes == 0 || bytes > kBytes / 2) {
    void* const mapped = map_by_kernel(at, bytes, protection, flags, file, offset);
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
    // Over what it had mapped before, it is taken away with that.
    if (mapped != MAP_FAILED && begin - kBegin >= kBytes)
      elsewhere_.push_back({begin, rounded(begin + bytes, kPage)});
    return mapped;
  }
  // As the kernel does it, so that large pages are possible.
  const std::uintptr_t begin = rounded(next_, bytes >= kLarge ? kLarge : kPage);
  const bool fits = begin + bytes < kBegin + kBytes;
  void* mapped = MAP_FAILED;
  if (fits) {
    mapped = map_by_kernel(reinterpret_cast<void*>(begin), bytes, protection,
                           flags | MAP_FIXED_NOREPLACE, file, offset);
  }
  if (mapped != MAP_FAILED) {
    next_ = rounded(begin + bytes, kPage);
  } else if (!fits || errno == EEXIST) {  // Something of somebody else lies there.
    mapped = map_by_kernel(nullptr, bytes, protection, flags, file, offset);
    const auto other = reinterpret_cast<std::uintptr_t>(mapped);
    if (mapped != MAP_FAILED) elsewhere_.push_back({other, rounded(other + bytes, kPage)});
  }
  return mapped;
}

void* Mappings::remap(void* old, std::size_t bytes, std::size_t new_bytes, int flags, void* at) {
  void* const mapped = reinterpret_cast<void*>(
      as_libc_tells(kernel_call(SYS_mremap, word_of(old), static_cast<long>(bytes),
                                static_cast<long>(new_bytes), flags, word_of(at))));
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  if (mapped == MAP_FAILED) return mapped;
  if (begin - kBegin >= kBytes) {
    elsewhere_.push_back({begin, rounded(begin + new_bytes, kPage)});
  } else if (begin + new_bytes > next_) {
    next_ = rounded(begin + new_bytes, kPage);
  }
  return mapped;
}

void Mappings::put_back() {
  if (next_ != kBegin) unmap_by_kernel(reinterpret_cast<void*>(kBegin), next_ - kBegin);
  next_ = kBegin;
  for (const Range& range : elsewhere_)
    unmap_by_kernel(reinterpret_cast<void*>(range.begin), range.end - range.begin);
  elsewhere_.clear();
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN void* mmap(void* at, std::size_t bytes, int protection, int flags, int file,
                            off_t offset) noexcept {
  if (!is_controlled() || is_own_code(__builtin_return_address(0)))
    return real().mmap(at, bytes, protection, flags, file, offset);
  return mappings().map(at, bytes, protection, flags, file, offset);
}
REWEAVE_STAND_IN void* mmap64(void* at, std::size_t bytes, int protection, int flags, int file,
                              off_t offset) noexcept {
  if (!is_controlled()) return real().mmap(at, bytes, protection, flags, file, offset);
  return mappings().map(at, bytes, protection, flags, file, offset);
}
REWEAVE_STAND_IN void* mremap(void* old, std::size_t bytes, std::size_t new_bytes, int flags,
                              ...) noexcept {
  void* at = nullptr;
  if ((flags & MREMAP_FIXED) != 0) {
    va_list more;
    va_start(more, flags);
    at = va_arg(more, void*);
    va_end(more);
  }
  if (!is_controlled()) return real().mremap(old, bytes, new_bytes, flags, at);
  return mappings().remap(old, bytes, new_bytes, flags, at);
}
