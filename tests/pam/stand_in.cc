// SPDX-License-Identifier: Apache-2.0
// Stands in for `utmfad --session`: writes down in what state it was started, beside itself, and grants.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "wire/frame.h"

int main(int count, char** words) {
  const std::string self = words[0];
  std::ofstream report(self + ".report");
  report << "words " << count << ' ' << (count > 1 ? words[1] : "") << '\n';
  for (int fd = 0; fd < 1024; ++fd) {
    char target[256] = "";
    if (readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target - 1) < 0) continue;
    if (std::strstr(target, ".report")) continue;
    report << "fd " << fd << ' ' << std::string(target, std::strcspn(target, ":[")) << '\n';
  }
  for (char** variable = environ; *variable; ++variable) report << *variable << '\n';
  report << "cwd " << std::filesystem::current_path().string() << '\n';
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* key : {"SigBlk", "SigIgn", "SigPnd", "Uid", "Gid", "Groups"})
      if (line.starts_with(key)) report << line << '\n';
  }
  report << "parent " << getppid() << '\n';
  report.close();

  char bytes[utmfa::wire::longest_frame];
  const ssize_t got = recv(3, bytes, sizeof bytes, 0);
  const utmfa::wire::Reader hello({bytes, got < 0 ? 0 : static_cast<std::size_t>(got)});
  utmfa::wire::Writer result("result");
  result.text("code", hello.text("user") == "taro" ? "granted" : "denied");
  return send(3, result.frame().data(), result.frame().size(), MSG_NOSIGNAL) > 0 ? 0 : 1;
}
