// SPDX-License-Identifier: Apache-2.0
// One small JSON file for each change that waits. One that cannot be read is an Error, and is taken back by its name.
#include "service/pending.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/encoding.h"
#include "base/formats.h"
#include "base/text.h"
#include "rollout/process.h"
#include "rollout/witness.h"
#include "setup/json.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_pending = 1 << 19;
constexpr std::string_view suffix = ".pending";

std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

Result<Pending> read(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, false);
  Pending found;
  const std::int64_t version = json.is_object() ? number_in(json, "version") : 0;
  if (version > formats::pending_change.version)
    return other_version(path, formats::pending_change, std::to_string(version));
  if (version == formats::pending_change.version) {
    found.service = text_in(json, "service");
    found.directory = text_in(json, "directory");
    found.written = text_in(json, "written");
    found.boot = text_in(json, "boot");
    found.began = number_in(json, "began");
    found.until = number_in(json, "until");
    found.made = number_in(json, "made");
    found.by = text_in(json, "by");
    found.config = text_in(json, "config");
  }
  if (found.service.empty() || found.directory.empty()) return Error{Code::corrupt, path + ": cannot be understood"};
  return found;
}

}  // namespace

std::int64_t Pending::left() const {
  const Result<std::string> now = boot_id();
  if (!now || *now != boot) return 0;
  return std::max<std::int64_t>(0, until - since_boot());
}

Result<Changes> Changes::open(const std::string& data, Hold hold) {
  const std::string path = rollout_directory(data);
  if (Status made = make_directory(path, 0700); !made) return made.error();
  Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory) return directory.error();
  Descriptor lock(openat(directory->get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  // What waits is taken back also where nothing can be written any more but the PAM file.
  if (!lock && errno == EROFS) lock = Descriptor(openat(directory->get(), "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock) return os_error(path + "/lock", "cannot be opened");
  while (hold == Hold::alone && flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR) return os_error(path + "/lock", "cannot be locked");
  return Changes(path, std::move(*directory), std::move(lock));
}

Result<std::optional<Pending>> Changes::read_file(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  const Result<Descriptor> file = open_file(directory_.get(), name, path, Privacy::secret, Access::read);
  if (!file && file.error().code == Code::not_found) return std::optional<Pending>();
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_pending);
  if (!text) return text.error();
  Result<Pending> found = read(*text, path);
  if (!found) return found.error();
  return std::optional<Pending>(std::move(*found));
}

Result<std::optional<Pending>> Changes::pending(const std::string& service) const {
  return read_file(pending_name(service));
}

Result<std::vector<Pending>> Changes::all(std::vector<Error>& unread) const {
  const Result<std::vector<std::string>> names = names_in(directory_.get(), path_);
  if (!names) return names.error();
  std::vector<Pending> found;
  for (const std::string& name : *names) {
    if (name.front() == '.' || !name.ends_with(suffix)) continue;
    Result<std::optional<Pending>> each = read_file(name);
    if (!each) unread.push_back(each.error());
    if (each && *each) found.push_back(std::move(**each));  // or it was confirmed or taken back since it was listed
  }
  std::sort(found.begin(), found.end(), [](const Pending& a, const Pending& b) { return a.service < b.service; });
  return found;
}

Status Changes::put(const Pending& pending) const {
  const std::string name = pending_name(pending.service);
  const Result<std::string> text = printed(Json{{"version", formats::pending_change.version},
                                                {"service", pending.service},
                                                {"directory", pending.directory},
                                                {"by", pending.by},
                                                {"config", pending.config},
                                                {"made", pending.made},
                                                {"boot", pending.boot},
                                                {"began", pending.began},
                                                {"until", pending.until},
                                                {"written", pending.written}});
  if (!text) return text.error();
  (void)unlinkat(directory_.get(), witness_name(pending.service).c_str(), 0);  // of a change before
  return replace_file(directory_.get(), name, path_ + "/" + name, *text + "\n", 0600);
}

Status Changes::remove(const std::string& service) const {
  (void)unlinkat(directory_.get(), witness_name(service).c_str(), 0);
  const std::string name = pending_name(service);
  Status gone = remove_file(directory_.get(), name, path_ + "/" + name);
  return !gone && gone.error().code == Code::not_found ? Status(Done{}) : gone;
}

std::string Changes::kept_path(const std::string& service) const {
  return path_ + "/" + file_name(service) + ".before";
}

Status Changes::keep(const std::string& service, const std::string& before) const {
  return replace_file(directory_.get(), file_name(service) + ".before", kept_path(service), before, 0600);
}

}  // namespace utmfa
