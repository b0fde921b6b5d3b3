// SPDX-License-Identifier: Apache-2.0
// The person on the other side of PAM: tells and asks through the host's conversation function. What was typed is
// wiped as soon as it has been looked at.
#pragma once

#include <security/pam_modules.h>

#include <cstddef>
#include <string_view>

namespace utmfa {

// What was typed, wiped and freed when it goes. A null text is nobody's answer.
class Typed {
 public:
  Typed() = default;
  Typed(const Typed&) = delete;
  Typed& operator=(const Typed&) = delete;
  ~Typed() { take(nullptr); }
  void take(char* text);  // owned from now on, made by malloc
  explicit operator bool() const { return text_ != nullptr; }
  std::string_view text() const { return text_; }
  const char* cut(std::size_t size);  // what is behind that is wiped

 private:
  char* text_ = nullptr;
};

class Person {
 public:
  Person(pam_handle_t* pamh, int flags) : pamh_(pamh), silent_((static_cast<unsigned>(flags) & PAM_SILENT) != 0) {}
  bool silent() const { return silent_; }

  // PAM_SILENT keeps texts back, never a prompt. Styles are PAM's. False: the conversation is broken.
  bool tell(int style, const char* text);
  bool ask(int style, const char* prompt, Typed& answer);
  bool ask_below(const char* text, int style, const char* prompt, Typed& answer);
  // A message that only a host with extensions of PAM understands. What it answers is the caller's to free.
  bool extended(const void* request, void*& answer);

 private:
  const pam_conv* host() const;
  bool converse(const pam_message* messages, std::size_t count, Typed* answer);
  pam_handle_t* pamh_;
  bool silent_;
};

// How many digits of a code stand at the end of what was typed: `digits` of them, or 0.
std::size_t digits_behind(std::string_view typed, std::size_t digits);

// Whether `answer` is the password that was typed before (PAM_AUTHTOK); the time taken tells nothing but the length.
bool password_again(pam_handle_t* pamh, std::string_view answer);

}  // namespace utmfa
