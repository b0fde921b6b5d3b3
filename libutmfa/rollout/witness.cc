// SPDX-License-Identifier: Apache-2.0
// One line a sign-in: the process that asked, the one above it, and the name. Appended whole; never synced, because
// after a crash the change is taken back anyway.
#include "rollout/witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/encoding.h"
#include "base/file.h"
#include "base/freed.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view waits = ".pending";
constexpr off_t longest_witnesses = 1 << 20;  // some ten thousand sign-ins within the time that a change waits

std::string written(const Process& process) {
  return std::to_string(process.id) + " " + std::to_string(process.started) + " ";
}

bool read(std::string_view id, std::string_view started, Process& to) {
  const auto number_of = number(id, 1, INT32_MAX), start = number(started, 0, INT64_MAX);
  if (!number_of || !start) return false;
  to.id = static_cast<pid_t>(*number_of);
  to.started = *start;
  return true;
}

bool any_waits(const std::string& directory) {
  const std::unique_ptr<DIR, Freed<closedir>> open(opendir(directory.c_str()));
  while (const dirent* each = open ? readdir(open.get()) : nullptr)
    if (std::string_view(each->d_name).find(waits) != std::string_view::npos) return true;
  return false;
}

}  // namespace

std::string rollout_directory(const std::string& data) { return data + "/service"; }
std::string pending_name(std::string_view service) { return file_name(service) + std::string(waits); }
std::string witness_name(std::string_view service) { return file_name(service) + ".seen"; }

std::optional<Asker> asker_of_now(const std::string& data, pid_t asked) {
  if (!any_waits(rollout_directory(data))) return std::nullopt;
  const Result<Process> process = utmfa::process(asked);
  if (!process) return std::nullopt;
  const Result<Process> above = utmfa::process(process->parent);
  return Asker{*process, above ? *above : *process};
}

Status bear_witness(const std::string& data, const std::string& service, const std::string& user, const Asker& asker) {
  const std::string directory = rollout_directory(data);
  if (faccessat(AT_FDCWD, (directory + "/" + pending_name(service)).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
    return Done{};
  const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
  if (!opened) return opened.error();
  const std::string path = directory + "/" + witness_name(service);
  const Descriptor file(openat(opened->get(), witness_name(service).c_str(),
                               O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
  if (!file) return os_error(path, "cannot be opened");
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return os_error(path, "cannot be examined");
  if (about.st_size > longest_witnesses) return Error{Code::refused, path + ": is full"};
  const std::string line = written(asker.asked) + written(asker.above) + base64(user) + "\n";  // a name may hold blanks
  if (write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return os_error(path, "cannot be written");
  return Done{};
}

Result<std::vector<Witness>> witnesses(const std::string& data, const std::string& service) {
  const std::string directory = rollout_directory(data), path = directory + "/" + witness_name(service);
  std::vector<Witness> found;
  const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
  if (!opened && opened.error().code == Code::not_found) return found;
  if (!opened) return opened.error();
  const Result<Descriptor> file = open_file(opened->get(), witness_name(service), path, Privacy::secret, Access::read);
  if (!file && file.error().code == Code::not_found) return found;
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_witnesses + 4096);
  if (!text) return text.error();
  for (const std::string_view line : split(*text, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    if (words.size() != 5) continue;
    Witness each;
    const Result<std::string> user = from_base64(words[4]);
    if (!user || !read(words[0], words[1], each.asked) || !read(words[2], words[3], each.above)) continue;
    each.user = *user;
    found.push_back(std::move(each));
  }
  return found;
}

}  // namespace utmfa
