// SPDX-License-Identifier: Apache-2.0
// One person's files, changed under the lock of the state's inode: the same lock that a judgement takes.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"
#include "setup/locked_change.h"
#include "setup/setup.h"

namespace utmfa {
namespace {

constexpr std::string_view suffix = ".yaml";
constexpr int most_openings = 100;

std::string method_name(const std::string& user) { return file_name(user) + std::string(suffix); }

Error missing(const std::string& path, const std::string& user) {
  return {Code::corrupt, path + ": missing: closed until `utmfa-admin state rebuild " + user + "`"};
}

int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// file_name() undone; absent where it cannot be: a name that was cut.
std::optional<std::string> name_of(std::string_view encoded) {
  std::string name;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      name += encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size() || digit(encoded[i + 1]) < 0 || digit(encoded[i + 2]) < 0) return std::nullopt;
    name += static_cast<char>(digit(encoded[i + 1]) * 16 + digit(encoded[i + 2]));
    i += 2;
  }
  if (file_name(name) != encoded) return std::nullopt;
  return name;
}

// The name is in the file's own name, or, where that was cut, in the file.
Result<std::string> user_of(int directory, const std::string& path, std::string_view entry) {
  const bool ours = entry.size() > suffix.size() && entry.substr(entry.size() - suffix.size()) == suffix;
  if (!ours) return Error{Code::invalid, cleaned(path, 1024) + ": not a method file"};
  const Result<Descriptor> file = open_file(directory, std::string(entry), path, Privacy::secret, Access::read);
  if (!file) return file.error();
  if (std::optional<std::string> name = name_of(entry.substr(0, entry.size() - suffix.size()))) return *name;
  const Result<std::string> text = contents(file->get(), path, longest_method_file);
  if (!text) return text.error();
  const Result<MethodFile> read = parse_method_file(*text, path, kind_rules());
  if (!read) return read.error();
  if (method_name(read->user) != entry) return Error{Code::corrupt, cleaned(path, 1024) + ": belongs to another user"};
  return read->user;
}

}  // namespace

// The state, locked, with what belongs to it.
struct Registry::Opened {
  std::string user, name, path;
  Descriptor methods, states;  // the directories
  Descriptor file;
  std::unique_ptr<const UserKeys> keys;  // the state refers to it, wherever this is moved
  std::unique_ptr<StateFile> state;
};

Registry::Registry(Directories directories, const KeyRing& ring, Clock& clock, Random& random)
    : directories_(std::move(directories)), ring_(ring), clock_(clock), random_(random) {}

Result<std::optional<MethodFile>> Registry::method_file(int directory, const std::string& user) const {
  const std::string name = method_name(user), path = directories_.methods() + "/" + name;
  const Result<Descriptor> file = open_file(directory, name, path, Privacy::secret, Access::read);
  if (!file && file.error().code == Code::not_found) return std::optional<MethodFile>();
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_method_file);
  if (!text) return text.error();
  Result<MethodFile> read = parse_method_file(*text, path, kind_rules());
  if (!read) return read.error();
  if (read->user != user) return Error{Code::corrupt, path + ": belongs to another user"};
  return std::optional<MethodFile>(std::move(*read));
}

Result<Registered> Registry::read(const std::string& user) {
  const Result<Descriptor> methods = open_directory(directories_.methods(), Privacy::secret);
  if (!methods) return methods.error();
  const Result<Descriptor> states = open_directory(directories_.state(), Privacy::secret);
  if (!states) return states.error();
  Result<std::optional<MethodFile>> file = method_file(methods->get(), user);
  if (!file) return file.error();
  if (!*file) return Registered{nobody(user), State{}};
  const std::string path = directories_.state() + "/" + file_name(user);
  const Result<Descriptor> opened =
      open_file(states->get(), file_name(user), path, Privacy::secret, Access::read_write);
  if (!opened && opened.error().code == Code::not_found) return missing(path, user);
  if (!opened) return opened.error();
  const UserKeys keys = ring_.keys_for(user);
  Result<State> state = StateFile(opened->get(), user, keys, path).read();
  if (!state) return state.error();
  return Registered{std::move(**file), std::move(*state)};
}

