// SPDX-License-Identifier: Apache-2.0
// One person: worked out on a copy first, so that what changes nothing writes nothing.
#include "transfer/importing.h"

#include <algorithm>

#include "base/text.h"
#include "setup/locked_change.h"

namespace utmfa {
namespace {

constexpr std::string_view nothing_to_write = "nothing to write";  // never shown

Made copy_of(const Made& made) {
  Made copy;
  copy.method = made.method;
  for (const auto& [field, secret] : made.secrets) copy.secrets.emplace(field, secret.clone());
  copy.moving = made.moving;
  return copy;
}

bool one_of_a_kind(const Factor& factor) { return factor.id_stem.back() == '!'; }

// A sheet's codes are not at hand, only their digests: each given code must be among them.
Result<bool> same_secret(const Factor& factor, const Secret& stored, const Secret& given) {
  if (factor.prepare == nullptr) return equal(stored.view(), given.view());
  for (const std::string_view code : split(given.view(), ' ')) {
    if (code.empty()) continue;
    const Result<Secret> digest = factor.prepare(stored, code);
    if (!digest) return digest.error();
    if (stored.view().find(digest->view()) == std::string_view::npos) return false;
  }
  return true;
}

bool says_the_same(const Method& method, const Wish& wish) {
  return std::all_of(wish.options.begin(), wish.options.end(),
                     [&](const auto& each) { return method.field(each.first) == each.second; });
}

}  // namespace

// What is made once for a person, however often the edit is run.
struct Importing::Work {
  const std::vector<ImportRow*>& rows;
  const UserKeys& keys;
  std::vector<std::optional<Made>> made;
  std::vector<Imported> fates;
  std::string not_applied;
  Time now = 0;
  bool changed = false, waits = false;  // waits: with the batch

  int added() const {
    return static_cast<int>(
        std::count_if(fates.begin(), fates.end(), [](const Imported& each) { return each.fate == Fate::added; }));
  }
};

Result<Importing> Importing::begin(const ImportDesk& desk, Effect effect) {
  Result<Batch> batch = Batch::open(desk.directories);
  if (!batch) return batch.error();
  return Importing(desk, effect, std::move(*batch));
}

Result<bool> Importing::there_already(const Registered& registered, const Work& work, const ImportRow& row,
                                      std::string& differs) {
  const Factor& factor = *factor_for(row.kind);
  for (const Method& method : registered.file.methods) {
    if (method.kind != row.kind) continue;
    if (factor.secret_field.empty()) {  // nothing of it is secret: it is there where all that was said of it is
      if (says_the_same(method, row.wish)) return true;
      continue;
    }
    const SealedPlace place{registered.file.user, method.id, method.kind, factor.secret_field};
    const Result<Secret> stored = unseal(work.keys, place, method.field(factor.secret_field));
    if (!stored) return stored.error();
    const Result<bool> same = same_secret(factor, *stored, row.wish.secret);
    if (!same) return same.error();
    if (!*same) continue;
    for (const auto& [key, value] : row.wish.options)
      if (method.fields.count(key) > 0 && method.field(key) != value)
        differs = method.id + " has this secret, and " + key + " " + std::string(method.field(key)) + " with it";
    return true;
  }
  return false;
}

Fate Importing::take_row(Registered& registered, Work& work, std::size_t number, std::string& reason) {
  const ImportRow& row = *work.rows[number];
  const Factor& factor = *factor_for(row.kind);
  const auto refused = [&reason](const Error& error) {
    reason = error.what;
    return Fate::rejected;
  };
  const Result<bool> there = there_already(registered, work, row, reason);
  if (!there) return refused(there.error());
  if (*there) return reason.empty() ? Fate::unchanged : Fate::rejected;
  if (one_of_a_kind(factor) && registered.file.find(factor.id_stem.substr(0, factor.id_stem.size() - 1)) != nullptr)
    return refused({Code::refused, "there is another one already, and it stays: " + row.kind});
  if (Status may = may_be_added(registered, row.kind, desk_.rules); !may) return refused(may.error());
  if (!work.made[number]) {
    Result<Made> made = factor.make(row.wish, desk_.random, work.now);
    if (!made) return refused(made.error());
    work.made[number] = std::move(*made);
  }
  Made made = copy_of(*work.made[number]);
  made.method.proof = row.proof;
  made.moving = std::max(made.moving, row.moving);
  const Result<std::string> id = add_method(registered, std::move(made), work.keys, desk_.random, work.now);
  if (!id) return refused(id.error());
  registered.state.of(*id).drift = row.drift;
  if (row.proof == Proof::confirmed)
    if (Status tested = mark_tested(registered, *id, work.now); !tested) return refused(tested.error());
  if (!row.language.empty()) registered.file.language = row.language;
  return Fate::added;
}

Status Importing::edit(Registered& registered, Work& work) {
  work.fates.clear();
  work.not_applied.clear();
  bool wished = false;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    const ImportRow& row = *work.rows[i];
    Imported fate{row.line, row.user, Fate::rejected, {}};
    fate.fate = take_row(registered, work, i, fate.reason);
    wished = wished || (fate.fate != Fate::rejected && row.status == Registration::active);
    work.fates.push_back(std::move(fate));
  }
  work.changed = work.added() > 0;
  if (wished && registered.file.status == Registration::setting_up) {
    const Status applied = apply(registered, desk_.rules);
    work.changed = work.changed || applied;
    if (!applied) work.not_applied = applied.error().what;
  }
  return work.changed ? Status(Done{}) : Status(Error{Code::conflict, std::string(nothing_to_write)});
}

