// SPDX-License-Identifier: Apache-2.0
// The doors of the PAM module. Each collects what PAM knows, hands it to the verifier and returns the verifier's word
// as a PAM code. It decides nothing and holds no secret; what goes wrong here is never PAM_SUCCESS or PAM_IGNORE.
// Loaded into sshd, sudo and screen lockers: it keeps no state of its own and changes nothing of theirs.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include <cerrno>
#include <cstring>

#include "arguments.h"
#include "dialogue.h"
#include "mark.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_auth_info = 8192;  // SSH_AUTH_INFO_0; a longer one is left out
constexpr std::string_view key_was_right = "publickey ";

std::string_view item(pam_handle_t* pamh, int type) {
  const void* value = nullptr;
  if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || !value) return {};
  return static_cast<const char*>(value);
}

std::string_view variable(pam_handle_t* pamh, const char* name) {
  const char* value = pam_getenv(pamh, name);
  return value ? std::string_view(value) : std::string_view();
}

bool password_was_right(pam_handle_t* pamh) {
  const void* returned = nullptr;  // what pam_unix keeps for its own setcred
  return pam_get_data(pamh, "unix_setcred_return", &returned) == PAM_SUCCESS && returned &&
         *static_cast<const int*>(returned) == PAM_SUCCESS;
}

// Whether it was right is the stack's affair.
bool password_was_typed(pam_handle_t* pamh) {
  const void* password = nullptr;
  return pam_get_item(pamh, PAM_AUTHTOK, &password) == PAM_SUCCESS && password;
}

bool has_line(std::string_view text, std::string_view start) {
  for (std::size_t at = 0; at + start.size() <= text.size(); ++at) {
    const bool line_starts = at == 0 || text[at - 1] == '\n';
    if (line_starts && std::string_view(text.data() + at, start.size()) == start) return true;
  }
  return false;
}

void add(wire::Writer& hello, std::string_view key, std::string_view value) {
  if (!value.empty()) hello.text(key, value);
}

// Whatever the policy calls this service: what is on the other side is told by its real name.
void describe_screen(wire::Writer& hello, const Greeter& greeter) {
  if (greeter.there()) add(hello, "screen", greeter.draws_lists() ? "greeter-lists" : "greeter");
  if (greeter.unlocks()) add(hello, "purpose", "unlock");
}

void introduce(wire::Writer& hello, pam_handle_t* pamh, const char* user, std::string_view service) {
  const std::string_view auth_info = variable(pamh, "SSH_AUTH_INFO_0");
  const bool proven = password_was_right(pamh) || has_line(auth_info, key_was_right);
  add(hello, "user", user);
  add(hello, "service", service.empty() ? item(pamh, PAM_SERVICE) : service);
  add(hello, "from", item(pamh, PAM_RHOST));
  add(hello, "tty", item(pamh, PAM_TTY));
  add(hello, "connection", variable(pamh, "SSH_CONNECTION"));
  if (auth_info.size() <= longest_auth_info) add(hello, "auth-info", auth_info);
  add(hello, "prefer", variable(pamh, "UTMFA_METHOD"));
  add(hello, "language", variable(pamh, "UTMFA_LANGUAGE"));
  add(hello, "first", proven ? "proven" : password_was_typed(pamh) ? "typed" : "unknown");
}

const Ending& ask_verifier(pam_handle_t* pamh, int flags, const Arguments& arguments, const char* user, Door door) {
  Line line;
  if (!line.open(arguments)) {
    pam_syslog(pamh, LOG_ERR, "cannot reach the verifier in %.*s: %s", static_cast<int>(arguments.run_dir.size()),
               arguments.run_dir.data(), strerrordesc_np(errno));
    return unavailable;
  }
  wire::Writer hello("hello");
  add(hello, "door", door == Door::account ? "account" : door == Door::set_up ? "set-up" : "authenticate");
  introduce(hello, pamh, user, arguments.service);
  const Greeter greeter(item(pamh, PAM_SERVICE));
  describe_screen(hello, greeter);
  Person person(pamh, flags);
  if (person.silent()) hello.number("silent", 1);
  const Ending& ending = converse(line, hello, door, pamh, person, greeter);
  if (&ending == &garbled) pam_syslog(pamh, LOG_ERR, "the verifier did not answer as it must; see docs/wire.md");
  return ending;
}

