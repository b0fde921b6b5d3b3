// SPDX-License-Identifier: Apache-2.0
// The copies: NAME.TIME.WHY.NUMBER.yaml, and .state beside it.
#include "setup/kept.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view text_suffix = ".yaml", state_suffix = ".state";

bool ends(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

struct CopyName {
  std::string_view person, why;
  Time when = 0;
  std::string_view id;  // TIME.WHY.NUMBER
};

// The person's part may have dots; the three behind it have none.
std::optional<CopyName> read_name(std::string_view file) {
  if (!ends(file, text_suffix) && !ends(file, state_suffix)) return std::nullopt;
  file = file.substr(0, file.rfind('.'));
  const std::vector<std::string_view> parts = split(file, '.');
  if (parts.size() < 4) return std::nullopt;
  const auto when = number(parts[parts.size() - 3], 0, INT64_MAX);
  if (!when || !ascii_digits(parts.back())) return std::nullopt;
  const std::size_t id = static_cast<std::size_t>(parts[parts.size() - 3].data() - file.data());
  return CopyName{file.substr(0, id - 1), parts[parts.size() - 2], *when, file.substr(id)};
}

Result<std::string> text_of(int directory, const std::string& name, const std::string& path, std::size_t longest) {
  const Result<Descriptor> file = open_file(directory, name, path, Privacy::secret, Access::read);
  if (!file) return file.error();
  return contents(file->get(), path, longest);
}

Result<Kept> read_copy(int directory, const std::string& path, const std::string& file, const std::string& user) {
  const std::optional<CopyName> name = read_name(file);
  const Result<std::string> text = text_of(directory, file, path + "/" + file, longest_method_file);
  if (!text) return text.error();
  Result<MethodFile> read = parse_method_file(*text, path + "/" + file, kind_rules());
  if (!read) return read.error();
  if (read->user != user) return Error{Code::corrupt, path + "/" + file + ": belongs to another user"};
  Kept copy{std::string(name->id), name->when, std::string(name->why), std::move(*read), {}};
  const std::string beside = file.substr(0, file.size() - text_suffix.size()) + std::string(state_suffix);
  const Result<std::string> bytes = text_of(directory, beside, path + "/" + beside, state_file_size);
  if (!bytes && bytes.error().code == Code::not_found) return copy;
  if (!bytes) return bytes.error();
  Result<State> state = parse_state(*bytes, path + "/" + beside);
  if (!state) return state.error();
  copy.state = std::move(*state);
  return copy;
}

// The same secret, under whatever id it stands.
bool same(const std::string& user, const Method& one, const Method& other, const UserKeys& keys) {
  const Factor* factor = factor_for(one.kind);
  if (factor == nullptr || one.kind != other.kind) return false;
  const bool alike = one.id == other.id && one.registered == other.registered;
  if (alike || factor->secret_field.empty()) return alike;
  const auto opened = [&](const Method& method) {
    return unseal(keys, {user, method.id, method.kind, factor->secret_field}, method.field(factor->secret_field));
  };
  const Result<Secret> first = opened(one), second = opened(other);
  return first && second && equal(first->view(), second->view());
}

const Method* same_in(const MethodFile& file, const Method& method, const UserKeys& keys) {
  for (const Method& each : file.methods)
    if (same(file.user, each, method, keys)) return &each;
  return nullptr;
}

// What was used at any time that is known of: the copy itself, and every copy in which the same method stands.
std::optional<MethodState> used_until_now(const Method& method, const Kept& copy, const Restoring& with) {
  std::optional<MethodState> most;
  for (const Kept& each : with.all) {
    const Method* there = same_in(each.file, method, with.keys);
    if (there == nullptr || (!each.state && each.when < copy.when)) continue;
    if (!each.state) return std::nullopt;
    const MethodState* found = each.state->find(there->id);
    const MethodState one = found == nullptr ? MethodState{} : *found;
    if (!most) most = one;
    most->moving = std::max(most->moving, one.moving);
    most->failures = std::max(most->failures, one.failures);
    most->used |= one.used;
    if (one.last_success >= most->last_success) most->drift = one.drift;
    most->last_success = std::max(most->last_success, one.last_success);
    most->last_failure = std::max(most->last_failure, one.last_failure);
  }
  return most;
}

// Under another name where its own is taken: the seal is bound to the name.
Status rename_sealed(Method& method, const std::string& user, const std::string& id, const Restoring& with) {
  const Factor& factor = *factor_for(method.kind);
  for (const FieldRule& rule : factor.fields) {
    const auto found = method.fields.find(rule.key);
    if (rule.type != FieldType::sealed || found == method.fields.end()) continue;
    const Result<Secret> secret = unseal(with.keys, {user, method.id, method.kind, rule.key}, found->second);
    if (!secret) return secret.error();
    Result<std::string> sealed = seal(with.keys, {user, id, method.kind, rule.key}, secret->view(), with.random);
    if (!sealed) return sealed.error();
    found->second = std::move(*sealed);
  }
  method.id = id;
  return Done{};
}

Status bring_back(Registered& registered, Method method, const Kept& copy, const Restoring& with, Restored& done) {
  MethodFile& file = registered.file;
  const Factor* factor = factor_for(method.kind);
  if (factor == nullptr) return Error{Code::internal, method.id + ": unknown kind"};
  std::optional<MethodState> used = used_until_now(method, copy, with);
  const bool spent = !used;
  if (spent) used = factor->spent(method, with.rules, with.now);
  if (file.find(method.id) != nullptr) {
    const bool one_of_a_kind = factor->id_stem.back() == '!';
    if (one_of_a_kind) return Done{};  // a newer sheet or pass is in its place
    const std::string id = free_id(file, factor->id_stem);
    if (Status renamed = rename_sealed(method, file.user, id, with); !renamed) return renamed;
  }
  if (file.methods.size() >= most_methods)
    return Error{Code::refused, "there would be more than " + std::to_string(most_methods) + " methods"};
  MethodState& state = registered.state.of(method.id);
  const std::uint64_t mark = state.method;
  state = *used;
  state.method = mark;
  done.back.push_back(method.id);
  if (spent) done.spent.push_back(method.id);
  file.methods.push_back(std::move(method));
  return Done{};
}

}  // namespace

