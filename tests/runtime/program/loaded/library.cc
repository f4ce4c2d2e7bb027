// What programs/loads_library.cc loads: its variables, one of them on the heap, have to be new in
// each execution.
#include <string>
#include <vector>

namespace {
std::vector<std::string> names = {"made when it was loaded, longer than a short string"};
}  // namespace

extern "C" __attribute__((visibility("default"))) std::size_t add_name() {
  names.push_back("another one that does not fit into a short string");
  return names.size();
}
