#include "runtime/program/variable_parts.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

namespace reweave::program {
namespace {

// Of the standard DWARF 5: tags, attributes, forms and operations that matter here.
enum Tag : std::uint64_t {
  kArray = 0x01,
  kClass = 0x02,
  kMember = 0x0d,
  kPointer = 0x0f,
  kReference = 0x10,
  kStructure = 0x13,
  kTypedef = 0x16,
  kInheritance = 0x1c,
  kSubrange = 0x21,
  kConst = 0x26,
  kVariable = 0x34,
  kVolatile = 0x35,
  kRestrict = 0x37,
  kRvalueReference = 0x42,
  kAtomic = 0x47,
};
enum Attribute : std::uint64_t {
  kLocation = 0x02,
  kName = 0x03,
  kByteSize = 0x0b,
  kUpperBound = 0x2f,
  kAbstractOrigin = 0x31,
  kCount = 0x37,
  kMemberLocation = 0x38,
  kSpecification = 0x47,
  kType = 0x49,
  kStringOffsets = 0x72,
  kAddresses = 0x73,
};
constexpr std::uint8_t kOpAddress = 0x03, kOpAddressIndex = 0xa1;
constexpr std::uint64_t kUnitCompile = 1, kUnitPartial = 3,
                        kInfoBytesMax = std::uint64_t{256} << 20;
constexpr std::uint64_t kUnknown = UINT64_MAX;

}  // namespace

/// What an attribute holds, by whatever form.
struct VariableParts::Value {
  std::uint64_t number = kUnknown;
  std::string_view bytes{};  // Of a block or a string.
};

/// Where the tables of a unit begin: behind a header of 8 bytes where it does not say.
struct VariableParts::UnitTables {
  std::uint64_t string_offsets = 8, addresses = 8;
};

/// One entry of the tree. References are offsets in .debug_info; 0 is none.
struct VariableParts::Entry {
  std::uint64_t at = 0, tag = 0;
  std::uint32_t depth = 0;
  std::string_view name{};
  std::uint64_t type = 0, origin = 0;
  std::uint64_t bytes = kUnknown, count = kUnknown, offset = kUnknown, address = kUnknown;
};

struct VariableParts::Unit {
  std::vector<Entry> entries;  // In the order of the file: children behind their parents.

