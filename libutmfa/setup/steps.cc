// SPDX-License-Identifier: Apache-2.0
// The four steps as pure edits. Each refusal says in words what is missing or what to do.
#include <algorithm>

#include "base/text.h"
#include "setup/setup.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Error refused(const std::string& why) { return {Code::refused, why}; }

Error no_such_method(std::string_view id) { return {Code::not_found, say("{0}: no such method", {cleaned(id, 32)})}; }

Error not_proven(const Method& method) {
  return refused(say("{0} has not been proven yet: type its first code", {method.id}));
}

Status open_for_change(const Registered& registered) {
  if (registered.file.status != Registration::ended) return Done{};
  return refused(say("this registration has ended: an administrator has to reset it first"));
}

Result<Method*> method_in(Registered& registered, std::string_view id) {
  if (Status open = open_for_change(registered); !open) return open.error();
  Method* method = registered.file.find(id);
  if (method == nullptr) return no_such_method(id);
  return method;
}

// A pass is for the days until a person has methods of their own.
bool lasting(const Method& method) {
  const Factor* factor = factor_for(method.kind);
  return factor != nullptr && factor->standing == Standing::lasting;
}

// An ssh key is good at sshd only, which proves it each time: it is no method to fall back on, and nothing to try.
bool by_host(const Method& method) {
  const Factor* factor = factor_for(method.kind);
  return factor != nullptr && factor->answered != nullptr && factor->answered(method) == Answered::by_host;
}

bool counts(const Method& method) { return lasting(method) && method.proof == Proof::confirmed && !by_host(method); }

bool may_be_default(const Method& method, const RegistrationRules& rules) {
  const std::vector<std::string>& kinds = rules.default_kinds;
  if (by_host(method)) return false;
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), method.kind) != kinds.end();
}

std::string listed(const std::vector<std::string>& kinds) {
  std::string text;
  for (const std::string& each : kinds) text += (text.empty() ? "" : ", ") + each;
  return text;
}

Status default_allowed(const Method& method, const RegistrationRules& rules) {
  if (may_be_default(method, rules)) return Done{};
  return refused(
      say("{0} cannot be the default method: expected one of {1}", {method.id, listed(rules.default_kinds)}));
}

bool one_of_a_kind(const Method& method) {
  const Factor* factor = factor_for(method.kind);
  return factor != nullptr && factor->id_stem.back() == '!';
}

// A sheet or a pass stays behind the methods of every day, and takes the place of the one before it.
void place(std::vector<Method>& methods, Method added) {
  const auto same =
      std::find_if(methods.begin(), methods.end(), [&](const Method& each) { return each.id == added.id; });
  if (same != methods.end()) {
    *same = std::move(added);
    return;
  }
  auto at = methods.end();
  while (!one_of_a_kind(added) && at != methods.begin() && one_of_a_kind(*(at - 1))) --at;
  methods.insert(at, std::move(added));
}

}  // namespace

Result<std::string> add_method(Registered& registered, Made made, const UserKeys& keys, Random& random, Time now) {
  MethodFile& file = registered.file;
  if (Status open = open_for_change(registered); !open) return open.error();
  const Factor* factor = factor_for(made.method.kind);
  if (factor == nullptr) return Error{Code::invalid, "unknown kind of method"};
  if (!valid_label(made.method.label))
    return Error{Code::invalid, say("label: expected 1 to 64 bytes of text without control characters")};
  // A kind that names its methods itself has one of each name; one that was never confirmed gives its place up.
  const Method* same = made.method.id.empty() ? nullptr : file.find(made.method.id);
  if (same != nullptr && (same->kind != made.method.kind || same->proof == Proof::confirmed))
    return refused(say("{0} is registered already: change its number, or remove it first", {same->id}));
  if (made.method.id.empty()) made.method.id = free_id(file, factor->id_stem);
  if (file.find(made.method.id) == nullptr && file.methods.size() >= most_methods)
    return refused(say("there are {0} methods already: remove one first", {std::to_string(most_methods)}));
  for (const auto& [field, secret] : made.secrets) {
    Result<std::string> sealed =
        seal(keys, {file.user, made.method.id, made.method.kind, field}, secret.view(), random);
    if (!sealed) return sealed.error();
    made.method.fields.insert_or_assign(field, std::move(*sealed));
  }
  made.method.registered = now;
  MethodState& state = registered.state.of(made.method.id);
  const std::uint64_t mark = state.method;
  state = MethodState{};  // what stood under this id belongs to another secret
  state.method = mark;
  state.moving = made.moving;
  if (file.status == Registration::none) file.status = Registration::setting_up;
  const std::string id = made.method.id;
  place(file.methods, std::move(made.method));
  return id;
}

