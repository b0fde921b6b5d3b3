// SPDX-License-Identifier: Apache-2.0
// What a kind of method can do, as one row of one table. A new factor is one file and one row in factor.cc; a
// switch over kinds anywhere else is a fault. Factors are pure: no clock, no I/O, no vault, no PAM.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assertion/lines.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "methods/account.h"
#include "methods/method.h"
#include "methods/state.h"

// Marks a msgid for the catalogue; the words are said by signin/.
#ifndef UTMFA_MSG
#define UTMFA_MSG(text) text
#endif

namespace utmfa {

enum class Echo { shown, hidden };
// copied: it was right, but by what it says of itself there is a second one of it.
enum class Use { accepted, rejected, used, copied };
enum class Standing { lasting, temporary };  // temporary: does not count as a method when a person applies

struct FactorRules {
  int totp_window = 1;   // steps accepted on each side
  int hotp_window = 10;  // counters accepted ahead
};

struct Judgement {
  Use use = Use::rejected;
  MethodState after;          // only meaningful when accepted
  std::string_view why = {};  // for the log: why not
};

// A person's words and numbers for registering a method; which ones count is the kind's affair.
struct Wish {
  std::string label;
  std::map<std::string, std::string, std::less<>> options;  // "digits" -> "6"
  Secret secret;  // given from outside (seed of a token, codes of a sheet); empty = make one
};

// A method just made, with its secrets in the clear for this one moment: sealed by setup/ before anything is written.
struct Made {
  Method method;
  std::map<std::string, Secret, std::less<>> secrets;  // field -> plain bytes to seal
  std::int64_t moving = -1;                            // MethodState::moving to begin with
  std::vector<std::string> shown;                      // what the person must see once: recovery codes, the pass
};

// typed: a code that came is typed. spoken: the same, or the person agrees on the telephone. matched: the person types in
// an app what is shown here.
enum class Reply { typed, spoken, matched };

// A question at a greeter: a field that holds about 25 letters, and one line below it.
struct Brief {
  std::string_view prompt, below;  // msgids
};

// One way to put a question to somebody who is elsewhere: which kind of gateway, and the words around it. In all of them
// {0} = label, {1} = where to, masked.
struct Channel {
  std::string_view gateway;  // one of gateway_kinds; their first letters differ
  Reply reply;
  std::string_view listed;        // msgid of the line in a list
  std::string_view begin;         // msgid of the question before anything is sent
  std::string_view prompt;        // msgid of the question once it was sent; {2} = the number to match
  std::string_view plain_prompt;  // msgid where labels are not shown; {2} as well
  std::string_view waiting;       // msgid while the gateway still waits for the person's answer; "" = never asked then
  std::string_view told = {};     // msgid where texts are seen at once and nothing need be typed; {2} as well
  std::string_view plain_told = {};  // the same where labels are not shown
  std::string_view text;             // msgid of what is sent: {0} = code, {1} = issuer, {2} = minutes
  std::string_view failed;           // msgid: it could not be sent

  // The same at a greeter, where {1} is shorter. Whoever has more than one method is told below how to get another; the
  // text below the field of `brief_prompt` is for who has not. An app is asked without a field: the text of
  // `brief_waiting` stands alone until the answer is there.
  std::string_view brief_listed = {};  // about 14 letters, and what tells it from others at the start
  Brief brief_begin = {}, brief_prompt = {}, brief_waiting = {};
};

struct Factor {
  std::string_view kind;
  std::span<const FieldRule> fields;
  std::string_view secret_field;  // the sealed field that judge() needs; "" = none
  std::string_view id_stem;       // "app" -> app-1; a stem that ends in '!' is the whole id ("recovery!")
  Echo echo;
  std::string_view prompt;             // msgid with {0} = label: "Code from {0}"
  std::string_view plain_prompt;       // msgid where labels are not shown: "Verification code"
  std::string_view listed;             // msgid of the line in a list, {0} = label, {1} = number left
  std::string_view title;              // msgid, the kind in people's words: "authenticator app"
  std::string_view brief_listed = {};  // msgid of the same line where about 14 letters fit; {0} = label

  Standing standing;
  // Kinds whose secret may come from outside, each with a first code that proves it: msgid of the option of `utmfa-enroll
  // add token` that says this kind. "" = the rest.
  std::string_view token = {};

  // What is slow and needs no state, done before any lock is taken: its result stands for the answer in judge().
  // Null = the answer goes to judge() as it was typed.
  Result<Secret> (*prepare)(const Secret& secret, std::string_view answer);
  // Right, wrong, or right but used before; `secret` is the opened secret_field. The same work whatever was typed.
  Result<Judgement> (*judge)(const Method&, const Secret& secret, const MethodState&, const FactorRules&,
                             std::string_view answer, Time now);
  // Whether it can be used now at all (codes left, not expired): "" = yes, otherwise the reason, a msgid.
  std::string_view (*unusable)(const Method&, const MethodState&, Time now);
  int (*left)(const Method&, const MethodState&);  // codes left; -1 = does not apply
  Result<Made> (*make)(const Wish&, Random&, Time now);
  // A method of this kind with a random secret, judged for names that have none, so that the work is the same.
  // Null where such a decoy is never asked.
  Result<Made> (*decoy)(Random&, Time now);
  // Sets a token right by two codes that it showed one after the other: its state, and fields that say how its clock
  // goes. Both codes are spent. Null = a kind that has nothing to set right.
  Result<Use> (*resync)(Method&, const Secret& secret, MethodState&, std::string_view first, std::string_view second,
                        Time now) = nullptr;
  // The state of this method when its true state is lost: nothing that may have been used can be used again.
  MethodState (*spent)(const Method&, const FactorRules&, Time now);

  // Kinds whose code is made at the sign-in and delivered; the rest of them has none of this. Their judge() gets a keyed
  // digest of what was sent as its secret, and that of the answer.
  std::span<const Channel> (*channels)(const Method&) = nullptr;  // the preferred one first
  std::string_view receiver = {};                                 // the field that says where to
  std::string (*masked)(const Method&) = nullptr;                 // where to, as it may be shown
  std::string (*brief_masked)(const Method&) = nullptr;           // the same at a greeter

  // Kinds of which a device answers; the rest of them has none of this. Their judge() gets as its secret what was asked
  // in this sign-in, which is nobody's word but the caller's.
  Answered (*answered)(const Method&) = nullptr;
  Credential (*credential)(const Method&) = nullptr;
  Verification (*verification)(const Method&) = nullptr;         // what this one demands, whatever the service does
  std::string_view (*model)(const Method&) = nullptr;            // AAGUID in hexadecimal; "" = not known
  std::string_view (*host_key)(const Method&) = nullptr;         // of one that the host verifies
  std::string (*verified)(std::string_view host_key) = nullptr;  // the judge's secret for one that the host did verify
};

std::span<const Factor> factors();                // in the order in which lists show them
const Factor* factor_for(std::string_view kind);  // null = unknown kind
std::span<const KindRule> kind_rules();
std::span<const std::string_view> kind_names();

}  // namespace utmfa
