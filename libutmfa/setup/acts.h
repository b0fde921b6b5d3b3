// SPDX-License-Identifier: Apache-2.0
// The verbs of a registration, written once: utmfa-enroll of root runs them on its own terminal, a person's own
// utmfa-enroll and a sign-in that leads through set-up have the verifier run them. Each says what it did; what a rule
// refuses is an Error with Code::refused in words for the person, and nothing was changed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "setup/registrar.h"
#include "setup/talk.h"

namespace utmfa {

inline constexpr std::int64_t longest_set_up_seconds = 900;  // of a registration inside a sign-in

enum class Format { text, json };

// What a person wants; which of the words count is the act's affair.
struct Request {
  std::string act = "guided";
  std::string kind = "hotp";
  std::string label, digits, period, algorithm, serial, counter;
  std::string number, slot, extension, prefer, device;  // of a telephone, of an app that asks
  std::string ssh_key, line;  // of a security key: a line of a .pub file, or one of utmfa-assert --register
  std::string method;
  std::vector<std::string> methods;
  Secret secret, code;
  Format form = Format::text;
  Consent sure = Consent::withheld;
  // The first code of what is added is asked for at once, or later by `confirm`.
  enum class Proving { later, at_once } proving = Proving::later;
};

// Everything outside of one registration.
struct Bench {
  Registrar& registrar;
  Talk& talk;
  const Config& config;
  Clock& clock;
  Random& random;
  Audit& audit;
  std::string command;  // how this person's utmfa-enroll is called: "utmfa-enroll --user taro"
  // A real sign-in on the test service with this method asked first. Refused: it was not granted.
  std::function<Status(const std::string& method)> trial;
  Messenger* messenger = nullptr;  // null: nothing can be sent from here
  SecurityKey* keys = nullptr;     // null: no key of this machine can be asked
  std::string host = {};
  Origin origin = Origin::elsewhere;  // where the person is

  const std::string& user() const { return registrar.user(); }
  // A change, and its event when it was made.
  Status change(const Edit& edit, Event event, std::string_view kept_as = {}) const;
};

// at_sign_in: a person was stopped at the door.
enum class Occasion { own_wish, at_sign_in };

Status guided(Bench& bench, Occasion occasion);
// Asks somebody who may put registering off so many times whether he does; if so, it is counted.
Result<Consent> offered(Bench& bench, std::int64_t times_left);
Status perform(Bench& bench, Request& request);

// What an act does to a registration: an active person proves himself before anything is changed.
// renews: by another method than the one that is changed.
enum class Reach { looks, changes, renews };
struct Act {
  std::string_view name;
  Reach reach;
  Status (*run)(Bench&, Request&);
};
const Act* act_for(std::string_view name);  // null = there is none

}  // namespace utmfa
