// SPDX-License-Identifier: Apache-2.0
// Signals are let in only while a question waits, so that one which comes a moment earlier is not lost.
#include "terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "in_words.h"
#include "signin/words.h"

namespace utmfa {
namespace {

volatile sig_atomic_t caught = 0;

void note(int) { caught = 1; }

void set_of_interrupts(sigset_t& set) {
  sigemptyset(&set);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, each);
}

class Blocked {
 public:
  Blocked() {
    sigset_t interrupts;
    set_of_interrupts(interrupts);
    pthread_sigmask(SIG_BLOCK, &interrupts, &before_);
  }
  ~Blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_;
};

void put(FILE* where, std::string_view text) {
  (void)fwrite(text.data(), 1, text.size(), where);
  (void)fflush(where);
}

// Where the person looks: what is printed for a file or another program is not mixed with questions.
FILE* questions() { return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) == 0 ? stderr : stdout; }

class Hidden {
 public:
  explicit Hidden(Echo echo) {
    if (echo == Echo::shown || tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Hidden() {
    if (!changed_) return;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    put(questions(), "\n");
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Error stopped() { return {Code::refused, say("stopped")}; }

// One byte; none at the end of the input.
Result<std::optional<char>> next_byte(const sigset_t& signals) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (caught == 0) {
    const int ready = ppoll(&input, 1, nullptr, &signals);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return os_error("terminal", "poll");
    char byte = 0;
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return os_error("terminal", "cannot be read");
    return got == 0 ? std::optional<char>() : std::optional<char>(byte);
  }
  return stopped();
}

Result<Secret> read_line(const sigset_t& signals) {
  Secret line(longest_answer);
  std::size_t size = 0;
  for (;;) {
    const Result<std::optional<char>> byte = next_byte(signals);
    if (!byte) return byte.error();
    if (!*byte && size == 0) return Error{Code::refused, say("no answer: the input has ended")};
    if (!*byte || **byte == '\n') break;
    if (size == longest_answer) return Error{Code::refused, say("the answer is too long")};
    line.data()[size++] = **byte;
  }
  if (size > 0 && line.view()[size - 1] == '\r') --size;
  return Secret(line.view().substr(0, size));
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note;  // without SA_RESTART: a question that waits must notice
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) (void)sigaction(each, &action, nullptr);
}

bool interrupted() { return caught != 0; }

void show(std::string_view line) { put(stdout, std::string(line) + '\n'); }

void complain(std::string_view line) { put(stderr, in_words(line) + '\n'); }

Result<Secret> ask(std::string_view prompt, Echo echo) {
  const Blocked blocked;
  const Hidden hidden(echo);
  put(questions(), prompt);
  Result<Secret> answer = read_line(blocked.before());
  if (!answer) put(questions(), "\n");
  return answer;
}

Result<std::string> ask_text(std::string_view prompt) {
  const Result<Secret> answer = ask(prompt, Echo::shown);
  if (!answer) return answer.error();
  return std::string(trimmed(answer->view()));
}

Status ask_yes_at_terminal(std::string_view prompt) {
  return isatty(STDIN_FILENO) != 0 ? ask_yes(prompt) : Status(Done{});
}

Status ask_yes(std::string_view prompt) {
  const Result<std::string> answer = ask_text(prompt);
  if (!answer) return answer.error();
  const std::string word = lower_ascii(*answer);
  if (word == "yes" || word == "y" || word == say("yes")) return Done{};
  return Error{Code::refused, say("nothing was changed")};
}

bool terminal_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = secure_getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = lower_ascii(value);
    return locale.find("utf-8") != locale.npos || locale.find("utf8") != locale.npos;
  }
  return false;
}

}  // namespace utmfa
