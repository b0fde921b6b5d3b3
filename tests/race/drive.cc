// SPDX-License-Identifier: Apache-2.0
// drive SERVICE [CONFDIR]: many PAM sign-ins released together. Reads lines "USER<tab>ANSWER[<tab>ANSWER...]", forks a
// process for each, holds each at its first question until all have come to theirs (or have ended), then lets them all
// answer at once; where an empty line ended the list, only when standard input ends. An answer "|" is none, and moves the
// place where a process is held behind the answers before it; "<FILE" is what is in the file when the question comes.
// Prints a line each, "INDEX<tab>USER<tab>AUTHENTICATE<tab>ACCOUNT<tab>LAST TEXT", codes as numbers, account "-" where it
// was not asked. DRIVE_CONNECTION of the environment is what sshd would say of all of them as SSH_CONNECTION. Called by the
// system tests; with one line it is a plain sign-in by script.
#include <security/pam_appl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

struct Gate {
  sem_t arrived, open;
};

struct Person {
  std::string user;
  std::vector<std::string> answers;
  std::size_t next = 0, held = 0;
  bool arrived = false;
  Gate* gate = nullptr;
  std::string last;
};

struct Ask {
  const char* service;
  const char* confdir;
};

void arrive(Person& person) {
  if (person.arrived) return;
  person.arrived = true;
  sem_post(&person.gate->arrived);
}

const char* answer(Person& person) {
  if (!person.arrived && person.next == person.held) {
    arrive(person);
    while (sem_wait(&person.gate->open) != 0) {
    }
  }
  if (person.next == person.answers.size()) return nullptr;
  std::string& text = person.answers[person.next++];
  if (text[0] == '<') {
    std::ifstream file(text.substr(1));
    std::getline(file, text);
  }
  return text.c_str();
}

int converse(int count, const pam_message** messages, pam_response** responses, void* data) {
  Person& person = *static_cast<Person*>(data);
  auto* replies = static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (replies == nullptr) return PAM_BUF_ERR;
  *responses = replies;
  for (int i = 0; i < count; ++i) {
    person.last = messages[i]->msg;
    if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF && messages[i]->msg_style != PAM_PROMPT_ECHO_ON) continue;
    const char* text = answer(person);
    if (text == nullptr) return PAM_CONV_ERR;
    replies[i].resp = strdup(text);
  }
  return PAM_SUCCESS;
}

int start(const Ask& ask, Person& person, pam_conv& conversation, pam_handle_t** handle) {
  if (ask.confdir == nullptr) return pam_start(ask.service, person.user.c_str(), &conversation, handle);
  return pam_start_confdir(ask.service, person.user.c_str(), &conversation, ask.confdir, handle);
}

std::string sign_in(const Ask& ask, Person& person) {
  pam_conv conversation{converse, &person};
  pam_handle_t* handle = nullptr;
  const int started = start(ask, person, conversation, &handle);
  if (started != PAM_SUCCESS) return "start " + std::to_string(started) + "\t-\t";
  pam_set_item(handle, PAM_TTY, "drive");
  if (const char* connection = getenv("DRIVE_CONNECTION"); connection != nullptr)
    pam_putenv(handle, (std::string("SSH_CONNECTION=") + connection).c_str());
  const int authenticated = pam_authenticate(handle, 0);
  std::string line = std::to_string(authenticated) + "\t";
  line += authenticated == PAM_SUCCESS ? std::to_string(pam_acct_mgmt(handle, 0)) : "-";
  pam_end(handle, authenticated);
  for (char& c : person.last)
    if (c == '\n' || c == '\t') c = ' ';
  return line + "\t" + person.last;
}

[[noreturn]] void child(const Ask& ask, Person& person, std::size_t index) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string line = std::to_string(index) + "\t" + person.user + "\t" + sign_in(ask, person) + "\n";
  arrive(person);
  const bool written = write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  _exit(written ? 0 : 1);
}

std::vector<Person> people_of(std::istream& in, Gate* gate) {
  std::vector<Person> people;
  for (std::string line; std::getline(in, line) && !line.empty();) {
    Person person;
    person.gate = gate;
    std::size_t at = line.find('\t');
    person.user = line.substr(0, at);
    while (at != std::string::npos) {
      const std::size_t end = line.find('\t', at + 1);
      person.answers.push_back(line.substr(at + 1, end == std::string::npos ? end : end - at - 1));
      if (person.answers.back() == "|") {
        person.answers.pop_back();
        person.held = person.answers.size();
      }
      at = end;
    }
    people.push_back(std::move(person));
  }
  return people;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  const Ask ask{argv[1], argc == 3 ? argv[2] : nullptr};
  void* shared = mmap(nullptr, sizeof(Gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  auto* gate = static_cast<Gate*>(shared);
  sem_init(&gate->arrived, 1, 0);
  sem_init(&gate->open, 1, 0);
  std::vector<Person> people = people_of(std::cin, gate);
  for (std::size_t i = 0; i < people.size(); ++i)
    if (fork() == 0) child(ask, people[i], i);
  for (std::size_t i = 0; i < people.size(); ++i) sem_wait(&gate->arrived);
  std::cerr << "all at the gate" << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  for (std::size_t i = 0; i < people.size(); ++i) sem_post(&gate->open);
  int failed = 0;
  for (int status = 0; wait(&status) > 0;) failed += status != 0;
  return failed != 0 ? 1 : 0;
}
