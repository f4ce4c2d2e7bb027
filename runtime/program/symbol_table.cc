#include "runtime/program/symbol_table.h"

#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace reweave::program {
namespace {

constexpr std::size_t kNameBytesMax = 120;

std::string demangled(const std::string& mangled) {
  int status = 0;
  char* const text = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  std::string name = text != nullptr && status == 0 ? text : mangled;
  std::free(text);
  return name;
}

/// The first argument of a template, whose arguments begin at `begin`.
std::string first_argument(std::string_view name, std::size_t begin) {
  std::size_t end = begin;
  for (int depth = 0; end < name.size(); ++end) {
    if (depth == 0 && (name[end] == ',' || name[end] == '>')) break;
    if (name[end] == '<' || name[end] == '(' || name[end] == '{') ++depth;
    if (name[end] == '>' || name[end] == ')' || name[end] == '}') --depth;
  }
  return std::string(name.substr(begin, end - begin));
}

/// Index of the bracket that closes backwards from `end` (exclusive), or npos.
std::size_t opening(std::string_view text, std::size_t end) {
  int depth = 0;
  for (std::size_t i = end; i-- > 0;) {
    if (text[i] == ')') ++depth;
    if (text[i] == '(' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

void drop_suffixes(std::string& name) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const std::string_view suffix : {" const", " volatile", " &", " &&", " noexcept"}) {
      if (name.size() > suffix.size() && name.ends_with(suffix)) {
        name.resize(name.size() - suffix.size());
        changed = true;
      }
    }
    if (name.ends_with("]")) {
      const std::size_t at = name.rfind(" [");
      if (at != std::string::npos) {
        name.resize(at);
        changed = true;
      }
    }
  }
}

/// Drops "(int) const" at the end and "void " at the start.
void drop_parameters_and_result(std::string& name) {
  drop_suffixes(name);
  if (name.ends_with(")") && !name.ends_with("operator()")) {
    const std::size_t at = opening(name, name.size());
    if (at != std::string::npos && at > 0) name.resize(at);
  }
  drop_suffixes(name);
  int depth = 0;
  std::size_t blank = std::string::npos;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == '}') --depth;
    if (depth != 0 || c != ' ') continue;
    if (i >= 8 && name.compare(i - 8, 8, "operator") == 0) break;
    blank = i;
  }
  if (blank != std::string::npos) name.erase(0, blank + 1);
}

/// "$_0" (clang) and "{lambda(int)#1}" (gcc) are both "{lambda#1}".
void unify_lambdas(std::string& name) {
  for (std::size_t at = name.find("{lambda("); at != std::string::npos;
       at = name.find("{lambda(", at + 1)) {
    const std::size_t hash = name.find("#", at);
    if (hash == std::string::npos) return;
    name.erase(at + 7, hash - at - 7);
  }
  for (std::size_t at = name.find("$_"); at != std::string::npos; at = name.find("$_", at)) {
    std::size_t end = at + 2;
    unsigned number = 0;
    while (end < name.size() && name[end] >= '0' && name[end] <= '9') {
      number = number * 10 + static_cast<unsigned>(name[end++] - '0');
    }
    name.replace(at, end - at, "{lambda#" + std::to_string(number + 1) + "}");
  }
}

/// A lambda is one function, whether it is called or lies, inlined, in the one that a thread begins
/// with: "std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda#1}>>>::_M_run"
/// and "main::{lambda#1}::operator()" are "main::{lambda#1}".
void unwrap_lambdas(std::string& name) {
  constexpr std::string_view kBegin = "std::thread::_State_impl<std::thread::_Invoker<std::tuple<";
  constexpr std::string_view kEnd = "::_M_run", kCall = "}::operator()";
  if (name.starts_with(kBegin) && name.ends_with(kEnd)) {
    const std::string first = first_argument(name, kBegin.size());
    if (first.ends_with("}")) name = first;
  }
  if (name.ends_with(kCall)) name.resize(name.size() - kCall.size() + 1);
}

