// SPDX-License-Identifier: Apache-2.0
// The same lock, the same order and the same edits as root's registry; only the method file is somebody else's to open.
#include "setup/held_registrar.h"

#include <sys/stat.h>

#include "setup/locked_change.h"
#include "signin/words.h"

namespace utmfa {

Result<std::optional<MethodFile>> HeldRegistrar::method_file() {
  const Result<std::optional<std::string>> text = shelf_.load();
  if (!text) return text.error();
  if (!*text) return std::optional<MethodFile>();
  Result<MethodFile> read = parse_method_file(**text, record_.methods_path, kind_rules());
  if (!read) return read.error();
  if (read->user != record_.user) return Error{Code::corrupt, record_.methods_path + ": belongs to another user"};
  return std::optional<MethodFile>(std::move(*read));
}

Result<Registered> HeldRegistrar::read() {
  Result<std::optional<MethodFile>> file = method_file();
  if (!file) return file.error();
  if (!*file) return Registered{nobody(record_.user), State{}};
  Result<State> state = StateFile(record_.state.get(), record_.user, record_.keys, record_.state_path).read();
  if (!state) return state.error();
  return Registered{std::move(**file), std::move(*state)};
}

Status HeldRegistrar::write(const Edit& edit, std::string_view kept_as) {
  StateFile state(record_.state.get(), record_.user, record_.keys, record_.state_path);
  if (Status locked = state.lock(); !locked) return locked;
  // An administrator may have taken everything away meanwhile: what is written here would be written nowhere.
  struct stat about {};
  if (fstat(record_.state.get(), &about) != 0 || about.st_nlink == 0) {
    state.unlock();
    return Error{Code::unavailable, say("Your methods were changed meanwhile. Please try again.")};
  }
  const auto save = [&](std::string_view text) { return shelf_.save(text, kept_as); };
  const Result<std::optional<MethodFile>> before = method_file();
  const auto guarded = [&](Registered& registered) -> Status {
    const MethodFile was = registered.file;
    if (Status edited = edit(registered); !edited || trust_ == Trust::proven) return edited;
    return needs_proof(was, registered.file)
               ? Error{Code::refused, "this registration is in force: sign in with one of its methods first"}
               : Status(Done{});
  };
  const Status done =
      before ? change_locked({record_.user, state, save}, *before, state.read(), guarded) : Status(before.error());
  state.unlock();
  return done;
}

std::unique_ptr<FileVault> HeldRegistrar::vault() {
  const auto methods = [this]() -> Result<MethodFile> {
    Result<std::optional<MethodFile>> file = method_file();
    if (!file) return file.error();
    return *file ? std::move(**file) : nobody(record_.user);
  };
  return std::make_unique<FileVault>(record_, rules_, config_.throttle, clock_, random_, methods);
}

Status HeldRegistrar::with_vault(const std::function<Status(Vault&)>& use) {
  const std::unique_ptr<FileVault> judging = vault();
  if (const Result<Account> account = judging->account(); !account) return account.error();
  return use(*judging);
}

Result<Verdict> HeldRegistrar::judge(const Attempt& attempt) {
  const std::unique_ptr<FileVault> judging = vault();
  if (const Result<Account> account = judging->account(); !account) return account.error();
  Attempt proving = attempt;
  proving.proof = Proof::waiting;
  return judging->judge(proving);
}

}  // namespace utmfa