  const Entry* find(std::uint64_t at) const {
    const auto found = std::lower_bound(entries.begin(), entries.end(), at,
                                        [](const Entry& e, std::uint64_t a) { return e.at < a; });
    return found == entries.end() || found->at != at ? nullptr : &*found;
  }
  template <typename Visit>
  void for_children(const Entry& parent, const Visit& visit) const {
    for (const Entry* e = &parent + 1; e < entries.data() + entries.size(); ++e) {
      if (e->depth <= parent.depth) return;
      if (e->depth == parent.depth + 1 && !visit(*e)) return;
    }
  }
  /// Without names and qualifiers; null if it is not known.
  const Entry* type_of(const Entry& entry) const {
    constexpr int kNestingMax = 64;
    const Entry* type = find(entry.type);
    for (int i = 0; i < kNestingMax && type != nullptr; ++i) {
      const bool is_named = type->tag == kTypedef || type->tag == kConst ||
                            type->tag == kVolatile || type->tag == kRestrict ||
                            type->tag == kAtomic;
      if (!is_named) return type;
      type = find(type->type);
    }
    return nullptr;
  }
  std::vector<std::uint64_t> counts_of(const Entry& array) const {
    std::vector<std::uint64_t> counts;
    for_children(array, [&](const Entry& e) {
      if (e.tag == kSubrange) counts.push_back(e.count);
      return true;
    });
    return counts;
  }
  /// 0 if it is not known.
  std::uint64_t bytes_of(const Entry* type, int depth = 0) const {
    constexpr int kNestingMax = 64;
    if (type == nullptr || depth > kNestingMax) return 0;
    if (type->bytes != kUnknown) return type->bytes;
    // clang does not say it of them.
    const bool points =
        type->tag == kPointer || type->tag == kReference || type->tag == kRvalueReference;
    if (points) return sizeof(void*);
    if (type->tag != kArray) return 0;
    std::uint64_t bytes = bytes_of(type_of(*type), depth + 1);
    for (const std::uint64_t count : counts_of(*type)) bytes *= count == kUnknown ? 0 : count;
    return bytes;
  }
  std::string part_of(const Entry* type, std::uint64_t offset, std::uint64_t bytes) const;
  bool enter_array(const Entry*& type, std::uint64_t& offset, std::uint64_t bytes,
                   std::string& words) const;
  bool enter_class(const Entry*& type, std::uint64_t& offset, std::uint64_t bytes,
                   std::string& words) const;
};

namespace {

bool is_reserved(std::string_view name) {
  return name.size() > 1 && name[0] == '_' &&
         (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

}  // namespace

bool VariableParts::Unit::enter_array(const Entry*& type, std::uint64_t& offset,
                                      std::uint64_t bytes, std::string& words) const {
  const Entry* const element = type_of(*type);
  const std::vector<std::uint64_t> counts = counts_of(*type);
  std::uint64_t stride = bytes_of(element);
  if (stride < bytes || stride == 0) return false;
  for (std::size_t i = 1; i < counts.size(); ++i) stride *= counts[i] == kUnknown ? 0 : counts[i];
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (stride == 0) return false;
    words += "[" + std::to_string(offset / stride) + "]";
    offset %= stride;
    if (i + 1 < counts.size()) stride /= counts[i + 1];
  }
  type = element;
  return !counts.empty();
}

bool VariableParts::Unit::enter_class(const Entry*& type, std::uint64_t& offset,
                                      std::uint64_t bytes, std::string& words) const {
  const Entry* inside = nullptr;
  for_children(*type, [&](const Entry& e) {
    const bool is_part = (e.tag == kMember || e.tag == kInheritance) && e.offset != kUnknown;
    if (!is_part || offset < e.offset) return true;
    const std::uint64_t end = e.offset + bytes_of(type_of(e));
    if (offset + bytes > end) return true;
    inside = &e;
    return false;
  });
  if (inside == nullptr) return false;
  if (inside->tag == kMember && !inside->name.empty() && !is_reserved(inside->name))
    words += "." + std::string(inside->name);
  offset -= inside->offset;
  type = type_of(*inside);
  return true;
}

std::string VariableParts::Unit::part_of(const Entry* type, std::uint64_t offset,
                                         std::uint64_t bytes) const {
  constexpr int kNestingMax = 64;
  std::string words;
  for (int i = 0; i < kNestingMax && type != nullptr; ++i) {
    const bool is_class = type->tag == kClass || type->tag == kStructure;
    const bool entered = type->tag == kArray ? enter_array(type, offset, bytes, words)
                                             : is_class && enter_class(type, offset, bytes, words);
    if (!entered) break;
  }
  return offset == 0 ? words : words + "+" + std::to_string(offset);
}

/// Reads numbers from a part of the file; beyond its end everything is 0 and `good` false.
class VariableParts::Reader {
 public:
  Reader(const VariableParts& parts, std::string_view info, std::uint64_t at)
      : parts_(parts), info_(info), at_(at) {}

