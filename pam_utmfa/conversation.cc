// SPDX-License-Identifier: Apache-2.0
// Calls the host's conversation function and clears up after it.
#include "conversation.h"

#include <cstdlib>
#include <cstring>

namespace utmfa {
namespace {

constexpr std::size_t most_messages = 2;

}  // namespace

void Typed::take(char* text) {
  if (text_) {
    explicit_bzero(text_, std::strlen(text_));
    std::free(text_);
  }
  text_ = text;
}

const char* Typed::cut(std::size_t size) {
  explicit_bzero(text_ + size, std::strlen(text_ + size));
  return text_;
}

std::size_t digits_behind(std::string_view typed, std::size_t digits) {
  if (typed.size() < digits) return 0;
  for (std::size_t i = typed.size() - digits; i < typed.size(); ++i)
    if (typed[i] < '0' || typed[i] > '9') return 0;
  return digits;
}

bool Person::tell(int style, const char* text) {
  const pam_message message = {style, text};
  return silent_ || converse(&message, 1, nullptr);
}

bool Person::ask(int style, const char* prompt, Typed& answer) {
  const pam_message message = {style, prompt};
  return converse(&message, 1, &answer);
}

bool Person::ask_below(const char* text, int style, const char* prompt, Typed& answer) {
  const pam_message messages[most_messages] = {{PAM_TEXT_INFO, text}, {style, prompt}};
  return converse(messages, most_messages, &answer);
}

bool Person::extended(const void* request, void*& answer) {
  const pam_conv* host = this->host();
  if (!host) return false;
  const pam_message message = {PAM_BINARY_PROMPT, static_cast<const char*>(request)};
  const pam_message* list[] = {&message};
  pam_response* responses = nullptr;
  if (host->conv(1, list, &responses, host->appdata_ptr) != PAM_SUCCESS) return false;
  answer = responses ? responses[0].resp : nullptr;
  std::free(responses);
  return true;
}

const pam_conv* Person::host() const {
  const void* item = nullptr;
  if (pam_get_item(pamh_, PAM_CONV, &item) != PAM_SUCCESS || !item) return nullptr;
  const auto* host = static_cast<const pam_conv*>(item);
  return host->conv ? host : nullptr;
}

// The answer wanted is that of the last message.
bool Person::converse(const pam_message* messages, std::size_t count, Typed* answer) {
  const pam_conv* host = this->host();
  if (!host) return false;
  // Neighbours in memory, so that both readings of the argument (array of pointers, pointer to array) agree.
  const pam_message* list[most_messages] = {messages, messages + count - 1};
  pam_response* responses = nullptr;
  if (host->conv(static_cast<int>(count), list, &responses, host->appdata_ptr) != PAM_SUCCESS) return false;
  for (std::size_t i = 0; responses && i < count; ++i) {
    Typed unasked;
    (answer && i + 1 == count ? *answer : unasked).take(responses[i].resp);
  }
  std::free(responses);
  return !answer || *answer;
}

// What sshd puts in the place of every answer for a name that it does not know (OpenSSH auth-pam.c): all its answers
// are alike, and to say so would tell that the name is unknown.
bool made_up_by_sshd(std::string_view password) {
  constexpr std::string_view junk = "\b\n\r\177INCORRECT";
  for (std::size_t i = 0; i < password.size(); ++i) {
    if (password[i] != junk[i % junk.size()]) return false;
  }
  return true;
}

bool password_again(pam_handle_t* pamh, std::string_view answer) {
  const void* item = nullptr;
  if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS || !item) return false;
  const std::string_view password = static_cast<const char*>(item);
  if (password.empty() || password.size() != answer.size() || made_up_by_sshd(password)) return false;
  volatile unsigned char different = 0;  // volatile, so that no compiler ends the loop at the first difference
  for (std::size_t i = 0; i < answer.size(); ++i) {
    different = static_cast<unsigned char>(different | (answer[i] ^ password[i]));
  }
  return different == 0;
}

}  // namespace utmfa
