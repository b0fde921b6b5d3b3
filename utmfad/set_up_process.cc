// SPDX-License-Identifier: Apache-2.0
// Whoever is active proves himself by one of his methods before anything is changed; locked is locked.
#include "set_up_process.h"

#include <memory>

#include "base/text.h"
#include "broker_keys.h"
#include "names.h"
#include "signin/words.h"
#include "wire_talk.h"

namespace utmfa {
namespace {

constexpr std::string_view greeter = "gdm-";

// Adds to every line where it came from.
class PlacedAudit final : public Audit {
 public:
  PlacedAudit(Audit& audit, const SignIn& who) : audit_(audit), who_(who) {}
  Status record(const Event& event) override {
    Event placed = event;
    if (placed.service.empty()) placed.service = who_.service;
    if (placed.from.empty()) placed.from = who_.from;
    if (placed.tty.empty()) placed.tty = who_.tty;
    return audit_.record(placed);
  }

 private:
  Audit& audit_;
  const SignIn& who_;
};

// Everything that lives as long as one registration.
struct Session {
  Session(Record& record, const Config& the_config, int channel, const SignIn& who, WireConversation& line)
      : config(the_config), broker_audit(channel), audit(broker_audit, who), messenger(channel, line, who.connection),
        keys(channel, line, messenger), shelf(channel, messenger), registrar(record, shelf, config, clock, random) {}
  const Config& config;
  SystemClock clock;
  SystemRandom random;
  BrokerAudit broker_audit;
  PlacedAudit audit;
  BrokerMessenger messenger;
  BrokerKeys keys;
  BrokerShelf shelf;
  HeldRegistrar registrar;

  // In this conversation, by the methods as they are now.
  Outcome sign_in_here(SignIn who, Talk& talk) {
    who.language = spoken();
    who.first = FirstFactor::proven;
    const std::unique_ptr<FileVault> vault = registrar.vault();
    Outside outside{config, *vault, talk, clock, audit, &messenger, &keys, &random, host_name()};
    return sign_in(who, outside);
  }
};

void speak_as(const MethodFile& file, const SignIn& who, const Config& config) {
  const std::string& of_service = config.service(who.service).language;
  const std::string& usual = of_service.empty() ? config.language : of_service;
  speak(!who.language.empty() ? who.language : !file.language.empty() ? file.language : usual);
}

Status proven(Session& session, const SignIn& who, Talk& talk) {
  const Outcome outcome = session.sign_in_here(who, talk);
  if (outcome == Outcome::granted) {
    session.registrar.trust();
    return Done{};
  }
  const Code code = outcome == Outcome::unavailable ? Code::unavailable : Code::refused;
  return Error{code, say("nothing was changed: sign in with one of your methods first")};
}

Status performed(Session& session, Hello& hello, WireTalk& talk) {
  const Result<Registered> registered = session.registrar.read();
  if (!registered) return registered.error();
  speak_as(registered->file, hello.who, session.config);
  const Reach reach = act_for(hello.request.act)->reach;
  SignIn who = hello.who;
  if (reach == Reach::renews) who.without = hello.request.method;
  if (reach != Reach::looks && registered->file.status == Registration::active)
    if (Status sure = proven(session, who, talk); !sure) return sure;
  const auto trial = [&](const std::string& method) { return talk.trial(method); };
  Bench bench{session.registrar, talk,  session.config,     session.clock, session.random, session.audit,
              "utmfa-enroll",    trial, &session.messenger, &session.keys, host_name(),    hello.who.origin};
  return perform(bench, hello.request);
}

std::string_view result_word(const Status& status) {
  if (status) return "done";
  switch (status.error().code) {
    case Code::invalid:
    case Code::not_found:
    case Code::conflict:
    case Code::refused: return "refused";
    case Code::os:
    case Code::unavailable:
    case Code::corrupt:
    case Code::internal: break;
  }
  return "unavailable";
}

// What is wrong with the machine is the log's affair.
std::string told(const Error& error, bool gone) {
  if (gone) return say("stopped");
  const bool ours = error.code == Code::os || error.code == Code::corrupt || error.code == Code::internal;
  return ours ? say("This cannot be done now. Please tell your administrator.") : say(error.what);
}

void log_end(Session& session, Outcome outcome, const Status& status) {
  Event event;
  event.what = name(outcome);
  event.user = session.registrar.user();
  if (!status) event.reason = status.error().what;
  (void)session.audit.record(event);
}

Outcome outcome_of(const Status& status, const Talk& talk) {
  if (status) return Outcome::set_up_done;
  if (talk.gone()) return Outcome::aborted;
  return result_word(status) == "refused" ? Outcome::denied : Outcome::unavailable;
}

Status tried_here(Session& session, SignIn who, Talk& talk, const std::string& method) {
  who.service = test_service;
  who.prefer = method;
  const Outcome outcome = session.sign_in_here(who, talk);
  if (outcome == Outcome::granted) return Done{};
  return Error{outcome == Outcome::unavailable ? Code::unavailable : Code::refused, say("That did not work.")};
}

// The plan is asked again: whoever may put it off is told so by nobody else.
Result<Outcome> led_through(Session& session, Bench& bench, const SignIn& who) {
  const Result<Account> account = session.registrar.vault()->account();
  if (!account) return account.error();
  const Result<Registered> before = session.registrar.read();
  if (!before) return before.error();
  speak_as(before->file, who, session.config);
  if (before->file.status == Registration::active)
    return Error{Code::refused, say("Your methods were changed meanwhile. Please sign in again.")};
  if (plan(session.config, who, *account, session.clock.now(), 0).need == Need::offer) {
    const std::int64_t left = session.config.service(who.service).remind - before->file.reminded - 1;
    const Result<Consent> now = offered(bench, left);
    if (!now) return now.error();
    if (*now == Consent::withheld) return Outcome::set_up_put_off;
  }
  if (Status done = guided(bench, Occasion::at_sign_in); !done) return done.error();
  return Outcome::set_up_done;
}

}  // namespace

Status serve_self(Record& record, const Config& config, WireConversation& line, Hello& hello, int channel) {
  Session session(record, config, channel, hello.who, line);
  WireTalk talk(line, Listener::program, Room::page);
  const Status done = performed(session, hello, talk);
  if (outcome_of(done, talk) == Outcome::unavailable) log_end(session, Outcome::unavailable, done);
  wire::Writer frame("result");
  frame.text("code", talk.gone() && !done ? "refused" : result_word(done));
  if (!done) frame.text("text", cleaned(told(done.error(), talk.gone()), 2000));
  return line.send(frame);
}

Outcome lead_through_set_up(Record& record, const Config& config, WireConversation& line, const Hello& hello,
                            int channel) {
  Session session(record, config, channel, hello.who, line);
  const Room room = hello.who.service.rfind(greeter, 0) == 0 ? Room::line : Room::page;
  WireTalk talk(line, Listener::module, room);
  const auto trial = [&](const std::string& method) { return tried_here(session, hello.who, talk, method); };
  Bench bench{session.registrar,  talk,          config,         session.clock,
              session.random,     session.audit, "utmfa-enroll", trial,
              &session.messenger, &session.keys, host_name(),    hello.who.origin};
  const Result<Outcome> led = led_through(session, bench, hello.who);
  const Status done = led ? Status(Done{}) : Status(led.error());
  const Outcome outcome = led ? *led : outcome_of(done, talk);
  log_end(session, outcome, done);
  if (!done && !talk.gone()) (void)talk.tell(told(done.error(), talk.gone()), Style::error);
  return outcome;
}

}  // namespace utmfa
