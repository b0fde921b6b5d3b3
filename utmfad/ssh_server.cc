// SPDX-License-Identifier: Apache-2.0
#include "ssh_server.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::pair<int, int> shows_at_once = {10, 3};
// The part that talks to PAM is a program of its own since 9.8.
constexpr std::array<const char*, 4> programs = {"/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session",
                                                 "/usr/lib/ssh/sshd-session", "/usr/sbin/sshd"};
constexpr off_t longest_program = 64 << 20;

// The digits at the start, which are taken off; -1: none.
int taken_number(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && size < 4 && text[size] >= '0' && text[size] <= '9') ++size;
  const auto value = number(text.substr(0, size), 0, 9999);
  text.remove_prefix(size);
  return value ? static_cast<int>(*value) : -1;
}

Texts texts_of_file(const char* path) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || status.st_size <= 0 || status.st_size > longest_program)
    return Texts::with_question;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) return Texts::with_question;
  const Texts texts = texts_of_ssh_server({static_cast<const char*>(bytes), size});
  (void)munmap(bytes, size);
  return texts;
}

}  // namespace

Texts texts_of_ssh_server(std::string_view program) {
  constexpr std::string_view mark = "OpenSSH_";
  for (std::size_t at = program.find(mark); at != program.npos; at = program.find(mark, at + 1)) {
    std::string_view rest = program.substr(at + mark.size(), 16);
    const int major = taken_number(rest);
    if (major < 0 || rest.empty() || rest.front() != '.') continue;  // a pattern of old clients, "OpenSSH_7*"
    rest.remove_prefix(1);
    const int minor = taken_number(rest);
    // "OpenSSH_6.6.1*" and the like are patterns too; the version itself goes on with p and a number.
    if (minor < 0 || rest.empty() || rest.front() != 'p') continue;
    return std::pair(major, minor) >= shows_at_once ? Texts::at_once : Texts::with_question;
  }
  return Texts::with_question;
}

Texts texts_of_ssh_server() {
  for (const char* path : programs) {
    struct stat status {};
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) return texts_of_file(path);
  }
  return Texts::with_question;
}

}  // namespace utmfa
