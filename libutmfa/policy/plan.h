// SPDX-License-Identifier: Apache-2.0
// What the policy means for one sign-in, as data: is a second confirmation needed, which methods may be used in which
// order, and every reason. A pure function: no clock, no I/O, no PAM. `utmfa-admin explain` prints the same Plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "methods/account.h"

namespace utmfa {

// What the module knows of the first factor. typed: a module before asked for a password, and the stack judges it.
enum class FirstFactor { proven, typed, unknown };

// What the person looks at. lines: a terminal, which keeps what was said. greeter: one field and one short text below it;
// greeter_lists: the same, and it draws lists of its own.
enum class Screen { lines, greeter, greeter_lists };

// unlock: the person has signed in before, and the screen of that session is locked.
enum class Purpose { sign_in, unlock };

// Whether the person is at this machine, as far as the program that asks tells.
enum class Origin { here, elsewhere };

// Whether the program shows a text as soon as it is said, or only together with the next question, as sshd before 10.3.
enum class Texts { with_question, at_once };

// Who wants to sign in, and how. Made once from the module's words and from NSS.
struct SignIn {
  std::string user;  // canonical
  std::string service;
  std::string from;  // PAM_RHOST; "" = local
  std::string tty;
  std::string language;    // the caller's, when known
  std::string prefer;      // method id to offer first, "" = the default
  std::string without;     // method id that is not offered: it is the one to be changed
  std::string connection;  // what stays the same when the host asks again: an ssh connection, or a process
  FirstFactor first = FirstFactor::unknown;
  Screen screen = Screen::lines;
  Purpose purpose = Purpose::sign_in;
  Origin origin = Origin::elsewhere;
  std::vector<std::string> host_keys;  // keys in security keys that sshd has verified: "TYPE BASE64"; root's word
  Texts texts = Texts::with_question;  // as far as it is known
  std::optional<std::vector<std::string>> groups;  // absent = could not be resolved: no exemption by group
};

// offer: let in as he is, but first asked whether he registers now. set_up_elsewhere: must register, and not here.
enum class Need { exempt, not_needed, remembered, offer, set_up, set_up_elsewhere, factor };

struct Offer {
  std::string method;  // id
  std::string kind;
  std::string why;                         // "first in the method file"
  std::vector<std::string_view> channels;  // gateways of this machine that can bring its code; empty = nothing is sent
  Answered answered = Answered::typed;
};

struct Refusal {  // a method that is not offered, and why
  std::string method, kind, why;
};

struct Plan {
  Need need = Need::factor;
  std::string reason;         // one line with the place in utmfa.yaml
  std::vector<Offer> offers;  // default first; empty with Need::factor = asked all the same, and denied
  std::vector<Refusal> refusals;
  bool enrolled = false;
  Time observed_until = 0;  // until then whoever fails is let in all the same; 0 = he is not
};

Plan plan(const Config& config, const SignIn& sign_in, const Account& account, Time now, std::uint64_t place_mark);

// By PAM_RHOST, PAM_TTY and SSH_CONNECTION. An address of the loopback alone is this machine.
Origin origin_of(std::string_view from, std::string_view tty, std::string_view ssh_connection);

// The mark of service and origin under which a sign-in may be remembered; "" when there is nothing to tell places
// apart by (then nothing is remembered).
std::string place(const SignIn& sign_in);
std::uint64_t place_mark(const SignIn& sign_in);  // method_mark(user and place); 0 = place is ""

// The mark of one sign-in however often the host starts it anew: what was sent for it can be answered in it only.
std::uint64_t line_mark(const SignIn& sign_in);

}  // namespace utmfa
