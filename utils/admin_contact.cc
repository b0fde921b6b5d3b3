// SPDX-License-Identifier: Apache-2.0
// utmfa-admin contact: where a person is told of changes. The person reads the code to the desk, or the desk answers
// for the address itself, which is written down as such.
#include "admin.h"
#include "gateway/gateway.h"
#include "json.h"
#include "setup/contact.h"
#include "setup/listing.h"
#include "signin/words.h"
#include "terminal.h"
#include "terminal_talk.h"

namespace utmfa {
namespace {

Status show_contact(const Registered& registered, const AdminOptions& options, Time now) {
  const std::optional<Contact>& contact = registered.file.contact;
  if (options.common.format == Format::json)
    return print(Json{{"user", options.user},
                      {"email", json_text(contact ? contact->email : "")},
                      {"verified", json_time(contact ? contact->verified : 0)}});
  if (!contact)
    show(say("{0} has no address", {options.user}));
  else if (contact->verified == 0)
    show(say("{0}: {1}, not proven", {options.user, contact->email}));
  else
    show(say("{0}: {1}, proven {2}", {options.user, contact->email, moment(contact->verified, now)}));
  return Done{};
}

// The mail is in the language of the person, the questions are in that of the desk.
Status prove(Desk& desk, const Registered& registered, const std::string& user, const std::string& address) {
  const GatewayRules& rules = desk.config.gateway("mail");
  if (rules.command.empty())
    return Error{Code::refused, say("{0} has no gateways.{1}", {desk.options.config, "mail"}) + ": " +
                                    say("an address cannot be proven without; see --unproven-by-desk")};
  const std::string& own = registered.file.language;
  const AddressClaim claim{user, address, own.empty() ? desk.config.language : own, desk.config.issuer};
  CommandGateway gateway(rules);
  TerminalTalk talk;
  return prove_address(claim, gateway, talk, desk.clock, desk.random);
}

std::string because(const std::string& what, const AdminOptions& options) {
  return options.reason.empty() ? what : what + ": " + options.reason;
}

}  // namespace

Status contact(Desk& desk, const AdminOptions& options) {
  const Result<Registered> before = desk.registry.read(options.user);
  if (!before) return before.error();
  if (options.address.empty() && !options.remove) return show_contact(*before, options, desk.clock.now());
  const std::string former = before->file.contact ? before->file.contact->email : "";
  if (options.remove) {
    const Event event = contact_event(options.user, former, because("removed", options));
    if (Status removed = desk.change(options.user, remove_contact, event); !removed) return removed;
    show(say("{0} has no address", {options.user}));
    return Done{};
  }
  const Result<std::string> address = mail_address(options.address);
  if (!address) return address.error();
  Time verified = 0;
  if (!options.unproven) {
    if (Status proven = prove(desk, *before, options.user, *address); !proven) return proven;
    verified = desk.clock.now();
  }
  const Event event = contact_event(options.user, former == *address ? "" : former,
                                    because(options.unproven ? "set by the desk, not proven" : "proven", options));
  const auto edit = [&](Registered& registered) { return set_contact(registered, *address, verified); };
  if (Status changed = desk.change(options.user, edit, event); !changed) return changed;
  show(say("Messages for {0} go to {1}.", {options.user, *address}));
  return Done{};
}

}  // namespace utmfa
