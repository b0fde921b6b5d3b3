// SPDX-License-Identifier: Apache-2.0
// utmfa-admin export: people packed for another machine. The file is sealed before it is written, and never written over
// another.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/file.h"
#include "base/text.h"
#include "json.h"
#include "progress.h"
#include "signin/words.h"
#include "terminal.h"
#include "transfer/parcel.h"

namespace utmfa {
namespace {

Status write_new(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
  if (!file && errno == EEXIST) return Error{Code::refused, say("{0} exists already, and stays as it is", {path})};
  if (!file) return os_error(path, "cannot be created");
  Status done = Done{};
  for (std::string_view rest = bytes; done && !rest.empty();) {
    const ssize_t wrote = ::write(file.get(), rest.data(), rest.size());
    if (wrote <= 0)
      done = os_error(path, "cannot be written");
    else
      rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (done && fsync(file.get()) != 0) done = os_error(path, "cannot be synced");
  if (!done) (void)unlink(path.c_str());
  return done;
}

Result<std::vector<std::string>> wanted(Desk& desk, const AdminOptions& options, std::vector<std::string>& problems) {
  if (options.bulk.what.empty()) return desk.registry.users(problems);
  std::vector<std::string> users;
  for (const std::string& each : options.bulk.what) {
    const Result<std::string> name = known_name(options.common, each);
    if (!name) return name.error();
    users.push_back(*name);
  }
  return users;
}

Event event_of(const AdminOptions& options, std::size_t people) {
  Event event;
  event.what = "exported";
  event.reason = (options.reason.empty() ? "" : options.reason + "; ") + "people: " + std::to_string(people) + ", to " +
                 cleaned(options.bulk.to, 200);
  return event;
}

}  // namespace

Status export_people(Desk& desk, const AdminOptions& options) {
  std::vector<std::string> problems;
  const Result<std::vector<std::string>> users = wanted(desk, options, problems);
  if (!users) return users.error();
  const Result<Secret> words = passphrase(options.bulk.passphrase_file, Typed::twice);
  if (!words) return words.error();
  Result<Parcel> parcel = Parcel::empty(words->view(), desk.random);
  if (!parcel) return parcel.error();
  Progress progress(users->size());
  for (std::size_t i = 0; i < users->size(); ++i) {
    if (interrupted()) return Error{Code::refused, say("stopped")};
    const std::string& user = (*users)[i];
    const Result<Registered> registered = desk.registry.read(user);
    if (!registered) return registered.error();
    if (registered->file.methods.empty() && !options.bulk.what.empty())
      return Error{Code::refused, say("{0} has registered nothing", {user})};
    if (registered->file.methods.empty()) continue;
    const UserKeys keys = desk.ring.keys_for(user);
    if (Status added = parcel->add(registered->file, registered->state, keys, desk.random); !added) return added;
    progress.at(i + 1);
  }
  if (parcel->people().empty()) return Error{Code::refused, say("there is nobody to be exported")};
  const Result<std::string> bytes = parcel->bytes(desk.random);
  if (!bytes) return bytes.error();
  if (Status written = write_new(options.bulk.to, *bytes); !written) return written;
  record_change(event_of(options, parcel->people().size()));
  const std::string count = std::to_string(parcel->people().size());
  if (options.common.format == Format::json)
    return print(Json{{"file", options.bulk.to}, {"people", parcel->people().size()}, {"problems", problems}});
  show(say("{0}: people packed: {1}. On the other machine: utmfa-admin import --sealed {0}", {options.bulk.to, count}));
  show(say("Codes used here from now on are not known there: end the registrations here once they work there."));
  for (const std::string& problem : problems) complain(say("problem: {0}", {problem}));
  return problems.empty() ? Status(Done{}) : Error{Code::refused, say("not everything was done")};
}

}  // namespace utmfa
