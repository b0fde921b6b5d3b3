// SPDX-License-Identifier: Apache-2.0
// One PAM transaction: authenticate and account management, as a service does it.
#include "pam_trial.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

// One message; `reply` is malloc'ed, because libpam frees it.
int converse(const pam_message& message, char*& reply) {
  const std::string_view text = message.msg == nullptr ? std::string_view() : message.msg;
  switch (message.msg_style) {
    case PAM_PROMPT_ECHO_ON:
    case PAM_PROMPT_ECHO_OFF: {
      const Result<Secret> answer = ask(text, message.msg_style == PAM_PROMPT_ECHO_ON ? Echo::shown : Echo::hidden);
      if (!answer) return PAM_CONV_ERR;
      reply = strndup(answer->view().data(), answer->size());
      return reply == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
    }
    case PAM_ERROR_MSG:
    case PAM_TEXT_INFO: show(text); return PAM_SUCCESS;
  }
  return PAM_CONV_ERR;  // a kind of question that a terminal cannot ask
}

int conversation(int count, const pam_message** messages, pam_response** replies, void*) {
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  auto* made = static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (made == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) {
    const int result = converse(*messages[i], made[i].resp);
    if (result == PAM_SUCCESS) continue;
    for (int j = 0; j < i; ++j) {
      if (made[j].resp != nullptr) explicit_bzero(made[j].resp, strlen(made[j].resp));
      free(made[j].resp);
    }
    free(made);
    return result;
  }
  *replies = made;
  return PAM_SUCCESS;
}

Status meaning(int code, const std::string& service, pam_handle_t* pam) {
  if (code == PAM_SUCCESS) return Done{};
  if (interrupted()) return Error{Code::refused, say("stopped")};
  const std::string why = pam_strerror(pam, code);
  switch (code) {
    case PAM_AUTH_ERR:
    case PAM_MAXTRIES:
    case PAM_PERM_DENIED:
    case PAM_CONV_ERR:
    case PAM_ACCT_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD: return Error{Code::refused, say("the sign-in was refused: {0}", {why})};
  }
  return Error{Code::unavailable, say("the sign-in could not be tried (PAM service {0}): {1}: "
                                      "utmfa-admin doctor says what is missing",
                                      {service, why})};
}

}  // namespace

Status try_sign_in(const Trial& trial) {
  const pam_conv talk{conversation, nullptr};
  pam_handle_t* pam = nullptr;
  int code = trial.directory.empty()
                 ? pam_start(trial.service.c_str(), trial.user.c_str(), &talk, &pam)
                 : pam_start_confdir(trial.service.c_str(), trial.user.c_str(), &talk, trial.directory.c_str(), &pam);
  if (code != PAM_SUCCESS) return Error{Code::unavailable, say("PAM cannot be started")};
  if (const char* tty = ttyname(STDIN_FILENO); tty != nullptr) (void)pam_set_item(pam, PAM_TTY, tty);
  const std::string prefer = "UTMFA_METHOD=" + trial.prefer;
  if (!trial.prefer.empty()) code = pam_putenv(pam, prefer.c_str());
  const std::string language = "UTMFA_LANGUAGE=" + std::string(spoken());
  if (code == PAM_SUCCESS) code = pam_putenv(pam, language.c_str());
  if (code == PAM_SUCCESS) code = pam_authenticate(pam, 0);
  if (code == PAM_SUCCESS) code = pam_acct_mgmt(pam, 0);
  const Status result = meaning(code, trial.service, pam);
  (void)pam_end(pam, code);
  return result;
}

}  // namespace utmfa
