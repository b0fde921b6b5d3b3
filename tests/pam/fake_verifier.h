// SPDX-License-Identifier: Apache-2.0
// A verifier that says what a test tells it to: a child process that takes one line, plays a script on it, and reports
// whether everything it heard was as expected.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace utmfa::test {

using Fields = std::map<std::string, std::string>;

// One end of a line. What is not as expected ends the process that plays the script, and fails the test.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  void say(std::string_view bytes);  // as it is, a frame or not
  void say(std::string_view verb, const Fields& fields);
  std::string hear();                                        // a packet; "" at the end of the line
  Fields hear(std::string_view verb);                        // a frame of this verb: all its fields
  void hear(std::string_view verb, const Fields& expected);  // exactly these
  void hear_the_end();
  void leave_unread();  // waits for the next packet, and does not take it

 private:
  int fd_;
};

using Script = std::function<void(Peer&)>;

class FakeVerifier {
 public:
  FakeVerifier(const std::string& run_dir, const Script& script);
  ~FakeVerifier();
  FakeVerifier(const FakeVerifier&) = delete;
  FakeVerifier& operator=(const FakeVerifier&) = delete;
  bool as_expected();  // waits for the end of the script

 private:
  int child_;
  std::string path_;
};

// The name of the socket that the module takes for this process.
std::string socket_path(const std::string& run_dir);

}  // namespace utmfa::test