bool needs_proof(const MethodFile& before, const MethodFile& after) {
  if (before.status != Registration::active) return false;
  const auto same = [](const Method& a, const Method& b) {
    return a.id == b.id && a.kind == b.kind && a.label == b.label && a.fields == b.fields;
  };
  const bool contact_same = before.contact.has_value() == after.contact.has_value() &&
                            (!before.contact || before.contact->email == after.contact->email);
  if (after.status != before.status || after.language != before.language || !contact_same) return true;
  auto left = after.methods.begin();
  for (const Method& method : before.methods) {
    if (left != after.methods.end() && same(method, *left))
      ++left;
    else if (method.proof != Proof::waiting)
      return true;
  }
  return left != after.methods.end();
}

Status may_be_added(const Registered& registered, std::string_view kind, const RegistrationRules& rules) {
  const Factor* factor = factor_for(kind);
  const std::vector<std::string>& first = rules.first_kinds;
  if (factor == nullptr || factor->standing != Standing::lasting || first.empty()) return Done{};
  if (std::find(first.begin(), first.end(), kind) != first.end()) return Done{};
  const std::vector<Method>& methods = registered.file.methods;
  if (std::any_of(methods.begin(), methods.end(), counts)) return Done{};
  return refused(say("{0} cannot be the first method: expected one of {1}", {say(factor->title), listed(first)}));
}

Status confirm_method(Registered& registered, std::string_view id) {
  const Result<Method*> method = method_in(registered, id);
  if (!method) return method.error();
  (*method)->proof = Proof::confirmed;
  return Done{};
}

Status mark_tested(Registered& registered, std::string_view id, Time now) {
  const Result<Method*> method = method_in(registered, id);
  if (!method) return method.error();
  if ((*method)->proof != Proof::confirmed) return not_proven(**method);
  (*method)->tested = now;
  return Done{};
}

std::vector<std::string> missing_before_apply(const Registered& registered, const RegistrationRules& rules) {
  const std::vector<Method>& methods = registered.file.methods;
  std::vector<std::string> reasons;
  const auto have = std::count_if(methods.begin(), methods.end(), counts);
  const std::string least = std::to_string(rules.minimum);
  if (have < rules.minimum)
    reasons.push_back(have == 1
                          ? say("1 method registered and proven: {0} are needed", {least})
                          : say("{0} methods registered and proven: {1} are needed", {std::to_string(have), least}));
  for (const Method& method : methods) {
    if (!lasting(method) || by_host(method)) continue;
    if (method.proof != Proof::confirmed)
      reasons.push_back(say("{0} has not been proven yet: type its first code, or remove it", {method.id}));
    else if (rules.test == TestRule::demanded && method.tested == 0)
      reasons.push_back(say("{0} has not been tried yet: sign in with it once", {method.id}));
  }
  if (!methods.empty())
    if (Status allowed = default_allowed(methods.front(), rules); !allowed) reasons.push_back(allowed.error().what);
  return reasons;
}

Status apply(Registered& registered, const RegistrationRules& rules) {
  if (Status open = open_for_change(registered); !open) return open;
  if (registered.file.status == Registration::active) return refused(say("this registration is in force already"));
  std::string all;
  for (const std::string& reason : missing_before_apply(registered, rules)) all += (all.empty() ? "" : "; ") + reason;
  if (!all.empty()) return refused(all);
  registered.file.status = Registration::active;
  registered.file.reset = 0;
  registered.file.reminded = 0;
  return Done{};
}

