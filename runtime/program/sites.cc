#include "runtime/program/sites.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>

#include "runtime/program/source_lines.h"
#include "runtime/program/stable_address.h"
#include "runtime/program/user_frames.h"
#include "runtime/program/variable_parts.h"
#include "scheduler/base/internal_check.h"

namespace reweave::program {

Globals globals;

struct Sites::Line {
  std::uint32_t number = 0;  // 0: not known.
  std::vector<SourceFrame> frames;
};

struct Sites::Module {
  std::uintptr_t begin = 0;  // Where it is loaded: its first segment.
  std::uintptr_t bytes = 0;
  std::uintptr_t bias = 0;        // An address in memory minus the same in the file.
  std::uintptr_t site_begin = 0;  // What is added to an offset from `begin`.
  std::string path;
  std::string name;  // The last component.
  bool is_users = false;
  bool is_runtime = false;               // Of the compiler's, or ours: what every program has.
  std::unique_ptr<SymbolTable> symbols;  // Read at first use.

  /// Of so much code that the numbers do not suffice some are of two places. `offset` is counted
  /// from `begin`.
  std::uint32_t site_at(std::uintptr_t offset) const {
    return static_cast<std::uint32_t>((site_begin + offset) % (kSiteMax - 1)) + 1;
  }
  std::uint32_t site_of(std::uintptr_t address_in_file) const {
    return site_at(address_in_file + bias - begin);
  }
};

/// The return addresses of calls that may lead out of a module.
struct Sites::Calls {
  std::vector<std::uintptr_t> out{};      // To another module, …
  std::vector<std::uintptr_t> library{};  // … or to a library's function in this one.
};

struct Sites::NamedPlace {
  const Module* module = nullptr;
  const SymbolTable::Function* function = nullptr;
  std::uintptr_t address = 0;
  std::uint32_t site() const { return module->site_of(address); }
};

/// The calls in all functions of one name, by what they are called; several of one name in the
/// order of the modules and of their addresses.
struct Sites::Places : std::map<std::string, std::vector<NamedPlace>, std::less<>> {};

struct Sites::Data {
  std::vector<Module> modules;  // The program itself first.
  std::map<std::pair<const Module*, std::uintptr_t>, Line> lines;
  std::map<std::pair<bool, std::uint32_t>, std::string> names;
  std::map<std::string, Places, std::less<>> places;  // Of the functions of that name.
  std::map<std::string, bool> shared;                 // Whether several functions have it.
  std::map<const Module*, std::unique_ptr<VariableParts>> parts;  // Read at first use.
  void* library_code = nullptr;
  std::size_t library_code_bytes = 0;
};

namespace {

struct Found {
  std::uintptr_t begin = UINTPTR_MAX, end = 0, bias = 0;
  std::uintptr_t data_begin = UINTPTR_MAX, data_end = 0;
  std::string path;
};

int visit(dl_phdr_info* info, std::size_t, void* list) {
  Found found;
  found.bias = info->dlpi_addr;
  found.path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = found.bias + segment.p_vaddr;
    found.begin = std::min(found.begin, begin);
    found.end = std::max(found.end, begin + segment.p_memsz);
    if ((segment.p_flags & PF_W) == 0) continue;
    found.data_begin = std::min(found.data_begin, begin);
    found.data_end = std::max(found.data_end, begin + segment.p_memsz);
  }
  if (found.begin < found.end) static_cast<std::vector<Found>*>(list)->push_back(std::move(found));
  return 0;
}

std::string own_path() {
  std::array<char, 4096> buffer;
  const ssize_t bytes = readlink("/proc/self/exe", buffer.data(), buffer.size());
  return bytes <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(bytes));
}

