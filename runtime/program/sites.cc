#include "runtime/program/sites.h"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "runtime/program/source_lines.h"
#include "scheduler/base/check.h"

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
  std::unique_ptr<SymbolTable> symbols;  // Read at first use.
};

struct Sites::Data {
  std::vector<Module> modules;  // The program itself first.
  std::map<std::pair<const Module*, std::uintptr_t>, Line> lines;
  std::map<std::uint32_t, std::string> names;
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
  std::uintptr_t next = 0;
  for (const Found& f : found) {
    Module module;
    module.begin = f.begin;
    module.bytes = f.end - f.begin;
    module.bias = f.bias;
    module.path = data_->modules.empty() ? own_path() : f.path;
    module.name = module.path.substr(module.path.rfind('/') + 1);
    module.is_users = data_->modules.empty() || !is_system_path(module.path);
    data_->modules.push_back(std::move(module));
  }
  CHECK(!data_->modules.empty());
  // This library and what the kernel brings come last: another build of them changes no number of
  // the program's.
  for (const bool last : {false, true}) {
    for (Module& module : data_->modules) {
      const bool ours = is_ours(reinterpret_cast<const void*>(module.begin));
      if ((ours || module.name.find("linux-vdso") == 0) != last) continue;
      module.site_begin = next;
      next += module.bytes;
    }
  }
  globals.code_begin = data_->modules.front().begin;
  globals.code_bytes = data_->modules.front().bytes;
  globals.data_begin = found.front().data_begin;
  globals.data_bytes = found.front().data_end - found.front().data_begin;
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
  if (module == nullptr) return kSiteMax;
  return static_cast<std::uint32_t>((module->site_begin + (address - module->begin)) % kSiteMax) +
         1;
}

const void* Sites::address_of(std::uint32_t site) const {
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

std::pair<const void*, const void*> Sites::section(std::string_view name) const {
  const Module& program = data_->modules.front();
  const SymbolTable::Section* const found = symbols_of(program).section(name);
  if (found == nullptr) return {nullptr, nullptr};
  return {reinterpret_cast<const void*>(found->begin + program.bias),
          reinterpret_cast<const void*>(found->end + program.bias)};
}

const std::string& Sites::build_id() const { return symbols_of(data_->modules.front()).build_id(); }

std::string Sites::function_at(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const Module* const module = module_of(at);
  if (module == nullptr) return "";
  const auto* const function = symbols_of(*module).at(at - module->bias);
  return function == nullptr ? "" : function->name;
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
        "testing::", "__asan", "__tsan", "__interceptor", "reweave::"}) {
    if (name.compare(0, prefix.size(), prefix) == 0) return false;
  }
  return !name.empty();
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

std::vector<std::uintptr_t> Sites::calls_in(const Module& module, std::uintptr_t begin,
                                            std::uintptr_t end) const {
  std::vector<const SymbolTable::Section*> stubs;
  for (const std::string_view name : {".plt", ".plt.sec", ".plt.got"}) {
    if (const auto* section = symbols_of(module).section(name)) stubs.push_back(section);
  }
  std::vector<std::uintptr_t> calls;
  const auto* const code = reinterpret_cast<const unsigned char*>(module.bias);
  for (std::uintptr_t at = begin; at + 5 <= end; ++at) {
    std::uintptr_t after = 0;
    if (code[at] == 0xe8) {  // call rel32, to a stub of the linkage table
      std::int32_t distance = 0;
      __builtin_memcpy(&distance, code + at + 1, 4);
      const std::uintptr_t target = at + 5 + static_cast<std::uintptr_t>(distance);
      for (const auto* section : stubs) {
        if (target >= section->begin && target < section->end) after = at + 5;
      }
    } else if (code[at] == 0xff && code[at + 1] == 0x15) {  // call *entry(%rip)
      after = at + 6;
    }
    if (after != 0) calls.push_back(after);
  }
  return calls;
}

std::string Sites::made_name(const Module& module, std::uintptr_t address) {
  const SymbolTable::Function* const function = symbols_of(module).at(address - 1);
  if (function == nullptr)
    return module.name + "+" + hexadecimal(address + module.bias - module.begin);
  std::vector<std::uintptr_t> places = calls_in(module, function->begin, function->end);
  const std::size_t calls = places.size();
  for (std::size_t i = 0; i < calls; ++i) --places[i];  // The call itself, not what follows it.
  places.push_back(function->begin);
  places.push_back(address - 1);
  read_lines(module, places);
  const std::uint32_t first = data_->lines[{&module, function->begin}].number;
  const std::uint32_t line = data_->lines[{&module, address - 1}].number;
  if (first == 0 || line == 0) return function->name + "+" + hexadecimal(address - function->begin);
  int nth = 0;
  for (std::size_t i = 0; i < calls; ++i) {
    if (places[i] < address - 1 && data_->lines[{&module, places[i]}].number == line) ++nth;
  }
  const auto distance = static_cast<std::int64_t>(line) - static_cast<std::int64_t>(first);
  return function->name + (distance < 0 ? "" : "+") + std::to_string(distance) +
         (nth == 0 ? "" : "#" + std::to_string(nth));
}

std::string Sites::name(std::uint32_t site) {
  if (const auto known = data_->names.find(site); known != data_->names.end()) return known->second;
  std::string made = "elsewhere";
  const auto address = reinterpret_cast<std::uintptr_t>(address_of(site));
  if (site == 0xffffff) made = "start";
  if (const Module* const module = module_of(address)) {
    made = made_name(*module, address - module->bias);
  }
  return data_->names[site] = made;
}

std::optional<std::uint32_t> Sites::find(std::string_view name) {
  if (name == "elsewhere") return kSiteMax;
  if (name == "start") return 0xffffff;
  const std::size_t end = name.find_last_of("+-");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view function = name.substr(0, end);
  for (const Module& module : data_->modules) {
    if (!module.is_users && module.name.find("libstdc++") != 0) continue;
    for (const SymbolTable::Function* f : symbols_of(module).named(function)) {
      for (const std::uintptr_t call : calls_in(module, f->begin, f->end)) {
        const auto site =
            static_cast<std::uint32_t>((module.site_begin + (call + module.bias - module.begin)) %
                                       kSiteMax) +
            1;
        if (this->name(site) == name) return site;
      }
    }
  }
  // A place without a symbol is known by its module, which may be called like a function.
  if (name.substr(end + 1, 2) != "0x") return std::nullopt;
  for (const Module& module : data_->modules) {
    if (function != module.name) continue;
    const std::uintptr_t offset =
        std::strtoull(std::string(name.substr(end + 1)).c_str(), nullptr, 16);
    return static_cast<std::uint32_t>((module.site_begin + offset) % kSiteMax) + 1;
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

}  // namespace reweave::program
