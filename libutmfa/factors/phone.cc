// SPDX-License-Identifier: Apache-2.0
// A telephone: a code by SMS or by call. Three numbers at most, one for each slot; only a mobile can take an SMS.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "factors/oath.h"
#include "factors/rows.h"
#include "factors/sent.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"slot", FieldType::once, "mobile|alternate|office", "mobile"},
                                {"number", FieldType::telephone, "", ""},
                                {"extension", FieldType::text, "", "-"},
                                {"prefer", FieldType::choice, "sms|voice", "sms"}};
constexpr std::size_t longest_extension = 10, shown_digits = 4;

constexpr std::string_view message = UTMFA_MSG("{0} is your code for {1}. Good for {2} minutes. Tell it to nobody.");
constexpr Channel sms = {.gateway = "sms",
                         .reply = Reply::typed,
                         .listed = UTMFA_MSG("{0} {1} - SMS"),
                         .begin = UTMFA_MSG("Press Enter for a code by SMS to {1} (? for another method): "),
                         .prompt = UTMFA_MSG("Code sent by SMS to {1} (Enter to send again, ? for another method): "),
                         .plain_prompt = UTMFA_MSG("Code sent by SMS (Enter to send again, ? for another method): "),
                         .waiting = {},
                         .text = message,
                         .failed = UTMFA_MSG("The SMS could not be sent. "),
                         .brief_listed = UTMFA_MSG("SMS {1}"),
                         .brief_begin = {UTMFA_MSG("SMS to {1}"), UTMFA_MSG("Press Enter to get a code")},
                         .brief_prompt = {UTMFA_MSG("Code sent to {1}"), UTMFA_MSG("Press Enter for a new code")}};
constexpr Channel voice = {
    .gateway = "voice",
    .reply = Reply::spoken,
    .listed = UTMFA_MSG("{0} {1} - call"),
    .begin = UTMFA_MSG("Press Enter to be called on {1} (? for another method): "),
    .prompt = UTMFA_MSG("Code from the call to {1} (Enter to be called again, ? for another method): "),
    .plain_prompt = UTMFA_MSG("Code from the call (Enter to be called again, ? for another method): "),
    .waiting = UTMFA_MSG("Calling {1}: press # on the phone, then Enter here; or type the code you hear (? for "
                         "another method): "),
    .text = message,
    .failed = UTMFA_MSG("The call did not work. "),
    .brief_listed = UTMFA_MSG("Call {1}"),
    .brief_begin = {UTMFA_MSG("Call to {1}"), UTMFA_MSG("Press Enter to be called")},
    .brief_prompt = {UTMFA_MSG("Code from the call"), UTMFA_MSG("Press Enter to be called again")},
    .brief_waiting = {UTMFA_MSG("Code from the call"), UTMFA_MSG("Press # on the phone, then Enter here")}};
constexpr std::array<Channel, 2> sms_first = {sms, voice}, voice_first = {voice, sms};

std::span<const Channel> channels(const Method& method) {
  if (method.field("slot") != "mobile") return std::span(voice_first).first(1);
  return method.field("prefer") == "voice" ? std::span(voice_first) : std::span(sms_first);
}

// How many digits the country code has (ITU-T E.164, list of assigned codes): one for 1 and 7, two for those below.
std::size_t country_digits(std::string_view digits) {
  constexpr std::string_view two[] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41",
                                      "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54",
                                      "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
                                      "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
  if (digits.front() == '1' || digits.front() == '7') return 1;
  return std::find(std::begin(two), std::end(two), digits.substr(0, 2)) != std::end(two) ? 2 : 3;
}

constexpr std::string_view two_dots = "\xe2\x80\xa2\xe2\x80\xa2";

std::string brief_masked(const Method& method) {
  const std::string_view number = method.field("number");
  if (number.size() < shown_digits + 2) return {};
  return std::string(two_dots).append(number.substr(number.size() - shown_digits));
}

std::string masked(const Method& method) {
  const std::string_view number = method.field("number");
  if (number.size() < shown_digits + 2) return {};
  return "+" + std::string(number.substr(1, country_digits(number.substr(1)))) + " " + std::string(two_dots) +
         brief_masked(method);
}

Status check_extension(const Method& method) {
  const std::string_view extension = method.field("extension");
  if (extension.empty()) return Done{};
  if (method.field("slot") != "office") return Error{Code::invalid, "extension: only an office number has one"};
  if (ascii_digits(extension) && extension.size() <= longest_extension) return Done{};
  return Error{Code::invalid, "extension: expected 1 to 10 digits"};
}

std::string_view usual_label(std::string_view slot) {
  if (slot == "office") return UTMFA_MSG("Office");
  return slot == "alternate" ? UTMFA_MSG("Other phone") : UTMFA_MSG("Mobile");
}

Result<Made> make(const Wish& wish, Random&, Time now) {
  if (Status known = known_options(wish, fields, ""); !known) return known.error();
  Made made;
  Method& method = made.method;
  method.kind = phone_factor.kind;
  method.registered = now;
  method.proof = Proof::waiting;
  for (const FieldRule& rule : fields) {
    Result<std::string> value = wished(wish, rule);
    if (!value) return value.error();
    if (!value->empty()) method.fields.emplace(rule.key, *value);
  }
  if (method.field("number").empty()) return Error{Code::invalid, "number: expected one like +819012345678"};
  if (Status extension = check_extension(method); !extension) return extension.error();
  if (method.field("slot") != "mobile") {
    if (wish.options.contains("prefer") && method.field("prefer") == "sms")
      return Error{Code::invalid, "prefer: only a mobile takes an SMS"};
    method.fields.insert_or_assign("prefer", "voice");
  }
  method.id = method.field("slot");
  method.label = wish.label.empty() ? std::string(usual_label(method.id)) : wish.label;
  return made;
}

}  // namespace

constexpr Factor phone_factor = {
    .kind = "phone",
    .fields = fields,
    .secret_field = {},
    .id_stem = "phone",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Code to {0}"),
    .plain_prompt = UTMFA_MSG("Verification code"),
    .listed = UTMFA_MSG("{0} - code to the phone"),
    .title = UTMFA_MSG("Phone"),
    .brief_listed = UTMFA_MSG("{0}"),
    .standing = Standing::lasting,
    .prepare = sent_digits,
    .judge = judge_sent,
    .unusable = always_usable,
    .left = none_left,
    .make = make,
    .decoy = nullptr,  // never asked where the first factor is not proven
    .resync = nullptr,
    .spent = nothing_spent,
    .channels = channels,
    .receiver = "number",
    .masked = masked,
    .brief_masked = brief_masked,
};

}  // namespace utmfa
