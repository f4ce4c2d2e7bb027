// Two threads write to standard output by three ways; what a program writes is kept for the report.
// clean
#include <cassert>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <syncstream>
#include <thread>

int main() {
  std::thread writer([] {
    std::cout << "one " << 1 << '\n';
    std::printf("two %d\n", 2);
  });
  std::osyncstream(std::cout) << "three " << 3.5 << std::endl;
  std::ostringstream text;
  text << std::hex << 255;
  assert(text.str() == "ff");
  writer.join();
  std::cerr << "end" << std::endl;
}