void Importing::note(const std::string& user, const Work& work) {
  (work.waits ? waiting_ : finished_).emplace_back(user, work.added());
}

// As the batch does: who was added first is on the disk first.
void Importing::settle() {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(batch_.lasting() - settled_);
  std::move(waiting_.begin(), end, std::back_inserter(finished_));
  waiting_.erase(waiting_.begin(), end);
  settled_ = batch_.lasting();
}

Status Importing::advance() {
  if (!batch_.full()) return Done{};
  if (Status done = batch_.advance(); !done) return done;
  settle();
  return Done{};
}

// New people go with the batch; who is known is changed alone, and only where something is to be changed.
Status Importing::put(const std::string& user, Work& work, const std::function<Status(Registered&)>& edit) {
  const auto idle = [](const Status& done) { return !done && done.error().what == nothing_to_write; };
  if (effect_ == Effect::lasting) {
    const Result<Batch::Added> added = batch_.add(user, work.keys, edit);
    if (!added) return idle(added.error()) ? Status(Done{}) : Status(added.error());
    work.waits = *added == Batch::Added::waiting;
    if (work.waits) return Done{};
  }
  Result<Registered> registered = desk_.registry.read(user);
  if (!registered) return registered.error();
  if (Status worth = edit(*registered); !worth) return idle(worth) ? Status(Done{}) : worth;
  if (effect_ == Effect::none) return Done{};
  const Status done = desk_.registry.change(user, edit);
  return idle(done) ? Status(Done{}) : done;
}

Status Importing::person(const std::string& user, const std::vector<ImportRow*>& rows) {
  const UserKeys keys = desk_.ring.keys_for(user);
  Work work{rows, keys, {}, {}, {}, desk_.clock.now(), false};
  work.made.resize(rows.size());
  const Status done = put(user, work, [&](Registered& registered) { return edit(registered, work); });
  if (!done && (done.error().code == Code::os || done.error().code == Code::internal)) return done;
  if (!done) {  // this person's own files: the others go on
    work.changed = false;
    work.fates.clear();
    for (const ImportRow* row : rows) work.fates.push_back({row->line, user, Fate::rejected, done.error().what});
  }
  if (work.changed) note(user, work);
  if (!work.not_applied.empty()) not_applied_.push_back({rows.front()->line, user, Fate::rejected, work.not_applied});
  std::move(work.fates.begin(), work.fates.end(), std::back_inserter(results_));
  return advance();
}

Status Importing::person(const Packed& packed, const UserKeys& sealed_under) {
  const std::string& user = packed.file.user;
  const UserKeys keys = desk_.ring.keys_for(user);
  Imported fate{0, user, Fate::added, {}};
  const auto edit = [&](Registered& registered) -> Status {
    fate.fate = Fate::added;
    if (!registered.file.methods.empty() || registered.file.status != Registration::none) {
      fate.fate = Fate::unchanged;
      for (const Method& each : packed.file.methods) {
        const Method* there = registered.file.find(each.id);
        if (there == nullptr || there->kind != each.kind || there->registered != each.registered)
          return Error{Code::refused, "there is another registration already: reset it first"};
      }
      return Error{Code::conflict, std::string(nothing_to_write)};
    }
    registered.file = packed.file;
    registered.state.streak = packed.state.streak;
    registered.state.last_failure = packed.state.last_failure;
    registered.state.methods = packed.state.methods;
    return seal_over(registered.file, sealed_under, keys, desk_.random);
  };
  const std::vector<ImportRow*> none;
  Work work{none, keys, {}, {}, {}, desk_.clock.now(), false};
  const Status done = put(user, work, edit);
  if (!done && (done.error().code == Code::os || done.error().code == Code::internal)) return done;
  if (!done) fate = {0, user, Fate::rejected, done.error().what};
  if (fate.fate == Fate::added)
    (work.waits ? waiting_ : finished_).emplace_back(user, static_cast<int>(packed.file.methods.size()));
  results_.push_back(std::move(fate));
  return advance();
}

Status Importing::finish() {
  if (Status done = batch_.finish(); !done) return done;
  settle();
  return Done{};
}

std::vector<std::pair<std::string, int>> Importing::take_finished() { return std::exchange(finished_, {}); }

}  // namespace utmfa
