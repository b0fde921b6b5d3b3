// SPDX-License-Identifier: Apache-2.0
// Security keys: one that is plugged in here, one at another machine (a line of utmfa-assert --register), or an ssh key
// that lives in one. Each has proven that it works before it is registered; what the device says of itself is checked
// as at a sign-in.
#include "base/encoding.h"
#include "base/text.h"
#include "factors/attestation.h"
#include "factors/key_signature.h"
#include "factors/sk_key.h"
#include "setup/acts_each.h"
#include "setup/registering.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

const Factor& fido() { return *factor_for("fido"); }

Result<std::string> new_nonce(Bench& bench) {
  const Result<Secret> nonce = bench.random.bytes(challenge_nonce_size);
  if (!nonce) return nonce.error();
  return std::string(nonce->view());
}

std::string words_of(const KeyNews& news) {
  switch (news.end) {
    case KeyEnd::absent: return say("No security key is plugged in.");
    case KeyEnd::foreign: return say("The key that is plugged in is another one.");
    case KeyEnd::busy: return say("The security key is in use by another program.");
    case KeyEnd::unplugged: return say("The security key was unplugged.");
    case KeyEnd::no_pin: return say("The security key has no PIN yet, and one is demanded here.");
    case KeyEnd::pin_needed: return say("The security key does nothing without its PIN.");
    case KeyEnd::wrong_pin: return say("Wrong PIN.");
    case KeyEnd::pin_paused: return say("Too many wrong PINs: unplug the key and plug it in again.");
    case KeyEnd::pin_blocked: return say("The PIN of the security key is blocked.");
    case KeyEnd::pin_change: return say("The security key demands a new PIN first.");
    case KeyEnd::untouched: return say("The security key was not touched in time.");
    case KeyEnd::refused: return say("The security key refused.");
    case KeyEnd::unverified: return say("The finger was not recognised.");
    case KeyEnd::known: return say("This security key is registered already.");
    case KeyEnd::done:
    case KeyEnd::unable: break;
  }
  return say("The security key does not work here now.");
}

// What is wrong with the machine is told to whoever can mend it as well.
Error failure(const KeyNews& news) {
  const bool ours = news.end == KeyEnd::unable;
  const std::string what = words_of(news);
  return {ours ? Code::unavailable : Code::refused,
          ours && !news.detail.empty() ? say("{0} The reason", {what}) + ": " + news.detail : what};
}

// Asks the key, and for its PIN where it wants one; a wrong one is asked again as long as the key allows it.
class Touching {
 public:
  explicit Touching(Bench& bench) : bench_(bench) {}

  Result<KeyNews> ask(KeyWish& wish, const std::string& words) {
    std::string lead;
    for (;;) {
      if (pin_wanted_)
        if (Status typed = type_pin(lead); !typed) return typed.error();
      wish.confirm = pin_wanted_ ? Confirm::pin : Confirm::touch;
      wish.pin = pin_.clone();
      if (Status told = say_to(bench_.talk, words); !told) return told.error();
      Result<KeyNews> news = bench_.keys->ask(wish);
      if (!news || news->end == KeyEnd::done) return news;
      const bool again = news->end == KeyEnd::wrong_pin || (news->end == KeyEnd::pin_needed && !pin_wanted_);
      if (!again) return failure(*news);
      pin_wanted_ = true;
      pin_ = Secret();
      lead = news->end != KeyEnd::wrong_pin ? ""
             : news->retries < 0            ? say("Wrong PIN. ")
                                            : say("Wrong PIN. Tries left: {0}. ", {std::to_string(news->retries)});
    }
  }

 private:
  Status type_pin(const std::string& lead) {
    if (!pin_.empty()) return Done{};
    Result<Answer> answer = bench_.talk.ask(lead + say("PIN of the security key: "), Echo::hidden);
    if (!answer) return answer.error();
    if (answer->text.empty()) return Error{Code::refused, say("nothing was changed")};
    pin_ = std::move(answer->text);
    return Done{};
  }

  Bench& bench_;
  Secret pin_;
  bool pin_wanted_ = false;
};

Wish wish_of(const Request& request, const KeyNews& made, const std::string& rp) {
  Wish wish;
  wish.label = request.label;
  wish.options = {{"credential", base64url(made.id)},
                  {"public-key", base64url(made.public_key)},
                  {"algorithm", std::string(name(made.algorithm))},
                  {"rp", rp}};
  if (made.aaguid.find_first_not_of('\0') != std::string::npos) wish.options.emplace("aaguid", hex(made.aaguid));
  return wish;
}