bool is_system_path(std::string_view path) {
  for (const std::string_view prefix : {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"}) {
    if (path.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

bool is_system_header(std::string_view path) {
  return path.empty() || path.find("/include/c++/") != std::string_view::npos ||
         path.substr(0, 13) == "/usr/include/" || path.substr(0, 9) == "/usr/lib/" ||
         path.find("gthr-default.h") != std::string_view::npos;
}

/// The outermost frame of the user among those that were inlined at a place; null if there is none.
const SourceFrame* users_frame(const std::vector<SourceFrame>& frames) {
  for (std::size_t i = frames.size(); i-- > 0;) {
    const SourceFrame& frame = frames[i];
    if (frame.line == 0 || frame.function.empty() || is_system_header(frame.file)) continue;
    if (!is_library_name(frame.function)) return &frame;
  }
  return nullptr;
}

/// The name of a function that was inlined into `outer`. Compilers have none for lambdas and
/// classes that can be called, but what they were inlined into is named for them.
std::string inlined_function(const SourceFrame& frame, const std::string& outer) {
  const std::string name = simplified_name(frame.function);
  if (name != "operator()") return name;
  const std::size_t lambda = outer.rfind("{lambda#");
  if (lambda == std::string::npos) return outer + "/" + name;
  const std::size_t begin = outer.find_last_of("<,", lambda) + 1;
  return outer.substr(begin, outer.find('}', lambda) + 1 - begin);
}

constexpr const char* kCold = ".cold";

/// Without the mark of a place to which no code of the user led.
std::string_view unmarked(std::string_view name) {
  return name.starts_with('~') ? name.substr(1) : name;
}

/// Of "+0x1f"; 0: it is something else.
std::uintptr_t offset_in(std::string_view suffix) {
  if (suffix.substr(0, 3) != "+0x") return 0;
  return std::strtoull(std::string(suffix.substr(3)).c_str(), nullptr, 16);
}

std::string hexadecimal(std::uintptr_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value & 15]);
    value >>= 4;
  } while (value != 0);
  return "0x" + text;
}

}  // namespace

