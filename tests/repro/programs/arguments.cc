// Shows its arguments and fails, so that a report tells of them.
#include <cstdio>
#include <thread>

int main(int count, char** arguments) {
  std::thread([] {}).join();
  for (int i = 1; i < count; ++i) std::printf("<%s>", arguments[i]);
  return 7;
}
