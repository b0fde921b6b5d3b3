// SPDX-License-Identifier: Apache-2.0
// The mark is one letter and then the name of the user, because a host may go on with another name.
#include "mark.h"

#include <security/pam_modules.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace utmfa {
namespace {

constexpr char name[] = "utmfa_mark";
constexpr char debt_name[] = "UTMFA_SET_UP", debt[] = "UTMFA_SET_UP=needed";

void forget(pam_handle_t*, void* mark, int) { std::free(mark); }

const char* held(pam_handle_t* pamh) {
  const void* mark = nullptr;
  return pam_get_data(pamh, name, &mark) == PAM_SUCCESS ? static_cast<const char*>(mark) : nullptr;
}

}  // namespace

bool set_mark(pam_handle_t* pamh, const char* user, char mark) {
  if (mark == 0) return !held(pamh) || pam_set_data(pamh, name, nullptr, nullptr) == PAM_SUCCESS;
  const std::size_t length = std::strlen(user) + 1;
  char* made = static_cast<char*>(std::malloc(1 + length));
  if (!made) return false;
  made[0] = mark;
  std::memcpy(made + 1, user, length);
  if (pam_set_data(pamh, name, made, forget) == PAM_SUCCESS) return true;
  std::free(made);
  return false;
}

bool set_debt(pam_handle_t* pamh) { return pam_putenv(pamh, debt) == PAM_SUCCESS; }

bool in_debt(pam_handle_t* pamh) { return pam_getenv(pamh, debt_name) != nullptr; }

bool clear_debt(pam_handle_t* pamh) { return !in_debt(pamh) || pam_putenv(pamh, debt_name) == PAM_SUCCESS; }

char mark_of(pam_handle_t* pamh, const char* user) {
  const char* mark = held(pamh);
  return mark && std::string_view(mark + 1) == user ? mark[0] : '\0';
}

}  // namespace utmfa
