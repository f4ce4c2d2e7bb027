// A server and two clients, over the loopback device.
// clean
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cassert>
#include <thread>

int main() {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  assert(bind(server, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
  assert(listen(server, 4) == 0);
  assert(getsockname(server, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  const auto ask = [&](char question) {
    const int self = socket(AF_INET, SOCK_STREAM, 0);
    assert(connect(self, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    assert(send(self, &question, 1, 0) == 1);
    char answer = 0;
    assert(recv(self, &answer, 1, 0) == 1 && answer == question + 1);
    close(self);
  };
  std::thread one(ask, 'a'), two(ask, 'm');
  for (int i = 0; i < 2; ++i) {
    const int client = accept(server, nullptr, nullptr);
    assert(client >= 0);
    char word = 0;
    assert(recv(client, &word, 1, 0) == 1);
    ++word;
    assert(send(client, &word, 1, 0) == 1);
    close(client);
  }
  one.join();
  two.join();
  close(server);
}