bool is_runtime_module(std::string_view name) {
  for (const std::string_view prefix :
       {"libstdc++.so", "libc++.so", "libc++abi.so", "libgcc_s.so", "libc.so", "libm.so",
        "libpthread.so", "libdl.so", "librt.so", "ld-linux", "linux-vdso", "libasan.so",
        "libubsan.so", "libtsan.so", "liblsan.so", "libreweave"}) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

Sites& sites() {
  static Sites* const all = new Sites;
  return *all;
}

Sites::Sites() : data_(std::make_unique<Data>()) {}
Sites::~Sites() = default;

void Sites::find_modules() {
  std::vector<Found> found;
  dl_iterate_phdr(&visit, &found);
  data_->modules.clear();
  data_->lines.clear();
  data_->names.clear();
  data_->places.clear();
  data_->shared.clear();
  std::uintptr_t next = 0;
  for (const Found& f : found) {
    Module module;
    module.begin = f.begin;
    module.bytes = f.end - f.begin;
    module.bias = f.bias;
    module.path = data_->modules.empty() ? own_path() : f.path;
    module.name = module.path.substr(module.path.rfind('/') + 1);
    module.is_runtime = !data_->modules.empty() && is_runtime_module(module.name);
    module.is_users =
        !module.is_runtime && (data_->modules.empty() || !is_system_path(module.path));
    data_->modules.push_back(std::move(module));
  }
  CHECK(!data_->modules.empty());
  // What the user wrote comes first, for the numbers may not suffice for all. This library and what
  // the kernel brings come last: another build of them changes no number of the program's.
  const auto rank_of = [this](const Module& module) {
    const bool ours = is_ours(reinterpret_cast<const void*>(module.begin));
    if (ours || module.name.starts_with("linux-vdso")) return 2;
    return module.is_users ? 0 : 1;
  };
  for (const int rank : {0, 1, 2}) {
    for (Module& module : data_->modules) {
      if (rank_of(module) != rank) continue;
      module.site_begin = next;
      next += module.bytes;
    }
  }
  std::vector<ModulePlace> places;
  for (const Module& module : data_->modules)
    places.push_back({module.begin, module.bytes, module.site_begin});
  set_module_places(places);
  globals.code_begin = data_->modules.front().begin;
  globals.code_bytes = data_->modules.front().bytes;
  globals.data_begin = found.front().data_begin;
  globals.data_bytes = found.front().data_end - found.front().data_begin;
  mark_library_code();
}

/// Sets Globals::library_code. Untouched pages of it cost nothing.
void Sites::mark_library_code() {
  const Module& program = data_->modules.front();
  const std::size_t bytes = (program.bytes / 64 + 1) * sizeof(std::uint64_t);
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_MSG(memory != MAP_FAILED, "the system gives no memory");
  if (globals.library_code != nullptr) munmap(data_->library_code, data_->library_code_bytes);
  auto* const bits = static_cast<std::uint64_t*>(memory);
  const SymbolTable& symbols = symbols_of(program);
  for (const SymbolTable::Function& function : symbols.functions()) {
    if (!is_library_name(symbols.mangled_name(function))) continue;
    const std::uintptr_t first = function.begin + program.bias - program.begin;
    for (std::uintptr_t at = first; at < first + (function.end - function.begin); ++at) {
      if (at < program.bytes) bits[at / 64] |= std::uint64_t{1} << (at % 64);
    }
  }
  globals.library_code = bits;
  data_->library_code = memory;
  data_->library_code_bytes = bytes;
}

const Sites::Module* Sites::module_of(std::uintptr_t address) const {
  for (const Module& module : data_->modules) {
    if (address - module.begin < module.bytes) return &module;
  }
  return nullptr;
}

std::uint32_t site_elsewhere(const void* return_address) {
  return sites().number_elsewhere(reinterpret_cast<std::uintptr_t>(return_address));
}

std::uint32_t Sites::number_elsewhere(std::uintptr_t address) const {
  const Module* const module = module_of(address);
  if (module == nullptr || address == reinterpret_cast<std::uintptr_t>(kNoUsersCall))
    return kSiteMax;
  return module->site_at(address - module->begin);
}

const void* Sites::address_of(std::uint32_t site) const {
  if (site >= kSiteMax) return nullptr;
  for (const Module& module : data_->modules) {
    const std::uintptr_t offset = site - 1 - module.site_begin;
    if (site > module.site_begin && offset < module.bytes) {
      return reinterpret_cast<const void*>(module.begin + offset);
    }
  }
  return nullptr;
}

const SymbolTable& Sites::symbols_of(const Module& module) const {
  auto& writable = const_cast<Module&>(module);
  if (writable.symbols == nullptr) writable.symbols = std::make_unique<SymbolTable>(module.path);
  return *module.symbols;
}

std::vector<std::span<char>> Sites::variables() const {
  const Module& program = data_->modules.front();
  std::vector<std::span<char>> variables;
  for (const SymbolTable::Symbol& variable : symbols_of(program).variables()) {
    variables.emplace_back(reinterpret_cast<char*>(variable.begin + program.bias),
                           variable.end - variable.begin);
  }
  return variables;
}

const std::string& Sites::build_id() const { return symbols_of(data_->modules.front()).build_id(); }

std::string Sites::function_at(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return "";
  const auto* const function = symbols_of(*module).at(at - module->bias);
  return function == nullptr ? "" : function->name;
}

std::string Sites::function_beginning_at(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return "";
  const auto* const function = symbols_of(*module).at(at - module->bias);
  return function == nullptr || function->begin != at - module->bias ? "" : function->name;
}

bool Sites::is_ours(const void* address) const {
  const Module* const module = module_of(reinterpret_cast<std::uintptr_t>(address));
  const Module* const own = module_of(reinterpret_cast<std::uintptr_t>(&globals));
  return module == own && own != data_->modules.data();
}

bool Sites::is_users(const void* address) {
  const Module* const module = module_of(reinterpret_cast<std::uintptr_t>(address));
  if (module == nullptr || !module->is_users) return false;
  if (module != data_->modules.data() && module->name.find("libreweave") == 0) return false;
  const std::string name = function_at(address);
  for (const std::string_view prefix :
       {"std::", "__gnu_cxx::", "__gthread", "__gthr", "__cxx", "pthread_", "_start",
        "testing::", "__asan", "__tsan", "__ubsan", "__lsan", "__sanitizer", "__interceptor",
        "___interceptor", "reweave::"}) {
    if (name.compare(0, prefix.size(), prefix) == 0) return false;
  }
  return !name.empty();
}

bool Sites::is_in_users_module(const void* address) const {
  const Module* const module = module_of(reinterpret_cast<std::uintptr_t>(address));
  return module != nullptr && !module->is_runtime && !is_ours(address);
}

bool Sites::is_in_cxx_library(const void* address) const {
  const Module* const module = module_of(reinterpret_cast<std::uintptr_t>(address));
  return module != nullptr &&
         (module->name.starts_with("libstdc++") || module->name.starts_with("libc++"));
}

bool Sites::is_in_library(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (at - globals.code_begin < globals.code_bytes)
    return is_in_library_code(at - globals.code_begin);
  const Module* const module = module_of(at);
  if (module == nullptr) return false;
  const SymbolTable& symbols = symbols_of(*module);
  const auto* const function = symbols.at(at - module->bias);
  return function != nullptr && is_library_name(symbols.mangled_name(*function));
}

Sites::Variable Sites::variable_at(const void* address, std::uintptr_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return {};
  const auto* const found = symbols_of(*module).variable_at(at - module->bias);
  if (found == nullptr) return {};
  std::unique_ptr<VariableParts>& parts = data_->parts[module];
  if (parts == nullptr) parts = std::make_unique<VariableParts>(module->path);
  const std::uintptr_t offset = at - module->bias - found->begin;
  return {found->name, offset, found->end - found->begin, parts->part(found->begin, offset, bytes)};
}

std::string Sites::mangled_variable_at(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return "";
  const SymbolTable& symbols = symbols_of(*module);
  const auto* const found = symbols.variable_at(at - module->bias);
  return found == nullptr ? "" : symbols.mangled_name(*found);
}

void Sites::read_lines(const Module& module, const std::vector<std::uintptr_t>& addresses) {
  std::vector<std::uintptr_t> wanted;
  for (const std::uintptr_t address : addresses) {
    if (!data_->lines.contains({&module, address})) wanted.push_back(address);
  }
  if (wanted.empty()) return;
  std::vector<std::uintptr_t> calls = wanted;
  const auto frames = source_frames(module.path, calls);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    // What was inlined belongs to the function it was inlined into: the last frame is its line.
    data_->lines[{&module, wanted[i]}] = Line{frames[i].back().line, frames[i]};
  }
}