// Opens the state, made empty when absent, and locks it. One that was removed while we waited is opened anew.
Result<Registry::Opened> Registry::open_locked(const std::string& user) {
  if (user.empty()) return Error{Code::invalid, "user: the name is empty"};
  Opened opened{user,
                file_name(user),
                directories_.state() + "/" + file_name(user),
                {},
                {},
                {},
                std::make_unique<const UserKeys>(ring_.keys_for(user)),
                {}};
  Result<Descriptor> methods = open_directory(directories_.methods(), Privacy::secret);
  if (!methods) return methods.error();
  Result<Descriptor> states = open_directory(directories_.state(), Privacy::secret);
  if (!states) return states.error();
  opened.methods = std::move(*methods);
  opened.states = std::move(*states);
  for (int times = 0; times < most_openings; ++times) {
    const Descriptor made(
        openat(opened.states.get(), opened.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made && errno != EEXIST) return os_error(opened.path, "cannot be created");
    Result<Descriptor> file =
        open_file(opened.states.get(), opened.name, opened.path, Privacy::secret, Access::read_write);
    if (!file && file.error().code == Code::not_found) continue;
    if (!file) return file.error();
    opened.file = std::move(*file);
    opened.state = std::make_unique<StateFile>(opened.file.get(), user, *opened.keys, opened.path);
    if (Status locked = opened.state->lock(); !locked) return locked.error();
    struct stat about {};
    if (fstat(opened.file.get(), &about) != 0) return os_error(opened.path, "cannot be examined");
    if (about.st_nlink > 0) return opened;
  }
  return Error{Code::unavailable, opened.path + ": it is removed again and again"};
}

// Only with a method file is there anything that a damaged state must not forget.
Result<State> Registry::state_of(Opened& opened, const std::optional<MethodFile>& file) {
  Result<State> state = opened.state->read();
  if (state || file || state.error().code != Code::corrupt) return state;
  State fresh;
  if (Status formatted = opened.state->format(fresh); !formatted) return formatted.error();
  if (Status synced = opened.state->sync_new(opened.states.get()); !synced) return synced.error();
  return fresh;
}

Status Registry::save_methods(Opened& opened, std::string_view text) {
  const std::string name = method_name(opened.user), path = directories_.methods() + "/" + name;
  if (text.empty()) return remove_file(opened.methods.get(), name, path);
  return replace_file(opened.methods.get(), name, path, text, 0600);
}

Status Registry::change(const std::string& user, const std::function<Status(Registered&)>& change) {
  Result<Opened> opened = open_locked(user);
  if (!opened) return opened.error();
  const Result<std::optional<MethodFile>> before = method_file(opened->methods.get(), user);
  bool away = false;
  const auto save = [&](std::string_view text) {
    away = text.empty();
    return save_methods(*opened, text);
  };
  const Status done = before ? change_locked({user, *opened->state, save}, *before, state_of(*opened, *before), change)
                             : Status(before.error());
  if (!done || away) remove_alone(*opened);
  opened->state->unlock();
  return done;
}

// A registration that was broken off leaves nothing: a state without a method file goes, while it is still locked.
void Registry::remove_alone(Opened& opened) {
  const Result<std::optional<MethodFile>> file = method_file(opened.methods.get(), opened.user);
  if (file && !*file && opened.state->may_be_removed())
    (void)remove_file(opened.states.get(), opened.name, opened.path);
}

Result<std::vector<std::string>> Registry::users(std::vector<std::string>& problems) {
  const std::string path = directories_.methods();
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory) return directory.error();
  const Result<std::vector<std::string>> files = names_in(directory->get(), path);
  if (!files) return files.error();
  std::vector<std::string> names;
  for (const std::string& file : *files) {
    if (file.front() == '.') continue;
    const Result<std::string> name = user_of(directory->get(), path + "/" + file, file);
    if (name)
      names.push_back(*name);
    else if (name.error().code != Code::not_found)  // removed since it was listed
      problems.push_back(name.error().what);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status keep_methods(const Directories& directories, const std::string& user, std::string_view why, Time now) {
  const Result<Descriptor> methods = open_directory(directories.methods(), Privacy::secret);
  if (!methods) return methods.error();
  const std::string path = directories.methods() + "/" + method_name(user);
  const Result<Descriptor> file = open_file(methods->get(), method_name(user), path, Privacy::secret, Access::read);
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_method_file);
  if (!text) return text.error();
  if (Status made = make_directory(directories.kept(), 0700); !made) return made;
  const Result<Descriptor> kept = open_directory(directories.kept(), Privacy::secret);
  if (!kept) return kept.error();
  const std::string stem = file_name(user) + "." + std::to_string(now) + "." + file_name(why);
  for (int number = 1;; ++number) {
    const std::string name = stem + "." + std::to_string(number) + std::string(suffix);
    if (faccessat(kept->get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) continue;
    return replace_file(kept->get(), name, directories.kept() + "/" + name, *text, 0600);
  }
}

Status Registry::keep(const std::string& user, std::string_view why) {
  return keep_methods(directories_, user, why, clock_.now());
}

// Counted on from the clock where the old numbers are lost, so that a sign-in under way sees another revision.
Status Registry::rebuild_locked(Opened& opened, const MethodFile& file, const FactorRules& rules) {
  const Result<State> old = opened.state->read();
  if (!old && old.error().code != Code::corrupt) return old.error();
  const Time now = clock_.now();
  const auto seconds = static_cast<std::uint64_t>(std::max<Time>(now, 0));
  State state;
  state.generation = std::max(seconds, old ? old->generation : 0);
  state.revision = std::max(seconds, old ? old->revision : 0) + 1;
  for (const Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr) return Error{Code::internal, method.id + ": unknown kind"};
    MethodState& spent = state.of(method.id);
    const std::uint64_t mark = spent.method;
    spent = factor->spent(method, rules, now);
    spent.method = mark;
  }
  if (Status formatted = opened.state->format(state); !formatted) return formatted;
  if (fsync(opened.states.get()) != 0) return os_error(opened.path, "its directory cannot be synced");
  return Done{};
}

Status Registry::rebuild_state(const std::string& user, const FactorRules& rules) {
  Result<Opened> opened = open_locked(user);
  if (!opened) return opened.error();
  const Result<std::optional<MethodFile>> file = method_file(opened->methods.get(), user);
  Status done = Done{};
  if (!file)
    done = file.error();
  else if (!*file)
    done = Error{Code::not_found, user + ": nothing is registered, so there is no state to rebuild"};
  else
    done = rebuild_locked(*opened, **file, rules);
  if (!done) remove_alone(*opened);
  opened->state->unlock();
  return done;
}

Result<Verdict> Registry::judge(const std::string& user, const FactorRules& rules, const ThrottleRules& throttle,
                                const Attempt& attempt) {
  Attempt proving = attempt;
  proving.proof = Proof::waiting;
  Result<Verdict> verdict = Verdict{};
  const Status judged = with_vault(user, rules, throttle, [&](Vault& vault) -> Status {
    verdict = vault.judge(proving);
    return Done{};
  });
  if (!judged) return judged.error();
  return verdict;
}

Status Registry::with_vault(const std::string& user, const FactorRules& rules, const ThrottleRules& throttle,
                            const std::function<Status(Vault&)>& use) {
  Result<Record> record = open_record(directories_.data, ring_, user);
  if (!record) return record.error();
  FileVault vault(*record, rules, throttle, clock_, random_);
  if (const Result<Account> account = vault.account(); !account) return account.error();
  return use(vault);
}

}  // namespace utmfa
