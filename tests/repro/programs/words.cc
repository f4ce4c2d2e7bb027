// Counts the words of its standard input, beside a thread; expects as many as its argument says.
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

int main(int, char** arguments) {
  std::mutex m;
  int words = 0;
  std::thread other([&] { std::lock_guard<std::mutex> lock(m); });
  for (std::string word; std::cin >> word;) {
    std::lock_guard<std::mutex> lock(m);
    ++words;
  }
  other.join();
  if (words == std::atoi(arguments[1])) return 0;
  std::cout << words << " words\n";
  return 1;
}