Status make_default(Registered& registered, std::string_view id, const RegistrationRules& rules) {
  const Result<Method*> method = method_in(registered, id);
  if (!method) return method.error();
  if ((*method)->proof != Proof::confirmed) return not_proven(**method);
  if (Status allowed = default_allowed(**method, rules); !allowed) return allowed;
  std::vector<Method>& methods = registered.file.methods;
  const auto at = methods.begin() + (*method - methods.data());
  std::rotate(methods.begin(), at, at + 1);
  return Done{};
}

Status reorder(Registered& registered, const std::vector<std::string>& ids, const RegistrationRules& rules) {
  if (Status open = open_for_change(registered); !open) return open;
  std::vector<Method>& methods = registered.file.methods;
  std::vector<Method> ordered;
  for (const std::string& id : ids) {
    const Method* method = registered.file.find(id);
    if (method == nullptr) return no_such_method(id);
    const bool again = std::any_of(ordered.begin(), ordered.end(), [&](const Method& each) { return each.id == id; });
    if (again) return refused(say("{0} is named twice", {id}));
    ordered.push_back(*method);
  }
  if (ordered.size() != methods.size())
    return refused(say("name every method once: there are {0}", {std::to_string(methods.size())}));
  if (ordered.empty()) return Done{};
  if (ordered.front().id != methods.front().id) {
    if (Status allowed = default_allowed(ordered.front(), rules); !allowed) return allowed;
    if (ordered.front().proof != Proof::confirmed) return not_proven(ordered.front());
  }
  methods = std::move(ordered);
  return Done{};
}

Status rename_method(Registered& registered, std::string_view id, std::string_view label) {
  const Result<Method*> method = method_in(registered, id);
  if (!method) return method.error();
  if (!valid_label(label))
    return Error{Code::invalid, say("label: expected 1 to 64 bytes of text without control characters")};
  (*method)->label = label;
  return Done{};
}

Status remove_method(Registered& registered, std::string_view id, const RegistrationRules& rules) {
  const Result<Method*> method = method_in(registered, id);
  if (!method) return method.error();
  std::vector<Method> rest = registered.file.methods;
  std::erase_if(rest, [&](const Method& each) { return each.id == id; });
  if (registered.file.status == Registration::active && counts(**method)) {
    if (std::count_if(rest.begin(), rest.end(), counts) < rules.minimum)
      return refused(rules.minimum == 1 ? say("at least 1 method must stay: add another one first")
                                        : say("at least {0} methods must stay: add another one first",
                                              {std::to_string(rules.minimum)}));
    const auto next = std::find_if(rest.begin(), rest.end(), counts);
    if (next != rest.end() && !may_be_default(*next, rules))
      return refused(say("{0} would become the default and cannot be: add another method first", {next->id}));
  }
  registered.file.methods = std::move(rest);
  return Done{};
}

Status reseal(Registered& registered, const UserKeys& keys, Random& random) {
  for (Method& method : registered.file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr) return Error{Code::internal, method.id + ": unknown kind"};
    for (const FieldRule& rule : factor->fields) {
      const auto found = method.fields.find(rule.key);
      if (rule.type != FieldType::sealed || found == method.fields.end()) continue;
      if (sealed_key_id(found->second) == keys.active) continue;
      const SealedPlace place{registered.file.user, method.id, method.kind, rule.key};
      const Result<Secret> secret = unseal(keys, place, found->second);
      if (!secret) return secret.error();
      const Result<std::string> sealed = seal(keys, place, secret->view(), random);
      if (!sealed) return sealed.error();
      found->second = *sealed;
    }
  }
  return Done{};
}

Status reset_registration(Registered& registered, Time now) {
  registered.file.status = Registration::none;
  registered.file.methods.clear();
  registered.file.reset = now;
  return Done{};
}

Status end_registration(Registered& registered) {
  if (Status open = open_for_change(registered); !open) return open;
  registered.file.status = Registration::ended;
  return Done{};
}

}  // namespace utmfa
