// A detached thread uses a variable of main() after main() has returned.
// finds: crash use after return in main::{lambda#1}
#include <thread>

int main() {
  int count = 0;
  std::thread([&count] { count += 1; }).detach();
}
