// Exit handlers and destructors of static objects run once each, in the reverse order.
// clean
#include <cassert>
#include <cstdlib>
#include <string>
#include <thread>

int order = 0;

struct Late {
  ~Late() { assert(++order == 3 && text == "still here"); }
  std::string text = "still here";
} late;

int main() {
  std::atexit([] { assert(++order == 2); });
  std::atexit([] { assert(++order == 1); });
  std::thread other([] {});
  other.join();
  std::exit(0);
}
