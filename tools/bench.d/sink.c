// SPDX-License-Identifier: Apache-2.0
// sink FILE SOCKET...: the system log of tools/bench, so that logging costs a sign-in what it costs where a log daemon
// listens. FILE keeps the latest, to say why a run could not begin. Says "ready" once it listens; ends with its world.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { most = 4, most_kept = 1 << 20 };

static int listen_at(const char* path) {
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  snprintf(where.sun_path, sizeof where.sun_path, "%s", path);
  if (fd < 0 || bind(fd, (struct sockaddr*)&where, sizeof where) != 0 || chmod(path, 0666) != 0) {
    perror(path);
    return -1;
  }
  return fd;
}

static void keep(int fd, char* packet, ssize_t size) {
  struct stat now;
  packet[size] = '\n';
  if (fstat(fd, &now) == 0 && now.st_size > most_kept && ftruncate(fd, 0) != 0) return;
  if (write(fd, packet, (size_t)size + 1) < 0) return;
}

int main(int argc, char** argv) {
  struct pollfd each[most];
  char packet[65536];
  int count = argc - 2;
  if (count < 1 || count > most) return 2;
  int kept = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  for (int i = 0; i < count; i++) {
    each[i] = (struct pollfd){.fd = listen_at(argv[i + 2]), .events = POLLIN};
    if (each[i].fd < 0) return 1;
  }
  puts("ready");
  fflush(stdout);
  while (poll(each, (nfds_t)count, -1) > 0)
    for (int i = 0; i < count; i++)
      for (ssize_t size; each[i].revents && (size = recv(each[i].fd, packet, sizeof packet - 1, MSG_DONTWAIT)) > 0;)
        keep(kept, packet, size);
  return 1;
}
