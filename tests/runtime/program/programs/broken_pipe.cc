// Nobody reads any more: the process would be ended.
// finds: crash SIGPIPE in main
#include <unistd.h>
#include <thread>

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 2;
  std::thread reader([&] {
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
    close(ends[0]);
  });
  for (int i = 0; i < 2; ++i) (void)!write(ends[1], "x", 1);
  reader.join();
}
