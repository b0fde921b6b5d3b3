// SPDX-License-Identifier: Apache-2.0
// A program that signs people in: the built module through the real libpam, from a PAM file of its own in a temporary
// directory, with a conversation that a test scripts. Needs no privilege.
#pragma once

#include <security/pam_appl.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace utmfa::test {

// What the host's conversation does when it is called.
enum class Reply { answer, failure, no_responses, null_text, null_key, other_type, cut };

struct Turn {
  Reply reply = Reply::answer;
  std::string text;
};

// A directory with a PAM service "test" and the same as "gdm-password", the run directory of the sockets, and copies of the modules.
class House {
 public:
  explicit House(const std::string& stack);  // lines of a PAM file; MODULE, FIRST and RUN are filled in
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;
  const std::string& path() const { return path_; }
  std::string run_dir() const { return path_ + "/run"; }
  std::string pam_dir() const { return path_ + "/pam.d"; }

 private:
  std::string path_;
};

class Host {
 public:
  explicit Host(const House& house, const char* user = "taro", const char* service = "test");
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  pam_handle_t* pam() { return pam_; }
  int authenticate(int flags = 0) { return pam_authenticate(pam_, flags); }
  int account(int flags = 0) { return pam_acct_mgmt(pam_, flags); }

  std::function<void()> before_each = [] {};  // message, once it is seen
  std::deque<Turn> turns;                     // for the prompts, in order; without one the conversation fails
  std::vector<std::string> seen;              // "hidden|text", "shown|text", "info|text", "error|text", "list|..."

 private:
  static int converse(int count, const pam_message** messages, pam_response** responses, void* host);
  int answer(int count, const pam_message** messages, pam_response** responses);
  pam_conv conversation_;
  pam_handle_t* pam_ = nullptr;
};

// What libpam and the module have logged in this process since the last call.
std::vector<std::string> logged();

}  // namespace utmfa::test
