// Sockets: both directions, a whole message in parts, one end closed, time-outs of their own.
// clean
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cassert>
#include <cerrno>
#include <thread>
#include <vector>

int main() {
  int ends[2];
  assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  std::thread echo([&] {
    char byte = 0;
    while (recv(ends[1], &byte, 1, 0) == 1) assert(send(ends[1], &byte, 1, MSG_NOSIGNAL) == 1);
    shutdown(ends[1], SHUT_WR);
  });
  std::vector<char> words = {'a', 'b', 'c', 'd'};
  assert(send(ends[0], words.data(), words.size(), 0) == 4);
  char heard[4];
  assert(recv(ends[0], heard, sizeof heard, MSG_WAITALL) == 4 && heard[3] == 'd');
  char none = 0;
  assert(recv(ends[0], &none, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
  const timeval soon{0, 1000};
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
  assert(recv(ends[0], &none, 1, 0) == -1 && errno == EAGAIN);
  shutdown(ends[0], SHUT_WR);
  echo.join();
  assert(recv(ends[0], &none, 1, 0) == 0);
}