void drop_blanks_and_shorten(std::string& name, std::string_view mangled) {
  std::string kept;
  for (const char c : name) {
    if (c != ' ') kept += c;
  }
  name = kept;
  if (name.size() <= kNameBytesMax) return;
  std::uint32_t hash = 2166136261u;
  for (const char c : mangled) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  std::string shortened;
  int depth = 0;
  for (const char c : name) {
    if (c == '<' && depth++ == 0) shortened += "<>";
    if (depth == 0) shortened += c;
    if (c == '>' && depth > 0) --depth;
  }
  if (shortened.size() > kNameBytesMax) shortened.resize(kNameBytesMax);
  static constexpr char kDigits[] = "0123456789abcdef";
  shortened += '~';
  for (int i = 28; i >= 0; i -= 4) shortened += kDigits[hash >> i & 15];
  name = shortened;
}

}  // namespace

std::string thread_function_of_type(std::string_view mangled) {
  constexpr std::string_view kGiven = "_Invoker<std::tuple<";
  std::string name = demangled(std::string(mangled));
  unify_lambdas(name);
  // What std::async() begins has what it was given in the type of its own.
  const std::size_t at = name.rfind(kGiven);
  if (at == std::string::npos) return "";
  std::string given = first_argument(name, at + kGiven.size());
  if (given.find("*)(") != std::string::npos) return "";
  drop_blanks_and_shorten(given, mangled);
  return given;
}

bool is_library_name(std::string_view mangled) {
  // What is local to a function, as a lambda of it, is where that function is.
  if (mangled.starts_with("_ZZ")) return is_library_name("_Z" + std::string(mangled.substr(3)));
  // A function in a namespace begins with _ZN, or _ZNK if it is const; one of std with _ZSt, too.
  for (const std::string_view prefix :
       {"_ZNSt", "_ZNKSt", "_ZSt", "_ZNVSt", "_ZNVKSt", "_ZNKRSt"}) {
    if (mangled.starts_with(prefix)) return true;
  }
  std::string_view rest = mangled;
  for (const std::string_view prefix : {"_ZNK", "_ZN", "_ZL", "_Z"}) {
    if (!rest.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    break;
  }
  if (rest.size() != mangled.size()) {  // Names stand behind their lengths.
    if (mangled.starts_with("_ZN")) {
      for (const std::string_view space :
           {"9__gnu_cxx", "10__cxxabiv1", "7testing", "7reweave", "6__asan", "11__sanitizer",
            "14__interception", "7__ubsan", "6__lsan"}) {
        if (rest.starts_with(space)) return true;
      }
    }
    while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') rest.remove_prefix(1);
    return rest.starts_with("__gthr") || rest.starts_with("asan_thread_start");
  }
  if (rest == "_start") return true;
  for (const std::string_view name :
       {"__gthr", "__cxa_", "__cxx", "pthread_", "__asan", "__tsan", "__ubsan", "__lsan",
        "__sanitizer", "__interceptor", "___interceptor"}) {
    if (rest.starts_with(name)) return true;
  }
  return false;
}

std::string simplified_name(std::string_view mangled) {
  const std::string_view whole = mangled.substr(0, mangled.find('.'));
  const std::string without_clones(whole.empty() ? mangled : whole);
  // A function of C may be called as a type is mangled: "w" is wchar_t.
  const bool is_mangled = mangled.starts_with("_Z");
  std::string name = is_mangled ? demangled(std::string(mangled)) : without_clones;
  // What ld or a plugin put behind a dot the demangler may not know.
  if (is_mangled && name == mangled) name = demangled(without_clones);
  unify_lambdas(name);
  if (name.find("(anonymous namespace)::") != std::string::npos) {
    constexpr std::string_view kAnonymous = "(anonymous namespace)::";
    for (std::size_t at = name.find(kAnonymous); at != std::string::npos;
         at = name.find(kAnonymous)) {
      name.erase(at, kAnonymous.size());
    }
  }
  drop_parameters_and_result(name);
  unwrap_lambdas(name);
  drop_blanks_and_shorten(name, without_clones);
  return name.empty() ? "?" : name;
}

SymbolTable::SymbolTable(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status {};
  if (fstat(file, &status) == 0 && status.st_size > static_cast<off_t>(sizeof(Elf64_Ehdr))) {
    const auto bytes = static_cast<std::size_t>(status.st_size);
    void* const at = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (at != MAP_FAILED) {
      read(static_cast<const char*>(at), bytes);
      munmap(at, bytes);
    }
  }
  close(file);
}

void SymbolTable::read_note(const char* note, std::size_t bytes) {
  Elf64_Nhdr header;
  if (bytes < sizeof(header) + 4) return;
  std::memcpy(&header, note, sizeof(header));
  if (header.n_type != NT_GNU_BUILD_ID || header.n_namesz != 4) return;
  if (sizeof(header) + 4 + header.n_descsz > bytes) return;
  static constexpr char kDigits[] = "0123456789abcdef";
  const char* const id = note + sizeof(header) + 4;
  for (std::uint32_t i = 0; i < header.n_descsz; ++i) {
    build_id_ += kDigits[static_cast<unsigned char>(id[i]) >> 4];
    build_id_ += kDigits[static_cast<unsigned char>(id[i]) & 15];
  }
}

void SymbolTable::read(const char* file, std::size_t bytes) {
  Elf64_Ehdr header;
  std::memcpy(&header, file, sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr)) return;
  if (header.e_shoff > bytes || (bytes - header.e_shoff) / sizeof(Elf64_Shdr) < header.e_shnum)
    return;
  const auto* const table = reinterpret_cast<const Elf64_Shdr*>(file + header.e_shoff);
  if (header.e_shstrndx >= header.e_shnum) return;
  const auto inside = [&](const Elf64_Shdr& s) {
    return s.sh_type == SHT_NOBITS || (s.sh_offset <= bytes && s.sh_size <= bytes - s.sh_offset);
  };
  const Elf64_Shdr& names = table[header.e_shstrndx];
  const Elf64_Shdr* symbols = nullptr;
  for (int i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr& section = table[i];
    if (!inside(section) || section.sh_name >= names.sh_size) continue;
    sections_.push_back({file + names.sh_offset + section.sh_name, section.sh_addr,
                         section.sh_addr + section.sh_size});
    if (section.sh_type == SHT_SYMTAB) symbols = &section;
    if (section.sh_type == SHT_DYNSYM && symbols == nullptr) symbols = &section;
    if (section.sh_type == SHT_NOTE) read_note(file + section.sh_offset, section.sh_size);
  }
  if (symbols == nullptr || symbols->sh_link >= header.e_shnum) return;
  const Elf64_Shdr& strings = table[symbols->sh_link];
  if (!inside(strings)) return;
  const auto* const symbol = reinterpret_cast<const Elf64_Sym*>(file + symbols->sh_offset);
  strings_.assign(file + strings.sh_offset, strings.sh_size);
  for (std::size_t i = 0; i < symbols->sh_size / sizeof(Elf64_Sym); ++i) {
    const int type = ELF64_ST_TYPE(symbol[i].st_info);
    if (type != STT_FUNC && type != STT_OBJECT) continue;
    if (symbol[i].st_shndx == SHN_UNDEF || symbol[i].st_size == 0) continue;
    if (symbol[i].st_name >= strings.sh_size) continue;
    (type == STT_FUNC ? functions_ : variables_)
        .push_back({.begin = symbol[i].st_value,
                    .end = symbol[i].st_value + symbol[i].st_size,
                    .mangled = symbol[i].st_name});
  }
  sort(functions_);
  sort(variables_);
}

