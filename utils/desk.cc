// SPDX-License-Identifier: Apache-2.0
// Opening the desk of a verb; names from the name services; exit statuses.
#include "desk.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/file.h"
#include "base/formats.h"
#include "base/text.h"
#include "notice/delivery.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

enum class By { name, uid };

Result<std::string> look_up(By by, const std::string& name, uid_t uid) {
  std::vector<char> buffer(1024);
  for (;;) {
    struct passwd entry {};
    struct passwd* found = nullptr;
    const int failed = by == By::name ? getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)
                                      : getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (failed == ERANGE && buffer.size() < (1U << 20)) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (found != nullptr) return std::string(found->pw_name);
    if (failed == 0 || failed == ENOENT || failed == ESRCH) return Error{Code::not_found, "no such person"};
    errno = failed;
    return Error{Code::unavailable, os_error("name services", cleaned(name, 255)).what};
  }
}

// The kernel's login uid survives su and sudo; 4294967295 = nobody logged in.
std::string login_name() {
  const Descriptor proc(::open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC));
  if (!proc) return {};
  char text[16];
  const ssize_t size = ::read(proc.get(), text, sizeof text);
  if (size <= 0) return {};
  const auto uid = number(trimmed({text, static_cast<std::size_t>(size)}), 0, 4294967294);
  if (!uid) return {};
  const Result<std::string> name = look_up(By::uid, {}, static_cast<uid_t>(*uid));
  return name ? *name : std::string();
}

// Absent until a desk is open whose configuration has a gateway for mail.
std::unique_ptr<Outbox>& outbox() {
  static std::unique_ptr<Outbox> opened;
  return opened;
}

std::unique_ptr<AddressBook>& addresses() {
  static std::unique_ptr<AddressBook> opened;
  return opened;
}

void open_outbox(const Options& options, const Config& config) {
  static SystemRandom random;
  if (config.gateway("mail").command.empty()) return;
  outbox() = std::make_unique<Outbox>(options.data, random);
  addresses() = std::make_unique<MethodFileAddresses>(options.directories().methods());
}

// To the address of this moment: what is queued does not follow one that somebody puts in its place afterwards.
Status tell_person(const Event& event) {
  if (!outbox()) return Done{};
  for (Notice& notice : notices_of(event, SystemClock().now())) {
    if (notice.to.empty()) {
      const Result<Address> address = addresses()->address(notice.user);
      if (!address && address.error().code == Code::not_found) continue;
      if (!address) return address.error();
      notice.to = address->email;
      notice.language = address->language;
    }
    if (Status put = outbox()->put(notice, Durability::synced); !put) return put;
  }
  return Done{};
}

}  // namespace

Desk::Desk(const Options& given, Config read, KeyRing opened)
    : options(given), config(std::move(read)), ring(std::move(opened)),
      registry(given.directories(), ring, clock, random) {}

Result<std::unique_ptr<Desk>> Desk::open(const Options& options) {
  if (Status may = may_administer(options); !may) return may.error();
  Result<Config> config = load_config(options.config, kind_names());
  if (!config) return Error{Code::unavailable, config.error().what};
  if (Status known = known_layout(options.data, formats::data_directory); !known)
    return Error{Code::unavailable, known.error().what};
  Result<KeyRing> ring = KeyRing::open(options.keys);
  if (!ring && ring.error().code == Code::not_found)
    return Error{Code::unavailable, ring.error().what + ": " + say("run utmfa-admin setup first")};
  if (!ring) return Error{Code::unavailable, ring.error().what};
  open_outbox(options, *config);
  return std::unique_ptr<Desk>(new Desk(options, std::move(*config), std::move(*ring)));
}

void record_change(Event event) {
  static SystemAudit audit;
  event.by = administrator();
  if (Status recorded = audit.record(event); !recorded)
    complain(say("warning: this could not be written to the log: {0}", {recorded.error().what}));
  if (Status told = tell_person(event); !told)
    complain(say("warning: the person cannot be told by mail: {0}", {told.error().what}));
}

Status AdministratorAudit::record(const Event& event) {
  record_change(event);
  return Done{};
}

Status Desk::change(const std::string& user, const std::function<Status(Registered&)>& edit, Event event) {
  if (Status changed = registry.change(user, edit); !changed) return changed;
  event.user = user;
  record_change(std::move(event));
  return Done{};
}

Status may_administer(const Options& options) {
  if (geteuid() == 0 || options.data != default_data) return Done{};
  return Error{Code::refused, say("only root may do this: ask an administrator to register you, or use sudo")};
}

Result<std::string> canonical_name(const std::string& name) {
  const Result<std::string> found = name.empty() ? Error{Code::not_found, {}} : look_up(By::name, name, 0);
  if (found || found.error().code != Code::not_found) return found;
  return Error{Code::refused, say("there is no person named {0} on this machine", {shown(name)})};
}

Result<std::string> known_name(const Options& options, const std::string& name) {
  Result<std::string> found = canonical_name(name);
  if (found || found.error().code != Code::refused) return found;
  const std::string directory = options.directories().methods();
  const Result<Descriptor> methods = open_directory(directory, Privacy::secret);
  if (!methods || name.empty()) return found;
  const std::string file = file_name(name) + ".yaml";
  if (!open_file(methods->get(), file, directory + "/" + file, Privacy::secret, Access::read)) return found;
  return name;
}

std::string enroll_command(const std::string& user) { return "utmfa-enroll --user " + user; }

std::string administrator() {
  if (std::string name = login_name(); !name.empty()) return name;
  if (const char* sudo = secure_getenv("SUDO_USER"); sudo != nullptr && *sudo != '\0' && geteuid() == 0) return sudo;
  const Result<std::string> name = look_up(By::uid, {}, getuid());
  return name ? *name : std::to_string(getuid());
}

}  // namespace utmfa