Status keep(const Directories& directories, const Registered& registered, std::string_view why, Time now) {
  if (Status made = make_directory(directories.kept(), 0700); !made) return made;
  const Result<Descriptor> kept = open_directory(directories.kept(), Privacy::secret);
  if (!kept) return kept.error();
  const std::string stem = file_name(registered.file.user) + "." + std::to_string(now) + "." + file_name(why) + ".";
  const auto taken = [&](const std::string& name) {
    return faccessat(kept->get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  };
  int number = 1;
  while (taken(stem + std::to_string(number) + std::string(text_suffix))) ++number;
  const std::string name = stem + std::to_string(number), path = directories.kept() + "/" + name;
  const std::string text = name + std::string(text_suffix), state = name + std::string(state_suffix);
  // The state first: a copy without one counts as used up.
  if (Status done = replace_file(kept->get(), state, path, print_state(registered.state), 0600); !done) return done;
  return replace_file(kept->get(), text, path, print_method_file(registered.file, kind_rules()), 0600);
}

Result<std::vector<Kept>> kept_of(const Directories& directories, const std::string& user,
                                  std::vector<std::string>& problems) {
  const std::string path = directories.kept(), person = file_name(user);
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory && directory.error().code == Code::not_found) return std::vector<Kept>();
  if (!directory) return directory.error();
  const Result<std::vector<std::string>> names = names_in(directory->get(), path);
  if (!names) return names.error();
  std::vector<Kept> copies;
  for (const std::string& file : *names) {
    const std::optional<CopyName> name = read_name(file);
    if (!name || name->person != person || !ends(file, text_suffix)) continue;
    Result<Kept> copy = read_copy(directory->get(), path, file, user);
    if (copy)
      copies.push_back(std::move(*copy));
    else if (copy.error().code != Code::not_found)  // removed since it was listed
      problems.push_back(copy.error().what);
  }
  std::sort(copies.begin(), copies.end(),
            [](const Kept& a, const Kept& b) { return a.when != b.when ? a.when > b.when : a.id > b.id; });
  return copies;
}

Result<int> prune_kept(const Directories& directories, Time oldest) {
  const std::string path = directories.kept();
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory && directory.error().code == Code::not_found) return 0;
  if (!directory) return directory.error();
  const Result<std::vector<std::string>> names = names_in(directory->get(), path);
  if (!names) return names.error();
  int gone = 0;
  for (const std::string& file : *names) {
    const std::optional<CopyName> name = read_name(file);
    if (!name || name->when >= oldest) continue;
    const Status removed = remove_file(directory->get(), file, path + "/" + file);
    if (!removed && removed.error().code == Code::not_found) continue;  // somebody else prunes as well
    if (!removed) return removed.error();
    gone += ends(file, text_suffix) ? 1 : 0;
  }
  return gone;
}

Result<Restored> restore(Registered& registered, const Kept& copy, const Restoring& with) {
  MethodFile& file = registered.file;
  Restored done;
  for (const Method& method : copy.file.methods) {
    if (same_in(file, method, with.keys) != nullptr) continue;
    if (Status back = bring_back(registered, method, copy, with, done); !back) return back.error();
  }
  const bool none = file.status == Registration::none || file.status == Registration::ended;
  if (none && copy.file.status != Registration::none) {
    file.status = copy.file.status;
    if (file.language.empty()) file.language = copy.file.language;
    if (!file.contact) file.contact = copy.file.contact;
  } else if (file.status == Registration::none && !file.methods.empty()) {
    file.status = Registration::setting_up;
  }
  file.reset = 0;
  if (done.back.empty() && !none) return Error{Code::refused, "everything of this copy is there already"};
  return done;
}

}  // namespace utmfa
