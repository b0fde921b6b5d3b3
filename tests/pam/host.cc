// SPDX-License-Identifier: Apache-2.0
// The conversation, and the log: this program defines syslog() itself, so that libpam's lines come here.
#include "host.h"

#include <sys/stat.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "gdm.h"
#include "support/check.h"

namespace utmfa::test {
namespace {

std::vector<std::string> lines;

std::string replaced(std::string text, const std::string& word, const std::string& value) {
  for (std::size_t at; (at = text.find(word)) != text.npos;) text.replace(at, word.size(), value);
  return text;
}

const char* style_name(int style) {
  return style == PAM_PROMPT_ECHO_OFF  ? "hidden|"
         : style == PAM_PROMPT_ECHO_ON ? "shown|"
         : style == PAM_TEXT_INFO      ? "info|"
                                       : "error|";
}

char* drawn(const pam_message& message, const Turn& turn) {
  const Drawn how = turn.reply == Reply::null_key     ? Drawn::null_key
                    : turn.reply == Reply::other_type ? Drawn::other_type
                    : turn.reply == Reply::cut        ? Drawn::cut
                                                      : Drawn::right;
  return answer_to(message.msg, turn.text, how);
}

}  // namespace

House::House(const std::string& stack) : path_("/tmp/utmfa-pam-XXXXXX") {
  if (!mkdtemp(path_.data())) fail_msg("mkdtemp %s", path_.c_str());
  for (const char* name : {"/run", "/pam.d"}) assert_int_equal(mkdir((path_ + name).c_str(), 0755), 0);
  const std::string wanted =
      replaced(replaced(replaced(stack, "MODULE", MODULE), "FIRST", FIRST), "RUN", "run-dir=" + run_dir());
  std::ofstream file(pam_dir() + "/test"), greeter(pam_dir() + "/gdm-password");
  file << wanted;
  greeter << wanted;
  std::ofstream other(pam_dir() + "/other");  // libpam says so in the log when there is none
  other << "auth required pam_deny.so\n";
  assert_true(file.good() && greeter.good() && other.good());
}

House::~House() { std::filesystem::remove_all(path_); }

Host::Host(const House& house, const char* user, const char* service) : conversation_{&Host::converse, this} {
  const int started = pam_start_confdir(service, user, &conversation_, house.pam_dir().c_str(), &pam_);
  assert_int_equal(started, PAM_SUCCESS);
}

Host::~Host() { pam_end(pam_, PAM_SUCCESS); }

int Host::converse(int count, const pam_message** messages, pam_response** responses, void* host) {
  return static_cast<Host*>(host)->answer(count, messages, responses);
}

int Host::answer(int count, const pam_message** messages, pam_response** responses) {
  auto* made = static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  Turn turn;
  for (int i = 0; i < count; ++i) {
    const pam_message& message = *messages[i];
    const bool list = message.msg_style == PAM_BINARY_PROMPT;
    seen.push_back(list ? list_of(message.msg) : style_name(message.msg_style) + std::string(message.msg));
    before_each();
    if (!list && message.msg_style != PAM_PROMPT_ECHO_OFF && message.msg_style != PAM_PROMPT_ECHO_ON) continue;
    turn = turns.empty() ? Turn{Reply::failure, ""} : turns.front();
    if (!turns.empty()) turns.pop_front();
    if (turn.reply == Reply::failure || turn.reply == Reply::no_responses || turn.reply == Reply::null_text) continue;
    made[i].resp = list ? drawn(message, turn) : strdup(turn.text.c_str());
  }
  const bool give = turn.reply != Reply::failure && turn.reply != Reply::no_responses;
  if (!give) free(made);
  *responses = give ? made : nullptr;
  return turn.reply == Reply::failure ? PAM_CONV_ERR : PAM_SUCCESS;
}

std::vector<std::string> logged() { return std::exchange(lines, {}); }

}  // namespace utmfa::test

extern "C" {

[[gnu::format(printf, 2, 0)]] void vsyslog(int, const char* format, va_list values) {
  char line[2048];
  vsnprintf(line, sizeof line, format, values);
  utmfa::test::lines.emplace_back(line);
}
[[gnu::format(printf, 2, 3)]] void syslog(int priority, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}
// What a libpam that was built with fortification calls.
[[gnu::format(printf, 3, 4)]] void __syslog_chk(int priority, int, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}
}