std::vector<Credential> registered_credentials(const Registered& registered) {
  std::vector<Credential> credentials;
  for (const Method& method : registered.file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr || factor->credential == nullptr || factor->answered(method) != Answered::by_key) continue;
    if (credentials.size() < most_credentials) credentials.push_back(factor->credential(method));
  }
  return credentials;
}

// The first answer, judged by the vault: charged, and its counter kept.
Status proven_by_touch(Bench& bench, const Registering& made, Touching& touching) {
  const Result<std::string> nonce = new_nonce(bench);
  if (!nonce) return nonce.error();
  const Credential credential = fido().credential(made.method);
  const KeyChallenge challenge{bench.host,  bench.user(), std::string(self_service), *nonce, Verification::discouraged,
                               {credential}};
  const Result<std::string> line = print_challenge(challenge);
  if (!line) return line.error();
  KeyWish wish;
  wish.verb = KeyVerb::sign;
  wish.credentials = challenge.credentials;
  wish.hash = client_data_hash(challenge);
  wish.seconds = static_cast<int>(bench.config.fido.touch);
  const Result<KeyNews> news = touching.ask(wish, say("Touch it once more, to try it."));
  if (!news) return news.error();
  const Result<std::string> answer = print_answer({credential_mark(credential.id), news->auth_data, news->signature});
  if (!answer) return answer.error();
  Attempt attempt;
  attempt.method = made.id;
  attempt.kind = made.method.kind;
  attempt.answer = *answer;
  attempt.challenge = *line;
  attempt.proof = Proof::waiting;
  const Result<Verdict> verdict = bench.registrar.judge(attempt);
  if (!verdict) return verdict.error();
  if (verdict->judged == Judged::rejected)
    return Error{Code::refused, say("The answer of the security key is not right.")};
  return told_verdict(*verdict);
}

// The person names it afterwards, when he knows that it works.
Status named(Bench& bench, const Request& request, Registering& made) {
  if (!request.label.empty() || request.form == Format::json || bench.talk.room() == Room::line) return Done{};
  for (;;) {
    const Result<std::string> label = asked(bench.talk, say("Name of this key (for example blue key): "));
    if (!label) return label.error();
    if (label->empty()) return Done{};
    const auto edit = [&](Registered& person) { return rename_method(person, made.id, *label); };
    const Status renamed = bench.registrar.change(edit);
    if (renamed) made.method.label = *label;
    if (renamed || renamed.error().code != Code::invalid) return renamed;
    if (Status told = say_to(bench.talk, renamed.error().what); !told) return told;
  }
}

Status told_end(Bench& bench, const Request& request, const Registering& made) {
  if (request.form == Format::json)
    return tell_json(bench, Json{{"id", made.id}, {"kind", made.method.kind}, {"confirmed", true}});
  return say_to(bench.talk, say("{0} ({1}) is registered.", {made.id, shown_label(made.method.label)}));
}

// `proof` runs while the method waits: whatever ends it, nothing half registered is left.
template <typename Proof>
Status added(Bench& bench, const Request& request, const Wish& wish, Proof proof) {
  Result<Registering> made = register_method(bench, fido(), wish);
  if (!made) return made.error();
  Unfinished unfinished(bench, made->id);
  if (Status right = proof(*made); !right) return right;
  if (Status done = confirm(bench, *made); !done) return done;
  unfinished.finished();
  if (Status label = named(bench, request, *made); !label) return label;
  return told_end(bench, request, *made);
}

bool makers_matter(const Bench& bench) { return !bench.config.fido.attestation.empty(); }

Status made_by_whom_we_take(const Bench& bench, const KeyNews& made, const KeyWish& wish) {
  if (!makers_matter(bench)) return Done{};
  const Result<std::string_view> fault =
      attestation_fault({made.format, made.certificate, made.auth_data, made.signature, wish.hash, wish.rp, made.id,
                         made.public_key, made.aaguid, made.algorithm},
                        bench.config.fido.makers, bench.clock.now());
  if (!fault) return fault.error();
  if (fault->empty()) return Done{};
  return Error{Code::refused, say("This security key is not taken here: {0}.", {say(*fault)})};
}

// What comes as a line or as an ssh key has no proof with it.
Status may_come_from_elsewhere(const Bench& bench) {
  if (!makers_matter(bench)) return Done{};
  return Error{Code::refused,
               say("Here a key must prove who made it, which it can only where it is plugged in: register "
                   "it at this machine, with utmfa-enroll add fido.")};
}

