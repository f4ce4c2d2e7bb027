#include "repro/program/program_file.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

/// The parts of an ELF file that the dynamic linker looks at.
class Elf {
 public:
  explicit Elf(std::ifstream& in) : in_(in) {}

  bool read_header() {
    in_.read(reinterpret_cast<char*>(&header_), sizeof header_);
    bytes_ = in_.gcount();
    return bytes_ == sizeof header_ && std::memcmp(header_.e_ident, ELFMAG, SELFMAG) == 0;
  }
  bool is_script() const { return bytes_ >= 2 && std::memcmp(&header_, "#!", 2) == 0; }
  const Elf64_Ehdr& header() const { return header_; }

  bool is_dynamic() {
    for (const auto& segment : table<Elf64_Phdr>(header_.e_phoff, header_.e_phnum)) {
      if (segment.p_type == PT_INTERP) return true;
    }
    return false;
  }

  std::optional<Elf64_Shdr> find_section(std::string_view name) {
    const auto sections = table<Elf64_Shdr>(header_.e_shoff, header_.e_shnum);
    if (header_.e_shstrndx >= sections.size()) return std::nullopt;
    const Elf64_Shdr& of_names = sections[header_.e_shstrndx];
    const std::vector<char> names = table<char>(of_names.sh_offset, of_names.sh_size);
    for (const auto& section : sections) {
      const std::size_t at = section.sh_name;
      if (at + name.size() >= names.size()) continue;
      if (std::string_view(&names[at], name.size() + 1) != std::string(name) + '\0') continue;
      return section;
    }
    return std::nullopt;
  }

  /// All of it; "" if it is not there, or is packed.
  std::string section(std::string_view name) {
    const std::optional<Elf64_Shdr> found = find_section(name);
    if (!found || (found->sh_flags & SHF_COMPRESSED) != 0) return "";
    const std::vector<char> bytes = table<char>(found->sh_offset, found->sh_size);
    return std::string(bytes.begin(), bytes.end());
  }

  /// The names of the libraries that it needs, and of the symbols that it shows itself; those that
  /// it asks of others stand in `wanted`.
  void read_names(std::vector<std::string>& needed, std::vector<std::string>& shown,
                  std::vector<std::string>& wanted) {
    const auto sections = table<Elf64_Shdr>(header_.e_shoff, header_.e_shnum);
    for (const auto& section : sections) {
      const bool wanted_section = section.sh_type == SHT_DYNAMIC || section.sh_type == SHT_DYNSYM;
      if (!wanted_section || section.sh_link >= sections.size()) continue;
      const auto& names = sections[section.sh_link];
      const std::vector<char> text = table<char>(names.sh_offset, names.sh_size);
      const auto name = [&](std::uint64_t at) {
        return at < text.size() ? std::string(&text[at], strnlen(&text[at], text.size() - at))
                                : std::string();
      };
      if (section.sh_type == SHT_DYNAMIC) {
        for (const auto& entry :
             table<Elf64_Dyn>(section.sh_offset, section.sh_size / sizeof(Elf64_Dyn))) {
          if (entry.d_tag == DT_NEEDED) needed.push_back(name(entry.d_un.d_val));
        }
        continue;
      }
      for (const auto& symbol :
           table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym)))
        (symbol.st_shndx == SHN_UNDEF ? wanted : shown).push_back(name(symbol.st_name));
    }
  }

 private:
  template <typename Row>
  std::vector<Row> table(std::uint64_t offset, std::uint64_t rows) {
    constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 28;
    if (rows > kBytesMax / sizeof(Row)) return {};
    std::vector<Row> all(rows);
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(offset));
    in_.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(rows * sizeof(Row)));
    all.resize(static_cast<std::uint64_t>(in_.gcount()) / sizeof(Row));
    return all;
  }

  std::ifstream& in_;
  Elf64_Ehdr header_{};
  std::streamsize bytes_ = 0;
};

bool contains(const std::vector<std::string>& names, std::string_view wanted) {
  for (const std::string& name : names) {
    if (name == wanted) return true;
  }
  return false;
}

/// The one whose name begins so; "" if there is none.
std::string beginning(const std::vector<std::string>& names, std::string_view begin) {
  for (const std::string& name : names) {
    if (name.starts_with(begin)) return name;
  }
  return "";
}

