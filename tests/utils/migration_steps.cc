// SPDX-License-Identifier: Apache-2.0
// Versions that never were, for the tests of `utmfa-admin migrate`: of a method file in which `user` was called `person`, and
// of a stock of tokens that had no loans. UTMFA_KILL_AT ends the program at so many files, as nothing else could.
#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "migration/migration.h"

namespace utmfa {
namespace {

Status replace(std::string& text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) return Error{Code::invalid, "not a file of version 0"};
  text.replace(at, what.size(), by);
  return Done{};
}

void count_down() {
  static const char* const at = std::getenv("UTMFA_KILL_AT");
  static std::int64_t left = at == nullptr ? 0 : number(at, 0, 1000).value_or(0);
  if (at != nullptr && left-- == 0) (void)std::raise(SIGKILL);
}

Result<std::string> method_file(std::string_view text) {
  count_down();
  std::string made(text);
  if (Status version = replace(made, "version: 0\n", "version: 1\n"); !version) return version.error();
  if (Status user = replace(made, "\nperson: ", "\nuser: "); !user) return user.error();
  return made;
}

Result<std::string> token_stock(std::string_view text) {
  std::string made(text);
  if (Status version = replace(made, "version: 0\n", "version: 1\n"); !version) return version.error();
  return made;
}

constexpr Step steps[] = {{"method file", 0, method_file}, {"token stock", 0, token_stock}};

}  // namespace

std::span<const Step> migration_steps() { return steps; }

}  // namespace utmfa
