// SPDX-License-Identifier: Apache-2.0
// One sentence a notice, then when, where and by whom, then what to do if it was not oneself.
#include "notice/letter.h"

#include <string_view>

#include "base/text.h"
#include "factors/factor.h"
#include "signin/words.h"

namespace utmfa {
namespace {

struct Sentence {
  std::string_view notice, words;  // {0} = the method, {1} = the service
};
constexpr Sentence sentences[] = {
    {"enrolled", UTMFA_MSG("A method was registered for you: {0}.")},
    {"removed", UTMFA_MSG("A method of yours was removed: {0}.")},
    {"reordered", UTMFA_MSG("The order of your methods, or which one is the default, was changed.")},
    {"renamed", UTMFA_MSG("A method of yours was given another name: {0}.")},
    {"applied", UTMFA_MSG("You have applied: from now on you are asked for a second confirmation when you sign in.")},
    {"reset", UTMFA_MSG("All your methods were taken away. They must be registered again.")},
    {"terminated", UTMFA_MSG("Your registration was ended.")},
    {"restored", UTMFA_MSG("Your methods were restored from a copy.")},
    {"unlocked", UTMFA_MSG("The wrong codes that were typed for you were forgotten: you may try again.")},
    {"state-rebuilt", UTMFA_MSG("The counters of your methods were made anew. Some methods must be registered again.")},
    {"contact", UTMFA_MSG("The address to which these messages are sent was changed.")},
    {"pass-issued", UTMFA_MSG("A temporary pass was given for you.")},
    {"pass-used", UTMFA_MSG("Somebody signed in as you with a temporary pass ({1}).")},
    {"lock", UTMFA_MSG("Wrong codes were typed for you, and you have to wait before you can sign in ({1}). "
                       "Whoever typed them may know your password.")},
    {"number-changed", UTMFA_MSG("The number of a phone of yours was changed: {0}.")},
    {"fraud", UTMFA_MSG("You reported that somebody else was signing in as you ({1}). Nobody can sign in as you for a "
                        "while. Change your password: it is known.")},
    {"refused", UTMFA_MSG("You refused a sign-in in the app ({1}). If it was not yours, change your password: it is "
                          "known.")},
};

std::string method_of(const Notice& notice) {
  const Factor* factor = factor_for(notice.kind);
  if (factor == nullptr) return notice.method;
  const std::string title = say(factor->title);
  return notice.method.empty() ? title : title + " (" + notice.method + ")";
}

std::string sentence_of(const Notice& notice) {
  for (const Sentence& each : sentences)
    if (each.notice == notice.what) return say(each.words, {method_of(notice), notice.service});
  return say("Something about the way you sign in was changed.");
}

}  // namespace

Letter letter_of(const Notice& notice, const std::string& issuer, const std::string& machine) {
  Letter letter;
  letter.subject = say("{0}: about your sign-in ({1})", {issuer, notice.user});
  std::string& text = letter.text;
  text = sentence_of(notice) + "\n\n";
  text += say("User name: {0}", {notice.user}) + "\n";
  text += say("When: {0}", {iso_time(notice.made)}) + "\n";
  text += say("Machine: {0}", {machine}) + "\n";
  if (!notice.from.empty()) text += say("From: {0}", {notice.from}) + "\n";
  if (!notice.by.empty()) text += say("By: {0}", {notice.by}) + "\n";
  text += "\n" + say("If this was not you, and you did not ask for it, tell your administrator at once.") + "\n";
  text += say("Nobody will ever ask you for a code by mail or by telephone.") + "\n";
  return letter;
}

Letter code_letter(const std::string& user, const std::string& code, const std::string& issuer) {
  Letter letter;
  letter.subject = say("{0}: is this your address? ({1})", {issuer, user});
  letter.text =
      say("To have messages about the sign-in of {0} sent to this address, type this code where you were asked "
          "for it. It is good once, for ten minutes:",
          {user}) +
      "\n\n    " + code + "\n\n" + say("If you did not ask for this, do nothing, and give the code to nobody.") + "\n";
  return letter;
}

}  // namespace utmfa