void SymbolTable::sort(std::vector<Symbol>& symbols) const {
  std::sort(symbols.begin(), symbols.end(), [this](const Symbol& a, const Symbol& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return std::strcmp(mangled_name(a), mangled_name(b)) < 0;
  });
  symbols.erase(std::unique(symbols.begin(), symbols.end(),
                            [](const Symbol& a, const Symbol& b) { return a.begin == b.begin; }),
                symbols.end());
}

const SymbolTable::Symbol& SymbolTable::with_name(const Symbol& symbol) const {
  if (symbol.name.empty()) const_cast<Symbol&>(symbol).name = simplified_name(mangled_name(symbol));
  return symbol;
}

const SymbolTable::Symbol* SymbolTable::find(const std::vector<Symbol>& symbols,
                                             std::uintptr_t address) const {
  auto found = std::upper_bound(
      symbols.begin(), symbols.end(), address,
      [](std::uintptr_t value, const Symbol& symbol) { return value < symbol.begin; });
  if (found == symbols.begin()) return nullptr;
  --found;
  return address < found->end ? &with_name(*found) : nullptr;
}

std::vector<const SymbolTable::Function*> SymbolTable::named(std::string_view name) const {
  std::vector<const Function*> found;
  for (const Function& function : functions_) {
    if (with_name(function).name == name) found.push_back(&function);
  }
  return found;
}

const SymbolTable::Section* SymbolTable::section(std::string_view name) const {
  for (const Section& section : sections_) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

}  // namespace reweave::program
