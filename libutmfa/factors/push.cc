// SPDX-License-Identifier: Apache-2.0
// An app that asks. A number is shown at the sign-in and typed in the app, so that nobody agrees to what he does not see.
#include "base/text.h"
#include "factors/oath.h"
#include "factors/rows.h"
#include "factors/sent.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"device", FieldType::text, "", ""}};
constexpr std::size_t longest_device = 256;

constexpr Channel push = {
    .gateway = "push",
    .reply = Reply::matched,
    .listed = UTMFA_MSG("{0} - number in the app"),
    .begin = UTMFA_MSG("Press Enter to be asked on {0} (? for another method): "),
    .prompt = UTMFA_MSG("Enter {2} in the app on {0}, then press Enter here (? for another method): "),
    .plain_prompt = UTMFA_MSG("Enter {2} in the app, then press Enter here (? for another method): "),
    .waiting = {},
    .told = UTMFA_MSG("Enter {2} in the app on {0}."),
    .plain_told = UTMFA_MSG("Enter {2} in the app."),
    .text = UTMFA_MSG("Somebody signs in at {1}. If it is you, enter the number that is shown there. If not, refuse."),
    .failed = UTMFA_MSG("The app could not be asked. "),
    .brief_listed = UTMFA_MSG("Ask {0}"),
    .brief_begin = {UTMFA_MSG("App on {0}"), UTMFA_MSG("Press Enter to be asked in the app")},
    .brief_prompt = {},
    .brief_waiting = {UTMFA_MSG("Enter {2} in the app"), UTMFA_MSG("Then press Enter here")}};

std::span<const Channel> channels(const Method&) { return {&push, 1}; }

// The device is the gateway's word, and none of anybody's business.
std::string masked(const Method&) { return {}; }

Result<Made> make(const Wish& wish, Random&, Time now) {
  if (Status known = known_options(wish, fields, ""); !known) return known.error();
  Made made;
  const auto device = wish.options.find("device");
  const bool right = device != wish.options.end() && !device->second.empty() &&
                     cleaned(device->second, longest_device) == device->second;
  if (!right) return Error{Code::invalid, "device: expected 1 to 256 bytes of text"};
  made.method.kind = push_factor.kind;
  made.method.label = wish.label.empty() ? std::string(push_factor.title) : wish.label;
  made.method.registered = now;
  made.method.proof = Proof::waiting;
  made.method.fields.emplace("device", device->second);
  return made;
}

}  // namespace

constexpr Factor push_factor = {
    .kind = "push",
    .fields = fields,
    .secret_field = {},
    .id_stem = "push",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Number in the app on {0}"),
    .plain_prompt = UTMFA_MSG("Verification code"),
    .listed = UTMFA_MSG("{0} - number in the app"),
    .title = UTMFA_MSG("App that asks"),
    .brief_listed = UTMFA_MSG("Ask {0}"),
    .standing = Standing::lasting,
    .prepare = sent_digits,
    .judge = judge_sent,
    .unusable = always_usable,
    .left = none_left,
    .make = make,
    .decoy = nullptr,
    .resync = nullptr,
    .spent = nothing_spent,
    .channels = channels,
    .receiver = "device",
    .masked = masked,
    .brief_masked = masked,
};

}  // namespace utmfa