Status add_plugged_in(Bench& bench, const Request& request, const Registered& registered) {
  const Result<std::string> nonce = new_nonce(bench);
  if (!nonce) return nonce.error();
  const std::string& rp = bench.config.fido.rp;
  KeyWish wish;
  wish.verb = KeyVerb::make;
  wish.credentials = registered_credentials(registered);
  wish.rp = rp;
  wish.user = bench.user();
  const KeyChallenge challenge{bench.host, bench.user(), std::string(self_service), *nonce, Verification::discouraged,
                               {{rp, ""}}};
  wish.hash = client_data_hash(challenge);
  wish.seconds = static_cast<int>(bench.config.fido.touch);
  Touching touching(bench);
  const Result<KeyNews> news = touching.ask(wish, say("Touch the security key that is to be registered."));
  if (!news) return news.error();
  if (Status taken = made_by_whom_we_take(bench, *news, wish); !taken) return taken;
  const Wish method = wish_of(request, *news, rp);
  return added(bench, request, method, [&](const Registering& made) { return proven_by_touch(bench, made, touching); });
}

Result<KeyLine> checked_line(const Bench& bench, std::string_view text) {
  Result<KeyLine> line = parse_registration(text);
  if (!line) return Error{Code::refused, say("This is no line of utmfa-assert --register") + ": " + line.error().what};
  if (line->rp != bench.config.fido.rp)
    return Error{Code::refused,
                 say("This key was made for {0}: utmfa-assert --register --rp {1}", {line->rp, bench.config.fido.rp})};
  const std::string hash = registration_hash(*line);
  const Result<std::string_view> fault = fault_of(
      {line->rp, line->public_key, line->auth_data, hash, line->signature, line->algorithm, Verification::discouraged});
  if (!fault) return Error{Code::refused, fault.error().what};
  if (!fault->empty()) return Error{Code::refused, say("This line is not right: {0}", {*fault})};
  return line;
}

Status add_elsewhere(Bench& bench, const Request& request, const Registered& registered) {
  if (Status may = may_come_from_elsewhere(bench); !may) return may;
  std::string text = request.line;
  if (text.empty()) {
    if (request.form == Format::json) return Error{Code::invalid, say("--line is missing")};
    Result<std::string> typed =
        asked(bench.talk, say("Run where the key is: utmfa-assert --register   and paste its line: "));
    if (!typed) return typed.error();
    text = std::move(*typed);
  }
  const Result<KeyLine> line = checked_line(bench, text);
  if (!line) return line.error();
  for (const Credential& each : registered_credentials(registered))
    if (each.id == line->credential) return Error{Code::refused, say("This security key is registered already.")};
  KeyNews made;
  made.id = line->credential;
  made.public_key = line->public_key;
  made.algorithm = line->algorithm;
  made.aaguid = line->aaguid;
  Wish wish = wish_of(request, made, line->rp);
  wish.options.emplace("counter", std::to_string(read_auth_data(line->auth_data)->counter));
  return added(bench, request, wish, [](const Registering&) { return Status(Done{}); });
}

// sshd proves it at each sign-in.
Status add_ssh_key(Bench& bench, const Request& request, const Registered& registered) {
  if (Status may = may_come_from_elsewhere(bench); !may) return may;
  const Result<std::string> key = read_sk_key(request.ssh_key);
  if (!key) return Error{Code::refused, say(key.error().what)};
  for (const Method& method : registered.file.methods)
    if (method.field("ssh-key") == *key) return Error{Code::refused, say("This security key is registered already.")};
  Wish wish;
  wish.label = request.label;
  wish.options = {{"ssh-key", *key}};
  return added(bench, request, wish, [](const Registering&) { return Status(Done{}); });
}

}  // namespace

bool may_add_fido(const Bench& bench, const Registered& registered) {
  if (bench.origin == Origin::elsewhere && makers_matter(bench)) return false;
  return bench.keys != nullptr && static_cast<bool>(may_be_added(registered, "fido", bench.config.registration));
}

Status act_add_fido(Bench& bench, Request& request) {
  const Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  if (Status may = may_be_added(*registered, "fido", bench.config.registration); !may) return may;
  if (!request.ssh_key.empty()) return add_ssh_key(bench, request, *registered);
  if (!request.line.empty() || bench.keys == nullptr || bench.origin == Origin::elsewhere)
    return add_elsewhere(bench, request, *registered);
  return add_plugged_in(bench, request, *registered);
}

}  // namespace utmfa