Sites::Calls Sites::calls_in(const Module& module, std::uintptr_t begin, std::uintptr_t end) const {
  const SymbolTable& symbols = symbols_of(module);
  std::vector<const SymbolTable::Section*> stubs;
  for (const std::string_view name : {".plt", ".plt.sec", ".plt.got"}) {
    if (const auto* section = symbols.section(name)) stubs.push_back(section);
  }
  Calls calls;
  const auto* const code = reinterpret_cast<const unsigned char*>(module.bias);
  for (std::uintptr_t at = begin; at + 5 <= end; ++at) {
    if (code[at] == 0xff && code[at + 1] == 0x15) calls.out.push_back(at + 6);  // *entry(%rip)
    if (code[at] != 0xe8) continue;                                             // rel32
    std::int32_t distance = 0;
    __builtin_memcpy(&distance, code + at + 1, 4);
    const std::uintptr_t target = at + 5 + static_cast<std::uintptr_t>(distance);
    bool is_stub = false;
    for (const auto* section : stubs)
      is_stub = is_stub || (target >= section->begin && target < section->end);
    if (is_stub) {
      calls.out.push_back(at + 5);
    } else if (is_in_library(reinterpret_cast<const void*>(target + module.bias))) {
      calls.library.push_back(at + 5);
    }
  }
  return calls;
}