  bool good() const { return good_; }
  std::uint64_t at() const { return at_; }
  void skip(std::uint64_t bytes) { (void)take(bytes); }
  std::uint64_t fixed(std::size_t bytes) {
    std::uint64_t value = 0;
    const std::string_view from = take(bytes);
    if (!from.empty()) std::memcpy(&value, from.data(), std::min(bytes, sizeof value));
    return value;
  }
  std::uint64_t leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; good_; shift += 7) {
      const std::uint64_t byte = fixed(1);
      if (shift < 64) value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  /// One attribute, of a unit that begins at `unit`.
  Value value(std::uint64_t form, std::uint64_t unit, std::size_t offset_bytes,
              std::uint64_t string_offsets);

 private:
  std::string_view take(std::uint64_t bytes) {
    if (bytes > info_.size() - at_) {
      good_ = false;
      return {};
    }
    at_ += bytes;
    return info_.substr(at_ - bytes, bytes);
  }
  std::string_view string() {
    const std::size_t end = info_.find('\0', at_);
    if (end == std::string_view::npos) good_ = false;
    const std::string_view text = good_ ? info_.substr(at_, end - at_) : "";
    if (good_) at_ = end + 1;
    return text;
  }
  static std::string_view string_in(std::string_view section, std::uint64_t at) {
    if (at >= section.size()) return {};
    const std::string_view rest = section.substr(at);
    return rest.substr(0, std::min(rest.find('\0'), rest.size()));
  }
  Value block(std::uint64_t bytes) { return {.bytes = take(bytes)}; }
  Value text(std::string_view words) { return {.bytes = words}; }
  Value number(std::uint64_t value) { return {.number = value}; }
  Value string_of_index(std::uint64_t index, std::uint64_t string_offsets) {
    const std::string_view offsets = parts_.section(".debug_str_offsets");
    const std::uint64_t place = string_offsets + index * 4;
    std::uint32_t at = 0;
    if (place + sizeof at > offsets.size()) return {};
    std::memcpy(&at, offsets.data() + place, sizeof at);
    return text(string_in(parts_.section(".debug_str"), at));
  }

  const VariableParts& parts_;
  std::string_view info_;
  std::uint64_t at_;
  bool good_ = true;
};

VariableParts::Value VariableParts::Reader::value(std::uint64_t form, std::uint64_t unit,
                                                  std::size_t offset_bytes,
                                                  std::uint64_t string_offsets) {
  switch (form) {
    case 0x01:  // addr
      return number(fixed(8));
    case 0x03:  // block2
      return block(fixed(2));
    case 0x04:  // block4
      return block(fixed(4));
    case 0x09:  // block
    case 0x18:  // exprloc
      return block(leb());
    case 0x0a:  // block1
      return block(fixed(1));
    case 0x05:  // data2
      return number(fixed(2));
    case 0x06:  // data4
      return number(fixed(4));
    case 0x07:  // data8
    case 0x20:  // ref_sig8: a type unit, which is not read
      return form == 0x07 ? number(fixed(8)) : (skip(8), Value{});
    case 0x1e:  // data16
      return block(16);
    case 0x08:  // string
      return text(string());
    case 0x0b:  // data1
    case 0x0c:  // flag
      return number(fixed(1));
    case 0x0d:  // sdata
    case 0x0f:  // udata
      return number(leb());
    case 0x0e:  // strp
      return text(string_in(parts_.section(".debug_str"), fixed(offset_bytes)));
    case 0x1f:  // line_strp
      return text(string_in(parts_.section(".debug_line_str"), fixed(offset_bytes)));
    case 0x10:  // ref_addr
    case 0x17:  // sec_offset
      return number(fixed(offset_bytes));
    case 0x11:  // ref1
    case 0x12:  // ref2
    case 0x13:  // ref4
    case 0x14:  // ref8
      return number(unit + fixed(std::size_t{1} << (form - 0x11)));
    case 0x15:  // ref_udata
      return number(unit + leb());
    case 0x19:  // flag_present
      return number(1);
    case 0x1a:  // strx
      return string_of_index(leb(), string_offsets);
    case 0x25:  // strx1
    case 0x26:  // strx2
    case 0x27:  // strx3
    case 0x28:  // strx4
      return string_of_index(fixed(form - 0x24), string_offsets);
    case 0x1b:  // addrx
    case 0x22:  // loclistx
    case 0x23:  // rnglistx
      return number(leb());
    case 0x29:  // addrx1
    case 0x2a:  // addrx2
    case 0x2b:  // addrx3
    case 0x2c:  // addrx4
      return number(fixed(form - 0x28));
    default:
      good_ = false;
      return {};
  }
}

/// The address that a location states, if it is a place in the file; else kUnknown.
std::uint64_t VariableParts::address_in(std::string_view location, std::uint64_t addresses) const {
  if (location.empty()) return kUnknown;
  const auto operation = static_cast<std::uint8_t>(location[0]);
  Reader in(*this, location, 1);
  if (operation == kOpAddress && location.size() == 9) return in.fixed(8);
  if (operation != kOpAddressIndex) return kUnknown;
  const std::uint64_t index = in.leb();
  if (!in.good() || in.at() != location.size()) return kUnknown;
  const std::string_view table = section(".debug_addr");
  if (addresses > table.size() || index >= (table.size() - addresses) / 8) return kUnknown;
  return Reader(*this, table, addresses + index * 8).fixed(8);
}

namespace {

struct Wanted {
  std::uint64_t attribute = 0, form = 0, constant = 0;  // The value of form implicit_const.
};
constexpr std::uint64_t kFormConstant = 0x21;

}  // namespace

struct VariableParts::Shape {
  std::uint64_t tag = 0;
  bool has_children = false;
  std::vector<Wanted> attributes{};
};

std::map<std::uint64_t, VariableParts::Shape> VariableParts::read_shapes(std::uint64_t at) const {
  std::map<std::uint64_t, Shape> shapes;
  const std::string_view table = section(".debug_abbrev");
  if (at >= table.size()) return shapes;
  for (Reader in(*this, table, at); in.good();) {
    const std::uint64_t code = in.leb();
    if (code == 0) break;
    Shape& one = shapes[code];
    one.tag = in.leb();
    one.has_children = in.fixed(1) != 0;
    while (in.good()) {
      Wanted wanted{};
      wanted.attribute = in.leb();
      wanted.form = in.leb();
      if (wanted.form == kFormConstant) wanted.constant = in.leb();
      if (wanted.attribute == 0 && wanted.form == 0) break;
      one.attributes.push_back(wanted);
    }
  }
  return shapes;
}

/// Puts what an attribute says into its entry, or into what the unit says of itself.
void VariableParts::take(Entry& entry, std::uint64_t attribute, const Value& value,
                         UnitTables& tables) const {
  switch (attribute) {
    case kName:
      entry.name = value.bytes;
      break;
    case kType:
      entry.type = value.number == kUnknown ? 0 : value.number;
      break;
    case kSpecification:
    case kAbstractOrigin:
      entry.origin = value.number == kUnknown ? 0 : value.number;
      break;
    case kByteSize:
      entry.bytes = value.number;
      break;
    case kMemberLocation:
      entry.offset = value.number;
      break;
    case kCount:
      entry.count = value.number;
      break;
    case kUpperBound:
      if (value.number != kUnknown) entry.count = value.number + 1;
      break;
    case kStringOffsets:
      tables.string_offsets = value.number;
      break;
    case kAddresses:
      tables.addresses = value.number;
      break;
    case kLocation:
      if (entry.tag == kVariable) entry.address = address_in(value.bytes, tables.addresses);
      break;
    default:
      break;
  }
}

std::unique_ptr<VariableParts::Unit> VariableParts::read_unit(std::uint64_t at,
                                                              std::uint64_t* end) const {
  auto unit = std::make_unique<Unit>();
  const std::string_view info = section(".debug_info");
  *end = info.size();
  Reader head(*this, info, at);
  std::uint64_t bytes = head.fixed(4);
  const std::size_t offset_bytes = bytes == 0xffffffff ? 8 : 4;
  if (offset_bytes == 8) bytes = head.fixed(8);
  if (!head.good() || bytes > info.size() - head.at()) return unit;
  *end = head.at() + bytes;
  const std::uint64_t version = head.fixed(2);
  if (version != 4 && version != 5) return unit;
  const std::uint64_t kind = version == 5 ? head.fixed(1) : kUnitCompile;
  if (version == 5) head.skip(1);  // Bytes of an address.
  const std::uint64_t shapes_at = head.fixed(offset_bytes);
  if (version == 4) head.skip(1);
  if (kind != kUnitCompile && kind != kUnitPartial) return unit;

  const std::map<std::uint64_t, Shape> shapes = read_shapes(shapes_at);
  UnitTables tables;
  std::uint32_t depth = 0;
  for (Reader in(*this, info.substr(0, *end), head.at()); in.good() && in.at() < *end;) {
    Entry entry{.at = in.at(), .depth = depth};
    const std::uint64_t code = in.leb();
    if (code == 0) {
      if (depth <= 1) break;
      --depth;
      continue;
    }
    const auto shape = shapes.find(code);
    if (shape == shapes.end()) break;
    entry.tag = shape->second.tag;
    for (const Wanted& wanted : shape->second.attributes) {
      const Value value = wanted.form == kFormConstant
                              ? Value{.number = wanted.constant}
                              : in.value(wanted.form, at, offset_bytes, tables.string_offsets);
      if (!in.good()) return unit;
      take(entry, wanted.attribute, value, tables);
    }
    unit->entries.push_back(entry);
    if (shape->second.has_children) ++depth;
  }
  return unit;
}

VariableParts::VariableParts(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status {};
  if (fstat(file, &status) == 0 && status.st_size > static_cast<off_t>(sizeof(Elf64_Ehdr))) {
    const auto bytes = static_cast<std::size_t>(status.st_size);
    void* const at = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (at != MAP_FAILED) file_ = {static_cast<const char*>(at), bytes};
  }
  close(file);
  if (!file_.empty()) find_sections();
}

VariableParts::~VariableParts() {
  if (!file_.empty()) munmap(const_cast<char*>(file_.data()), file_.size());
}

void VariableParts::find_sections() {
  Elf64_Ehdr header;
  std::memcpy(&header, file_.data(), sizeof header);
  const std::size_t bytes = file_.size();
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr)) return;
  if (header.e_shoff > bytes || (bytes - header.e_shoff) / sizeof(Elf64_Shdr) < header.e_shnum)
    return;
  std::vector<Elf64_Shdr> table(header.e_shnum);
  std::memcpy(table.data(), file_.data() + header.e_shoff, table.size() * sizeof(Elf64_Shdr));
  if (header.e_shstrndx >= table.size()) return;
  const auto content = [&](const Elf64_Shdr& s) -> std::string_view {
    const bool is_there = s.sh_type != SHT_NOBITS && (s.sh_flags & SHF_COMPRESSED) == 0 &&
                          s.sh_offset <= bytes && s.sh_size <= bytes - s.sh_offset;
    return is_there ? std::string_view(file_.data() + s.sh_offset, s.sh_size) : "";
  };
  const std::string_view names = content(table[header.e_shstrndx]);
  for (const Elf64_Shdr& one : table) {
    if (one.sh_name >= names.size()) continue;
    const std::string_view name = names.substr(one.sh_name);
    const std::string_view whole = name.substr(0, std::min(name.find('\0'), name.size()));
    if (whole.starts_with(".debug_")) sections_.emplace(whole, content(one));
  }
}

