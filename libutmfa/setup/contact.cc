// SPDX-License-Identifier: Apache-2.0
// Addresses in the form of RFC 5321 4.1.2 that the whole world's mail programs agree on: a dot-string, an @, a domain
// of letters, digits and hyphens. Quoted local parts and address literals are refused: nobody has one, and every one of
// their characters has been a hole somewhere.
#include "setup/contact.h"

#include <algorithm>

#include "base/text.h"
#include "notice/letter.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_local = 64, longest_address = 254, longest_label = 63, code_digits = 6;
constexpr std::string_view local_marks = "!#$%&'*+/=?^_`{|}~-";

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool atom(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return letter_or_digit(c) || local_marks.find(c) != std::string_view::npos;
  });
}

bool label(std::string_view text) {
  return !text.empty() && text.size() <= longest_label && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return letter_or_digit(c) || c == '-'; });
}

bool all_parts(std::string_view text, bool (*good)(std::string_view)) {
  const std::vector<std::string_view> parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), good);
}

GatewayRequest code_request(const AddressClaim& claim, const AddressProof& proof, const std::string& id) {
  std::string code(proof.code.view());
  const std::string here(spoken());
  speak(claim.language);
  const std::string language(spoken());
  Letter letter = code_letter(claim.user, code, claim.issuer);
  speak(here);
  GatewayRequest request;
  request.kind = "mail";
  request.id = id;
  request.user = claim.user;
  request.to = claim.address;
  request.language = language;
  request.subject = letter.subject;
  request.text = Secret(letter.text);
  request.code = proof.code.clone();
  request.expires = address_proof_seconds;
  wipe(letter.text);
  wipe(code);
  return request;
}

}  // namespace

Result<std::string> mail_address(std::string_view text) {
  text = trimmed(text);
  const std::size_t at = text.rfind('@');
  const std::string_view local = text.substr(0, at), domain = at == text.npos ? "" : text.substr(at + 1);
  // A hyphen in front would be an option to many a mail program.
  if (text.size() > longest_address || local.size() > longest_local || local.starts_with('-') ||
      !all_parts(local, atom) || !all_parts(domain, label))
    return Error{Code::invalid, shown(text) + " is no e-mail address: expected one like taro@example.ac.jp"};
  return std::string(local) + "@" + lower_ascii(domain);
}

Result<AddressProof> begin_proof(Random& random, Time now) {
  const Result<Secret> bytes = random.bytes(8);
  if (!bytes) return bytes.error();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes->size(); ++i) value = value << 8 | bytes->bytes()[i];
  AddressProof proof;
  proof.code = Secret(code_digits);
  for (std::size_t i = code_digits; i-- > 0; value /= 10) proof.code.data()[i] = static_cast<char>('0' + value % 10);
  proof.until = now + address_proof_seconds;
  return proof;
}

Proven judge_proof(AddressProof& proof, std::string_view answer, Time now) {
  // A clock that was set back does not make it longer.
  if (proof.tries_left <= 0 || now > proof.until || now < proof.until - address_proof_seconds) return Proven::over;
  --proof.tries_left;
  answer = trimmed(answer);
  Secret typed(code_digits);
  std::size_t count = 0;
  while (!answer.empty()) {
    const char each = take_typed(answer);
    if (each == ' ' || each == '-') continue;
    if (count < code_digits) typed.data()[count] = each;
    ++count;
  }
  if (count == code_digits && equal(typed.view(), proof.code.view())) {
    proof.tries_left = 0;
    return Proven::yes;
  }
  return proof.tries_left > 0 ? Proven::wrong : Proven::over;
}

Status prove_address(const AddressClaim& claim, Gateway& gateway, Conversation& conversation, Clock& clock,
                     Random& random) {
  Result<AddressProof> proof = begin_proof(random, clock.now());
  if (!proof) return proof.error();
  const Result<std::string> id = new_request_id(random);
  if (!id) return id.error();
  const Exchange exchange = gateway.deliver(code_request(claim, *proof, *id));
  if (!exchange.fault.empty() || exchange.reply.result != Delivered::sent)
    return Error{Code::unavailable, say("The code could not be sent to {0}: {1}", {claim.address, exchange.why()})};
  std::string prompt = say("Code that was sent to {0}: ", {claim.address});
  for (;;) {
    const Result<Answer> answer = conversation.ask(prompt, Echo::shown);
    if (!answer) return answer.error();
    switch (judge_proof(*proof, answer->text.view(), clock.now())) {
      case Proven::yes: return Done{};
      case Proven::wrong:
        prompt = say("That code is not right. ") + say("Code that was sent to {0}: ", {claim.address});
        break;
      case Proven::over:
        return Error{Code::refused, say("That code is not right, or its time is over. Nothing was changed.")};
    }
  }
}

Status set_contact(Registered& registered, const std::string& address, Time verified) {
  const Result<std::string> good = mail_address(address);
  if (!good) return good.error();
  registered.file.contact = Contact{*good, verified};
  return Done{};
}

Status remove_contact(Registered& registered) {
  if (!registered.file.contact) return Error{Code::refused, say("{0} has no address", {registered.file.user})};
  registered.file.contact.reset();
  return Done{};
}

Event contact_event(const std::string& user, const std::string& former, std::string_view reason) {
  Event event;
  event.what = "contact";
  event.user = user;
  event.reason = reason;
  event.also_tell = former;
  return event;
}

}  // namespace utmfa
