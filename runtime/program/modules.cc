#include "runtime/program/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "runtime/program/control.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

/// Sets *found if a module refers to a function `dlopen` elsewhere.
int look_for_dlopen(dl_phdr_info* info, std::size_t, void* found) {
  const std::string_view path = info->dlpi_name;
  if (is_runtime_module(path.substr(path.rfind('/') + 1))) return 0;
  const Elf64_Dyn* entry = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      entry = reinterpret_cast<const Elf64_Dyn*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  }
  const auto address = [info](Elf64_Addr at) {  // Not every linker puts the address there.
    return at < info->dlpi_addr ? at + info->dlpi_addr : at;
  };
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  struct Table {
    const Elf64_Rela* first = nullptr;
    std::size_t bytes = 0;
  } calls, others;
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const Elf64_Addr at = address(entry->d_un.d_ptr);
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols = reinterpret_cast<const Elf64_Sym*>(at);
        break;
      case DT_STRTAB:
        strings = reinterpret_cast<const char*>(at);
        break;
      case DT_JMPREL:
        calls.first = reinterpret_cast<const Elf64_Rela*>(at);
        break;
      case DT_PLTRELSZ:
        calls.bytes = entry->d_un.d_val;
        break;
      case DT_RELA:
        others.first = reinterpret_cast<const Elf64_Rela*>(at);
        break;
      case DT_RELASZ:
        others.bytes = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  if (symbols == nullptr || strings == nullptr) return 0;
  for (const Table& table : {calls, others}) {
    for (std::size_t i = 0; table.first != nullptr && i < table.bytes / sizeof(Elf64_Rela); ++i) {
      const Elf64_Sym& symbol = symbols[ELF64_R_SYM(table.first[i].r_info)];
      if (std::strcmp(strings + symbol.st_name, "dlopen") != 0) continue;
      *static_cast<bool*>(found) = true;
      return 1;
    }
  }
  return 0;
}

}  // namespace

Modules& modules() {
  static Modules* const only = new Modules;
  return *only;
}

bool Modules::are_loaded_by_program() {
  bool found = false;
  dl_iterate_phdr(&look_for_dlopen, &found);
  return found;
}

bool Modules::end_rehearsal() {
  rehearses_ = false;
  if (!ended_) return false;
  ended_ = false;
  process().load(tried_.back().path.c_str(), tried_.back().flags);
  return tried_.size() < kModulesMax;
}

void* Modules::open(const char* path, int flags) {
  void* there = nullptr;
  {
    const NotTheProgram scope;
    there = real().dlopen(path, path == nullptr ? flags : flags | RTLD_NOLOAD);
  }
  if (there != nullptr || path == nullptr || (flags & RTLD_NOLOAD) != 0) return there;
  const auto known = [path](const Wanted& wanted) { return wanted.path == path; };
  if (rehearses_ && std::none_of(tried_.begin(), tried_.end(), known)) {
    tried_.push_back({path, flags});
    ended_ = true;
    control().end_rehearsal();
  }
  const NotTheProgram scope;
  void* const loaded = real().dlopen(path, flags);
  if (loaded != nullptr) process().keep_new_modules();
  return loaded;
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN void* dlopen(const char* path, int flags) {
  if (!is_controlled()) return real().dlopen(path, flags);
  return modules().open(path, flags);
}
REWEAVE_STAND_IN int dlclose(void* handle) { return is_controlled() ? 0 : real().dlclose(handle); }
// Its text stays where nothing is put back: it is only freed when there is another one.
REWEAVE_STAND_IN char* dlerror() {
  if (!is_controlled()) return real().dlerror();
  const NotTheProgram scope;
  return real().dlerror();
}
