// SPDX-License-Identifier: Apache-2.0
// What stands beside our module in a stack: leaves a password (authtok=TEXT, long-authtok=LENGTH, or sshd-authtok=LENGTH for what sshd makes up), pam_unix's word
// (unix=CODE) and variables (env=NAME=VALUE) as pam_unix and sshd would, and returns a code (say=CODE). behind=TEXT judges
// the password that was left, as pam_unix does: right where it is TEXT; without a text, where none was left.
#include <security/pam_modules.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void forget(pam_handle_t*, void* data, int) { delete static_cast<int*>(data); }

int judged(pam_handle_t* pamh, const std::string& right) {
  const void* left = nullptr;
  if (pam_get_item(pamh, PAM_AUTHTOK, &left) != PAM_SUCCESS) return PAM_SYSTEM_ERR;
  const bool same = left ? !right.empty() && right == static_cast<const char*>(left) : right.empty();
  return same ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int play(pam_handle_t* pamh, int count, const char** words) {
  int code = PAM_IGNORE;
  for (int i = 0; i < count; ++i) {
    const std::string word = words[i];
    const std::string value = word.substr(word.find('=') + 1);
    if (word.starts_with("authtok=")) pam_set_item(pamh, PAM_AUTHTOK, value.c_str());
    if (word.starts_with("long-authtok=")) pam_set_item(pamh, PAM_AUTHTOK, std::string(std::stoul(value), 'p').c_str());
    if (word.starts_with("sshd-authtok=")) {
      constexpr std::string_view junk = "\b\n\r\177INCORRECT";  // OpenSSH auth-pam.c
      std::string password;
      for (std::size_t at = 0; at < std::stoul(value); ++at) password += junk[at % junk.size()];
      pam_set_item(pamh, PAM_AUTHTOK, password.c_str());
    }
    if (word.starts_with("unix=")) pam_set_data(pamh, "unix_setcred_return", new int(std::stoi(value)), forget);
    if (word.starts_with("say=")) code = std::stoi(value);
    if (word.starts_with("behind=")) code = judged(pamh, value);
    if (word.starts_with("env=")) pam_putenv(pamh, value.c_str());
  }
  return code;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int pam_sm_authenticate(pam_handle_t* pamh, int, int count, const char** words) { return play(pamh, count, words); }

int pam_sm_acct_mgmt(pam_handle_t* pamh, int, int count, const char** words) { return play(pamh, count, words); }

int pam_sm_chauthtok(pam_handle_t* pamh, int flags, int count, const char** words) {
  return flags & PAM_PRELIM_CHECK ? PAM_SUCCESS : play(pamh, count, words);
}

int pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_IGNORE; }
}
#pragma GCC visibility pop