std::string_view VariableParts::section(std::string_view name) const {
  const auto found = sections_.find(name);
  return found == sections_.end() ? std::string_view() : found->second;
}

void VariableParts::find_variables() {
  searched_ = true;
  const std::uint64_t bytes = section(".debug_info").size();
  if (bytes > kInfoBytesMax) return;
  std::uint64_t end = 0;
  for (std::uint64_t at = 0; at < bytes; at = end) {
    const std::unique_ptr<Unit> unit = read_unit(at, &end);
    for (const Entry& entry : unit->entries) {
      if (entry.tag == kVariable && entry.address != kUnknown)
        variables_.try_emplace(entry.address, Place{at, entry.at});
    }
    if (end <= at) return;
  }
}

std::optional<std::string> VariableParts::part(std::uintptr_t variable, std::uintptr_t offset,
                                               std::uintptr_t bytes) {
  if (!searched_) find_variables();
  const auto found = variables_.find(variable);
  if (found == variables_.end()) return std::nullopt;
  std::unique_ptr<Unit>& unit = units_[found->second.unit];
  std::uint64_t end = 0;
  if (unit == nullptr) unit = read_unit(found->second.unit, &end);
  // A static member, or a variable of a namespace, is declared elsewhere.
  const Entry* entry = unit->find(found->second.entry);
  if (entry != nullptr && entry->type == 0) entry = unit->find(entry->origin);
  const Entry* const type = entry == nullptr ? nullptr : unit->type_of(*entry);
  if (type == nullptr) return std::nullopt;
  return unit->part_of(type, offset, std::max<std::uintptr_t>(bytes, 1));
}

}  // namespace reweave::program
