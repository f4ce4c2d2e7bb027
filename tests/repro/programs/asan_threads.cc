// Two threads of lambdas write to one variable; what ends them lies in functions of one name.
#include <cassert>
#include <thread>

int line = 0;

int main() {
  std::thread first([] { line = 1; });
  std::thread second([] { line = 2; });
  first.join();
  second.join();
  assert(line == 1);
}
