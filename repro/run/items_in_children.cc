#include "repro/run/items_in_children.h"

#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

namespace reweave::repro {

// Whatever is before `written` is whole: a length, then so many bytes, for each item.
struct ItemsInChildren::Notes {
  static constexpr std::size_t kBytes = 4u << 20;

  std::size_t written = 0;
  bool over = false;  // There is no further item.
  std::array<char, kBytes> bytes;

  bool fits(const std::string& text) const {
    return sizeof(std::size_t) + text.size() <= kBytes - written;
  }
};

ItemsInChildren::ItemsInChildren(Isolator& isolator) : isolator_(isolator) {
  void* const memory =
      mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "the system gives no shared memory");
  }
  notes_ = ::new (memory) Notes;
}

ItemsInChildren::~ItemsInChildren() { munmap(notes_, sizeof(Notes)); }

bool ItemsInChildren::run(const Work& work, const Take& take) {
  std::size_t next = 0;
  std::optional<Disturbed> once;  // The item at which the last child died, the first time.
  for (;;) {
    notes_->written = 0;
    notes_->over = false;
    if (isolator_.go_ahead()) work_on(next, work);
    next = take_notes(next, take);
    if (once && next > once->item) disturbed_.push_back(*std::exchange(once, std::nullopt));
    const std::optional<Isolator::Death> death = isolator_.take_death();
    if (!death && notes_->over) return true;
    if (!death) continue;  // The notes were full.
    if (death->cancelled) return false;
    if (!once) {
      once = Disturbed{.item = next, .death = *death};
      continue;
    }
    once.reset();
    take(next++, "", &*death);
  }
}

void ItemsInChildren::work_on(std::size_t next, const Work& work) {
  for (;; ++next) {
    std::optional<std::string> text = work(next);
    if (!text) {
      notes_->over = true;
      break;
    }
    // One that never fits says nothing rather than being done for ever.
    if (notes_->written == 0 && !notes_->fits(*text)) text = "";
    if (!notes_->fits(*text)) break;
    const std::size_t size = text->size();
    char* const at = notes_->bytes.data() + notes_->written;
    std::memcpy(at, &size, sizeof size);
    std::memcpy(at + sizeof size, text->data(), size);
    notes_->written += sizeof size + size;
  }
  isolator_.leave_child();
}

std::size_t ItemsInChildren::take_notes(std::size_t next, const Take& take) {
  for (std::size_t at = 0; at < notes_->written; ++next) {
    std::size_t size = 0;
    std::memcpy(&size, notes_->bytes.data() + at, sizeof size);
    at += sizeof size;
    const std::string text(notes_->bytes.data() + at, size);
    at += size;
    take(next, text, nullptr);
  }
  return next;
}

}  // namespace reweave::repro