/// Of what a compiler notes of itself, "GNU C++20 14.2.0 -mtune=generic -g -O1 -std=c++20".
std::string flags_of(std::string_view producer) {
  std::string flags;
  while (!producer.empty()) {
    const std::size_t end = std::min(producer.find(' '), producer.size());
    const std::string_view word = producer.substr(0, end);
    producer.remove_prefix(std::min(end + 1, producer.size()));
    const bool matters = word.starts_with("-O") || word.starts_with("-std=") ||
                         word == "-fsanitize=address" || word == "-fsanitize=undefined";
    if (matters) (flags += flags.empty() ? "" : " ") += word;
  }
  return flags;
}

}  // namespace

std::string why_not_built(const std::string& path) {
  const fs::path file(path);
  const std::string extension = file.extension().string();
  const bool is_c = extension == ".c";
  bool is_source = is_c;
  for (const std::string_view each : {".cc", ".cpp", ".cxx", ".c++", ".C"})
    is_source = is_source || extension == each;
  if (!is_source) return "";
  const std::string program = file.stem().string();
  return "this is a source; compile it by `reweave-" + std::string(is_c ? "cc" : "c++") +
         " -g -O1 " + path + " -o " + program +
         "` and hunt in what comes of it: `reweave hunt -- ./" + program + "`";
}

bool has_debug_information(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Elf elf(in);
  return elf.read_header() && elf.find_section(".debug_info").has_value();
}

std::optional<CompileFlags> compile_flags(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Elf elf(in);
  if (!elf.read_header() || elf.header().e_ident[EI_CLASS] != ELFCLASS64) return std::nullopt;
  const std::string texts = elf.section(".debug_str");
  std::optional<CompileFlags> flags;
  for (std::size_t at = 0; at < texts.size();) {
    const std::string_view text(texts.c_str() + at);
    at += text.size() + 1;
    // Others come from libraries, and from the files with which each program begins.
    const bool hooked = text.find(" -fsanitize=thread") != std::string_view::npos ||
                        text.find(" -fsanitize=address") != std::string_view::npos;
    if (!text.starts_with("GNU C") || !hooked) continue;
    const CompileFlags these = {flags_of(text), !text.starts_with("GNU C++")};
    if (flags && *flags != these) return std::nullopt;
    flags = these;
  }
  return flags;
}

ProgramFile read_program_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {.obstacle = "this is a folder"};
  if (std::string why = why_not_built(path); !why.empty()) return {.obstacle = std::move(why)};
  if (access(path.c_str(), X_OK) != 0) return {.obstacle = "this file may not be executed"};
  std::ifstream in(path, std::ios::binary);
  Elf elf(in);
  if (!elf.read_header()) {
    return {.obstacle = elf.is_script() ? "this is a script; name the program that it starts"
                                        : "this is no program"};
  }
  const Elf64_Ehdr& header = elf.header();
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64) {
    return {.obstacle = "this program is for another kind of machine: x86-64 alone is supported"};
  }
  if (!elf.is_dynamic())
    return {.obstacle = "this program is linked statically: link it without -static"};
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0 &&
      geteuid() != 0) {
    return {.obstacle =
                "this program runs with other rights than yours, so no library can be put into it"};
  }
  std::vector<std::string> needed, shown, wanted;
  elf.read_names(needed, shown, wanted);
  if (!beginning(needed, "libtsan.so").empty() || contains(shown, "__tsan_init")) {
    return {.obstacle =
                "this program was linked to ThreadSanitizer's own library, which wants to have the "
                "threads for itself: link it by reweave-c++ or reweave-cc, or give "
                "-fsanitize=thread only where you compile (clang, where you link: "
                "-fno-sanitize-link-runtime)"};
  }
  ProgramFile file;
  file.address_sanitizer_library = beginning(needed, "libasan.so");
  if (file.address_sanitizer_library.empty())
    file.address_sanitizer_library = beginning(needed, "libclang_rt.asan");
  file.has_address_sanitizer = !file.address_sanitizer_library.empty() ||
                               contains(shown, "__asan_init") || contains(wanted, "__asan_init");
  return file;
}

}  // namespace reweave::repro