/// True: a call in a function of a library, which no user's function was inlined into.
bool Sites::is_without_user(const Module& module, const SymbolTable::Function& function,
                            std::uintptr_t address) {
  if (module.is_runtime) return true;
  const auto* const call = reinterpret_cast<const void*>(address - 1 + module.bias);
  if (!is_in_library(call) || is_users(call)) return false;
  return inlined_name(module, function, address).empty();
}

std::string Sites::made_name(const Module& module, std::uintptr_t address) {
  const SymbolTable::Function* const function = symbols_of(module).at(address - 1);
  if (function == nullptr)
    return module.name + "+" + hexadecimal(address + module.bias - module.begin);
  // What a thread begins with is called like the lambda that it was given.
  const auto* const call = reinterpret_cast<const void*>(address - 1 + module.bias);
  if (!module.is_runtime && is_in_library(call) && !is_users(call)) {
    const std::string name = inlined_name(module, *function, address);
    if (!name.empty()) return name;
  }
  const bool is_marked = !globals.raw_sites && is_without_user(module, *function, address);
  return (is_marked ? "~" : "") + raw_name(module, *function, address);
}

bool Sites::is_cold(const Module& module, const SymbolTable::Function& function) const {
  return std::strstr(symbols_of(module).mangled_name(function), kCold) != nullptr;
}

std::string Sites::raw_name(const Module& module, const SymbolTable::Function& function,
                            std::uintptr_t address) {
  // What a compiler moved away lies in a function of its own, which is called like the whole.
  const std::string base = function.name + (is_cold(module, function) ? kCold : "");
  const Calls calls = calls_in(module, function.begin, function.end);
  std::vector<std::uintptr_t> places;
  for (const std::uintptr_t call : calls.out) places.push_back(call - 1);  // Not what follows it.
  const bool is_out = std::find(calls.out.begin(), calls.out.end(), address) != calls.out.end();
  const std::size_t out = places.size();
  for (const std::uintptr_t call : calls.library) places.push_back(call - 1);
  const std::size_t all = places.size();
  places.push_back(function.begin);
  places.push_back(address - 1);
  read_lines(module, places);
  const std::uint32_t first = data_->lines[{&module, function.begin}].number;
  const std::uint32_t line = data_->lines[{&module, address - 1}].number;
  // A place that is behind no such call, of a tail call or a system call, has no number either.
  const auto calls_end = places.begin() + static_cast<std::ptrdiff_t>(all);
  const bool is_call = std::find(places.begin(), calls_end, address - 1) != calls_end;
  if (first == 0 || line == 0 || !is_call)
    return base + "+" + hexadecimal(address - function.begin);
  // Those that lead to another module come first: they were numbered when there were no others.
  const bool is_library =
      !is_out && std::find(places.begin() + static_cast<std::ptrdiff_t>(out),
                           places.begin() + static_cast<std::ptrdiff_t>(all),
                           address - 1) != places.begin() + static_cast<std::ptrdiff_t>(all);
  int nth = 0;
  for (std::size_t i = 0; i < (is_library ? all : out); ++i) {
    const bool before = places[i] < address - 1 || (is_library && i < out);
    if (before && data_->lines[{&module, places[i]}].number == line) ++nth;
  }
  const auto distance = static_cast<std::int64_t>(line) - static_cast<std::int64_t>(first);
  return base + (distance < 0 ? "" : "+") + std::to_string(distance) +
         (nth == 0 ? "" : "#" + std::to_string(nth));
}

