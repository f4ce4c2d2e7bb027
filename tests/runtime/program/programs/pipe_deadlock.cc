// Each waits for the other's first word.
// finds: deadlock input in
#include <unistd.h>
#include <thread>

int main() {
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) return 2;
  std::thread other([&] {
    char word = 0;
    if (read(there[0], &word, 1) == 1) (void)!write(back[1], &word, 1);
  });
  char word = 0;
  if (read(back[0], &word, 1) == 1) (void)!write(there[1], &word, 1);
  other.join();
}
