// Both say all they have to say before they listen: that is more than a pipe holds.
// finds: deadlock input in
#include <unistd.h>
#include <thread>
#include <vector>

static void talk(int to, int from) {
  std::vector<char> words(80'000);
  (void)!write(to, words.data(), words.size());
  for (std::size_t heard = 0; heard < words.size();) {
    const ssize_t part = read(from, words.data(), words.size());
    if (part <= 0) return;
    heard += static_cast<std::size_t>(part);
  }
}

int main() {
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) return 2;
  std::thread other([&] { talk(back[1], there[0]); });
  talk(there[1], back[0]);
  other.join();
}