/// The name of a place in a function of a library into which one of the user was inlined; "" if
/// none was.
std::string Sites::inlined_name(const Module& module, const SymbolTable::Function& function,
                                std::uintptr_t address) {
  const Calls calls = calls_in(module, function.begin, function.end);
  std::vector<std::uintptr_t> places;
  for (const std::uintptr_t call : calls.out) places.push_back(call - 1);
  for (const std::uintptr_t call : calls.library) places.push_back(call - 1);
  std::sort(places.begin(), places.end());
  std::vector<std::uintptr_t> wanted = places;
  wanted.push_back(address - 1);
  read_lines(module, wanted);
  const SourceFrame* const mine = users_frame(data_->lines[{&module, address - 1}].frames);
  if (mine == nullptr) return "";
  std::uint32_t first = mine->line;
  int nth = 0;
  for (const std::uintptr_t place : places) {
    const SourceFrame* const other = users_frame(data_->lines[{&module, place}].frames);
    if (other == nullptr || other->function != mine->function) continue;
    first = std::min(first, other->line);
    if (place < address - 1 && other->line == mine->line) ++nth;
  }
  // Marked: the function may be there by itself, too, with numbers of its own.
  return inlined_function(*mine, function.name) + "^+" + std::to_string(mine->line - first) +
         (nth == 0 ? "" : "#" + std::to_string(nth));
}

std::string Sites::name(std::uint32_t site) {
  const std::pair key{globals.raw_sites, site};
  if (const auto known = data_->names.find(key); known != data_->names.end()) return known->second;
  std::string made = "elsewhere";
  const auto address = reinterpret_cast<std::uintptr_t>(address_of(site));
  if (site == 0xffffff) made = "start";
  if (const Module* const module = module_of(address)) {
    made = made_name(*module, address - module->bias);
    const SymbolTable::Function* const function =
        symbols_of(*module).at(address - module->bias - 1);
    if (function != nullptr && made.find('^') == made.npos)
      made += number_among_equals(*function, made, site);
  }
  return data_->names[key] = made;
}

// Overloads, instances of a template, and destructors that also give memory back have one name.
bool Sites::is_shared(const std::string& function) {
  const auto known = data_->shared.find(function);
  if (known != data_->shared.end()) return known->second;
  std::size_t functions = 0;
  for (const Module& module : data_->modules) {
    if (!is_ours(reinterpret_cast<const void*>(module.begin)))
      functions += symbols_of(module).named(function).size();
  }
  return data_->shared[function] = functions > 1;
}

const Sites::Places& Sites::places_in(std::string_view function) {
  const auto known = data_->places.find(function);
  if (known != data_->places.end()) return known->second;
  Places& places = data_->places[std::string(function)];
  for (const Module& module : data_->modules) {
    if (is_ours(reinterpret_cast<const void*>(module.begin))) continue;
    for (const SymbolTable::Function* f : symbols_of(module).named(function)) {
      Calls calls = calls_in(module, f->begin, f->end);
      calls.out.insert(calls.out.end(), calls.library.begin(), calls.library.end());
      for (const std::uintptr_t call : calls.out)
        places[raw_name(module, *f, call)].push_back({&module, f, call});
    }
  }
  return places;
}

/// "@2" for the second place that would be called `name`, in the order in which find() looks.
std::string Sites::number_among_equals(const SymbolTable::Function& function,
                                       const std::string& name, std::uint32_t site) {
  if (!is_shared(function.name)) return "";
  const Places& places = places_in(function.name);
  std::size_t number = 0;
  if (const auto named = places.find(unmarked(name)); named != places.end()) {
    while (number < named->second.size() && named->second[number].site() != site) ++number;
  } else {  // No call: a place by its distance from the beginning.
    while (find(name + "@" + std::to_string(number + 1)).value_or(site) != site) ++number;
  }
  return number == 0 ? "" : "@" + std::to_string(number + 1);
}

std::optional<std::uint32_t> Sites::find(std::string_view name, bool* raw) {
  if (name == "elsewhere") return kSiteMax;
  if (name == "start") return 0xffffff;
  const std::size_t end = name.find_last_of("+-");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view function = name.substr(0, end);
  if (function.ends_with('^')) return find_inlined(name);
  std::size_t number = 1;
  if (const std::size_t at = name.find('@', end); at != std::string_view::npos) {
    number = std::max(1ul, std::strtoul(std::string(name.substr(at + 1)).c_str(), nullptr, 10));
    name = name.substr(0, at);
  }
  if (const auto site = find_raw(function, name, number, raw)) return site;
  // A place without a symbol is known by its module, which may be called like a function.
  if (name.substr(end + 1, 2) != "0x") return std::nullopt;
  for (const Module& module : data_->modules) {
    if (function != module.name) continue;
    const std::uintptr_t offset =
        std::strtoull(std::string(name.substr(end + 1)).c_str(), nullptr, 16);
    return module.site_at(offset);
  }
  return std::nullopt;
}