// Every door begins so: the arguments are right, and there is a user.
int begin(pam_handle_t* pamh, int count, const char** words, Arguments& arguments, const char*& user) {
  if (const char* wrong = arguments.parse(count, words)) {
    pam_syslog(pamh, LOG_ERR, "argument \"%.256s\" is unknown or not right; see pam_utmfa(8)", wrong);
    return PAM_SERVICE_ERR;
  }
  if (pam_get_user(pamh, &user, nullptr) != PAM_SUCCESS || !user) return PAM_CONV_ERR;
  return *user ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

int authenticate(pam_handle_t* pamh, int flags, int count, const char** words) {
  Arguments arguments;
  const char* user = nullptr;
  if (!set_mark(pamh, "", 0) || !clear_debt(pamh)) return PAM_AUTHINFO_UNAVAIL;
  if (const int wrong = begin(pamh, count, words, arguments, user)) return wrong;
  const Ending& ending = ask_verifier(pamh, flags, arguments, user, Door::authenticate);
  if (ending.mark == set_up_mark && !set_debt(pamh)) return PAM_AUTHINFO_UNAVAIL;
  return set_mark(pamh, user, ending.mark) ? ending.authenticate : PAM_AUTHINFO_UNAVAIL;
}

bool registers(char mark) { return mark == set_up_mark || mark == offer_mark; }

int account(pam_handle_t* pamh, int flags, int count, const char** words) {
  Arguments arguments;
  const char* user = nullptr;
  if (const int wrong = begin(pamh, count, words, arguments, user)) return wrong;
  if (const char mark = mark_of(pamh, user)) return registers(mark) ? PAM_NEW_AUTHTOK_REQD : PAM_SUCCESS;
  return ask_verifier(pamh, flags, arguments, user, Door::account).account;
}

// Whoever changes his password is none of ours; whoever was told to register is led through it, and let in by nothing
// else. The first of the two calls decides which way libpam goes in the second one.
int change_token(pam_handle_t* pamh, int flags, int count, const char** words) {
  const std::string_view told = item(pamh, PAM_USER);
  if (told.empty() || !registers(mark_of(pamh, told.data()))) return PAM_IGNORE;
  Arguments arguments;
  const char* user = nullptr;
  if (const int wrong = begin(pamh, count, words, arguments, user)) return wrong;
  if ((static_cast<unsigned>(flags) & PAM_PRELIM_CHECK) != 0) return PAM_SUCCESS;
  const Ending& ending = ask_verifier(pamh, flags, arguments, user, Door::set_up);
  if (ending.set_up != PAM_SUCCESS) return ending.set_up;
  return set_mark(pamh, user, ending.mark) && clear_debt(pamh) ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL;
}

// Nobody gets in who was told to register and did not: a stack without our password line would let him.
int session(pam_handle_t* pamh) {
  if (!in_debt(pamh)) return PAM_SUCCESS;
  pam_syslog(pamh, LOG_ERR, "%s",
             "set-up was needed and not done: does this service have the password line of "
             "pam_utmfa.so? See pam_utmfa(8)");
  return PAM_PERM_DENIED;
}

// libpam takes the way through setcred that authenticate took, and there this module had itself ignored: whatever it
// says now is ignored too, but that it has not finished. That goes to the program under every control, and until it is
// finished libpam refuses every other call.
int credentials(pam_handle_t* pamh) { return session(pamh) == PAM_SUCCESS ? PAM_SUCCESS : PAM_INCOMPLETE; }

}  // namespace
}  // namespace utmfa

#pragma GCC visibility push(default)
extern "C" {

int pam_sm_authenticate(pam_handle_t* pamh, int flags, int count, const char** words) {
  return utmfa::authenticate(pamh, flags, count, words);
}

int pam_sm_acct_mgmt(pam_handle_t* pamh, int flags, int count, const char** words) {
  return utmfa::account(pamh, flags, count, words);
}

int pam_sm_chauthtok(pam_handle_t* pamh, int flags, int count, const char** words) {
  return utmfa::change_token(pamh, flags, count, words);
}

int pam_sm_setcred(pam_handle_t* pamh, int flags, int, const char**) {
  return (static_cast<unsigned>(flags) & PAM_DELETE_CRED) != 0 ? PAM_SUCCESS : utmfa::credentials(pamh);
}

int pam_sm_open_session(pam_handle_t* pamh, int, int, const char**) { return utmfa::session(pamh); }

int pam_sm_close_session(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }
}
#pragma GCC visibility pop
