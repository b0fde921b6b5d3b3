// SPDX-License-Identifier: Apache-2.0
// utmfa-admin explain: the plan that a sign-in would get, printed with every reason. The same function decides both.
#include "admin.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "in_words.h"
#include "json.h"
#include "planned.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

std::string_view name(Need need) {
  switch (need) {
    case Need::exempt: return "exempt";
    case Need::not_needed: return "not-needed";
    case Need::remembered: return "remembered";
    case Need::offer: return "offer";
    case Need::set_up: return "set-up";
    case Need::set_up_elsewhere: return "set-up-elsewhere";
    case Need::factor: return "factor";
  }
  return "";
}

std::string headline(const Plan& plan, const SignIn& who) {
  const std::string why = in_words(plan.reason);
  switch (plan.need) {
    case Need::exempt: return say("{0} does not ask {1}: exempt: {2}", {who.service, who.user, why});
    case Need::not_needed: return say("{0} does not ask {1}: {2}", {who.service, who.user, why});
    case Need::remembered: return say("{0} does not ask {1} this time: {2}", {who.service, who.user, why});
    case Need::offer: return say("{0} lets {1} in, and offers to register first: {2}", {who.service, who.user, why});
    case Need::set_up: return say("{0} asks {1} to set up a second confirmation: {2}", {who.service, who.user, why});
    case Need::set_up_elsewhere:
      return say("{0} refuses {1}, who has to register first: {2}", {who.service, who.user, why});
    case Need::factor: break;
  }
  if (plan.offers.empty())
    return say("{0} refuses {1}, after asking as if there were a method: {2}", {who.service, who.user, why});
  return say("{0} asks {1} for a second confirmation: {2}", {who.service, who.user, why});
}

PamReach reach_here(const Desk& desk, const std::string& service) {
  return reach_of(pam_facts(desk.options.pam.empty() ? "/etc/pam.d" : desk.options.pam), service);
}

std::string_view name(PamReach reach) {
  switch (reach) {
    case PamReach::yes: return "asks";
    case PamReach::no_line: return "no-line";
    case PamReach::account_only: return "account-only";
    case PamReach::no_file: return "no-file";
  }
  return "";
}

// The plan is what utmfa would do; PAM may never come to it.
std::string unasked(PamReach reach, const std::string& service) {
  switch (reach) {
    case PamReach::yes: return {};
    case PamReach::no_line:
      return say("but /etc/pam.d/{0} has no line with {1}: there it is never asked, and nothing of this holds",
                 {service, our_module});
    case PamReach::account_only:
      return say("but /etc/pam.d/{0} has no auth line with {1}: no question is asked there", {service, our_module});
    case PamReach::no_file: return say("but there is no /etc/pam.d/{0}: PAM reads /etc/pam.d/other for it", {service});
  }
  return {};
}

void show_plan(const Plan& plan, const Account& account) {
  int number = 0;
  for (const Offer& offer : plan.offers) {
    ++number;
    show("  " + std::to_string(number) + "  " +
         (number == 1 ? say("{0} offered first: {1}", {offer.method, in_words(offer.why)})
                      : say("{0} offered: {1}", {offer.method, in_words(offer.why)})));
  }
  for (const Refusal& refusal : plan.refusals)
    show("  -  " + say("{0} not offered: {1}", {refusal.method, in_words(refusal.why)}));
  const std::string wrong = std::to_string(account.state.streak);
  show("  " + (account.locked_until > 0 ? say("locked until {0}; {1} wrong answers since the last right one",
                                              {end_text(account.locked_until), wrong})
                                        : say("not locked; {0} wrong answers since the last right one", {wrong})));
}

Status print_plan(const Plan& plan, const SignIn& who, const Account& account, PamReach reach) {
  Json offers = Json::array(), refusals = Json::array();
  for (const Offer& each : plan.offers)
    offers.push_back(Json{{"method", each.method}, {"kind", each.kind}, {"why", each.why}});
  for (const Refusal& each : plan.refusals)
    refusals.push_back(Json{{"method", each.method}, {"kind", each.kind}, {"why", each.why}});
  Json json{{"user", who.user}, {"service", who.service}, {"from", json_text(who.from)}, {"tty", json_text(who.tty)}};
  json["unlock"] = who.purpose == Purpose::unlock;
  json["pam"] = std::string(name(reach));
  json["need"] = std::string(name(plan.need));
  json["reason"] = plan.reason;
  json["enrolled"] = plan.enrolled;
  json["offers"] = std::move(offers);
  json["refusals"] = std::move(refusals);
  json["observed_until"] = json_time(plan.observed_until);
  json["locked_until"] = json_time(account.locked_until);
  json["wrong_answers"] = account.state.streak;
  return print(json);
}

}  // namespace

// What PAM_RHOST can be. The last label of a name is no number (RFC 1123 section 2.1): 192.0.2.300 is a slip.
std::string address_fault(const std::string& text) {
  Network network;
  if (parse_address(text, network)) return {};
  constexpr std::size_t longest_name = 253, longest_label = 63;
  std::string_view host = text;
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  const std::vector<std::string_view> labels = split(host, '.');
  bool right = host.size() <= longest_name && !ascii_digits(labels.back());
  for (const std::string_view label : labels)
    right = right && !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
            lower_ascii(label).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == label.npos;
  if (right) return {};
  return say("{0}: expected an address (192.0.2.1, 2001:db8::1) or a host name", {cleaned(text, 64)});
}

Status explain(Desk& desk, const AdminOptions& options) {
  // Elsewhere nobody could tell it, and what is printed would never come true.
  if (options.purpose == Purpose::unlock && options.service.rfind("gdm-", 0) != 0)
    return Error{Code::refused, say("--unlock: only GDM (services gdm-*) tells that a screen is unlocked")};
  SignIn sign_in;
  sign_in.user = options.user;
  sign_in.service = options.service;
  sign_in.from = options.from;
  sign_in.tty = options.tty;
  sign_in.first = FirstFactor::proven;  // whoever is wrong there is asked for nothing worth explaining
  // sshd's people are elsewhere, also where nobody says from where.
  sign_in.origin = sign_in.service == "sshd" ? Origin::elsewhere : origin_of(sign_in.from, sign_in.tty, {});
  sign_in.purpose = options.purpose;
  Result<Planned> found = planned(desk, std::move(sign_in));
  if (!found) return found.error();
  const SignIn& who = found->who;
  const Account& account = found->account;
  Plan& made = found->plan;
  for (const Method& method : found->file.methods)  // a sign-in is not even told of these
    if (account.find(method.id) == nullptr)
      made.refusals.push_back({method.id, method.kind, "its first code has not been proven"});
  const PamReach reach = reach_here(desk, who.service);
  if (options.common.format == Format::json) return print_plan(made, who, account, reach);
  show(headline(made, who));
  if (reach != PamReach::yes) show("  " + unasked(reach, who.service));
  if (!who.groups) show("  " + say("the groups of {0} cannot be told: no exemption by group applies", {who.user}));
  if (made.observed_until != 0)
    show("  " + say("tried out until {0}: whoever fails is let in all the same", {date_text(made.observed_until - 1)}));
  show_plan(made, account);
  return Done{};
}

}  // namespace utmfa