/// A place in a function of that name; if several are called so, the one of that number.
std::optional<std::uint32_t> Sites::find_raw(std::string_view function, std::string_view name,
                                             std::size_t number, bool* raw) {
  const bool is_marked = name.starts_with('~');
  name = unmarked(name);
  function = unmarked(function);
  const std::size_t base_bytes = function.size();
  const bool cold = function.ends_with(kCold);
  if (cold) function.remove_suffix(std::strlen(kCold));
  const Places& places = places_in(function);
  if (const auto named = places.find(name); named != places.end()) {
    if (number > named->second.size()) return std::nullopt;
    const NamedPlace& place = named->second[number - 1];
    if (raw != nullptr && !is_marked &&
        is_without_user(*place.module, *place.function, place.address))
      *raw = true;
    return place.site();
  }
  for (const Module& module : data_->modules) {
    if (is_ours(reinterpret_cast<const void*>(module.begin))) continue;
    for (const SymbolTable::Function* f : symbols_of(module).named(function)) {
      if (is_cold(module, *f) != cold) continue;
      const std::uintptr_t place = f->begin + offset_in(name.substr(base_bytes));
      if (place > f->begin && place <= f->end && raw_name(module, *f, place) == name &&
          --number == 0)
        return module.site_of(place);
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Sites::find_inlined(std::string_view name) {
  for (const Module& module : data_->modules) {
    if (module.is_runtime) continue;
    std::vector<std::pair<const SymbolTable::Function*, Calls>> found;
    std::vector<std::uintptr_t> places;
    const SymbolTable& symbols = symbols_of(module);
    for (const SymbolTable::Function& f : symbols.functions()) {
      if (!is_library_name(symbols.mangled_name(f))) continue;
      Calls calls = calls_in(module, f.begin, f.end);
      calls.out.insert(calls.out.end(), calls.library.begin(), calls.library.end());
      for (const std::uintptr_t call : calls.out) places.push_back(call - 1);
      found.emplace_back(symbols.at(f.begin), std::move(calls));
    }
    read_lines(module, places);
    for (const auto& [function, calls] : found) {
      for (const std::uintptr_t call : calls.out) {
        const SourceFrame* const frame = users_frame(data_->lines[{&module, call - 1}].frames);
        if (frame == nullptr || name.find(inlined_function(*frame, function->name)) != 0) continue;
        if (inlined_name(module, *function, call) == name) return module.site_of(call);
      }
    }
  }
  return std::nullopt;
}

Place Sites::place(const void* address) {
  Place place;
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return place;
  const std::uintptr_t call = at - module->bias - 1;
  if (const auto* function = symbols_of(*module).at(call)) place.function = function->name;
  read_lines(*module, {call});
  for (const SourceFrame& frame : data_->lines[{module, call}].frames) {
    if (frame.line == 0 || is_system_header(frame.file)) continue;
    place.file = frame.file;
    place.line = frame.line;
    if (!frame.function.empty()) place.function = simplified_name(frame.function);
    break;
  }
  return place;
}

std::string Sites::library_call(std::span<const void* const> calls) {
  std::string outermost;
  for (const void* const address : calls) {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    const Module* const module = module_of(at);
    if (module == nullptr || module->is_runtime) continue;
    const std::uintptr_t call = at - module->bias - 1;
    read_lines(*module, {call});
    for (const SourceFrame& frame : data_->lines[{module, call}].frames) {
      if (frame.line == 0 || frame.function.empty()) continue;
      if (!is_system_header(frame.file)) return outermost;
      outermost = simplified_name(frame.function);
    }
    // Of the user, without debug information.
    if (is_users(static_cast<const char*>(address) - 1)) return outermost;
  }
  return "";
}

}  // namespace reweave::program
