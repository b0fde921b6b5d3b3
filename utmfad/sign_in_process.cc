// SPDX-License-Identifier: Apache-2.0
// From the accepted connection to the result. Before the record is held this process can do little more than look up
// names; after it, almost nothing at all.
#include "sign_in_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <optional>

#include "broker_keys.h"
#include "broker_line.h"
#include "broker_messenger.h"
#include "factors/sk_key.h"
#include "hello.h"
#include "names.h"
#include "peer.h"
#include "sandbox.h"
#include "session.h"
#include "set_up_process.h"
#include "signin/factor_rules.h"
#include "signin/sign_in.h"
#include "signin/words.h"
#include "ssh_server.h"
#include "wire_conversation.h"

namespace utmfa {
namespace {

constexpr std::int64_t hello_seconds = 2;
constexpr std::int64_t grace_seconds = 10;  // beyond the service's limit the kernel ends the process

struct LookedUp {
  Name name;
  std::optional<Error> doubt;  // an unknown name may be that of somebody whose directory does not answer
};

// A directory that was added since the nursery loaded what it could is not asked, and nobody of it is found.
std::optional<Error> not_all_asked(const Seen& name_service) {
  if (!name_service.changed()) return {};
  return Error{Code::unavailable, "name service: " + name_service.path() + ": changed meanwhile"};
}

// The canonical name and the groups; a name that nobody has goes on as an unknown one.
Result<LookedUp> look_up(SignIn& who, const Config& config, const Seen& name_service) {
  const Result<Person> found = person(who.user);
  if (!found && found.error().code == Code::not_found) return LookedUp{Name::unknown, not_all_asked(name_service)};
  if (!found && found.error().code == Code::unavailable) return LookedUp{Name::unknown, found.error()};
  if (!found) return found.error();
  who.user = found->name;
  who.groups = groups_of(*found, config);
  return LookedUp{Name::known, {}};
}

// Where nobody is let in for not being registered, a name in doubt is asked as an unknown one is, so that an outage does
// not tell them apart. Elsewhere an absence that is not proven lets nobody in.
FileVault::MethodSource methods_of(const LookedUp& looked_up, const Service& service) {
  if (!looked_up.doubt || (service.require == Require::always && service.not_enrolled != NotEnrolled::allow)) return {};
  return [why = *looked_up.doubt]() -> Result<MethodFile> { return why; };
}

void reload_if_changed(ConfigFile& config) {
  // A broken new file leaves the old one in force; the broker, which sees the same file, says so.
  if (config.changed()) (void)config.load();
}

// Before anything that may take its time, be it he who came or the name service: the broker has another process wait in its
// place, and learns who came, so that nobody takes all the places.
Status tell_broker(SignInProcess& process) {
  const Result<Peer> peer = peer_of(process.connection);
  if (!peer) return peer.error();
  process.peer = *peer;
  const wire::Writer frame("taken");
  return send_packet(process.channel.get(), frame.frame(), {process.connection.get()}, Wait::yes);
}

// What stays the same when a host asks again. sshd starts a process for each question of one connection, and its word,
// root's, is taken for which; everywhere else it is the process that asks, by the kernel's word.
std::string line_of(const Peer& peer, const std::string& ssh_connection) {
  if (peer.uid == 0 && !ssh_connection.empty()) return "ssh " + ssh_connection;
  return "process " + std::to_string(peer.uid) + " " + std::to_string(peer.pid);
}

// Looked up only where it matters: nothing but a push is waited for.
Texts texts_of(const SignIn& who, const Config& config) {
  const bool asks = !config.gateway("push").command.empty() && who.tty == "ssh";
  return asks && config.service(who.service).wait_prompt == WaitPrompt::automatic ? texts_of_ssh_server()
                                                                                  : Texts::with_question;
}

bool registers(const Hello& hello) { return hello.door == EntryDoor::set_up || hello.door == EntryDoor::self; }

Outcome signed_in(SignInProcess& process, const Hello& hello, Record& record, const LookedUp& looked_up,
                  WireConversation& conversation) {
  const Config& config = process.config.config();
  SystemClock clock;
  SystemRandom random;
  BrokerAudit audit(process.channel.get());
  const FactorRules rules = factor_rules(config);
  FileVault vault(record, rules, config.throttle, clock, random,
                  methods_of(looked_up, config.service(hello.who.service)));
  BrokerMessenger messenger(process.channel.get(), conversation, hello.who.connection);
  BrokerKeys keys(process.channel.get(), conversation, messenger);
  Outside outside{config, vault, conversation, clock, audit, &messenger, &keys, &random, host_name()};
  return hello.door == EntryDoor::account ? account_check(hello.who, outside) : sign_in(hello.who, outside);
}

// What the module is told; nothing where the person's own program has been told already.
Result<std::optional<Outcome>> decide(SignInProcess& process, Hello& hello, WireConversation& conversation) {
  reload_if_changed(process.config);
  const Config& config = process.config.config();
  SignIn& who = hello.who;
  who.texts = texts_of(who, config);
  const Result<LookedUp> looked_up = look_up(who, config, process.name_service);
  if (!looked_up) return looked_up.error();
  const int channel = process.channel.get();
  Result<Record> record = record_from_broker(channel, process.connection.get(), who.user, looked_up->name,
                                             registers(hello) ? For::change : For::sign_in);
  if (!record) return record.error();
  const std::int64_t limit = registers(hello) ? longest_set_up_seconds : config.service(who.service).time_limit;
  conversation.end_after(limit);
  alarm(static_cast<unsigned>(limit + grace_seconds));
  if (Status closed = close_world(); !closed) return closed.error();
  if (hello.door == EntryDoor::set_up)
    return std::optional(lead_through_set_up(*record, config, conversation, hello, channel));
  if (hello.door != EntryDoor::self) return std::optional(signed_in(process, hello, *record, *looked_up, conversation));
  (void)serve_self(*record, config, conversation, hello, channel);  // who has gone need not be told
  return std::optional<Outcome>();
}

Outcome undecided(SignInProcess& process, const SignIn& who, const Error& error) {
  Event event;
  event.what = name(Outcome::unavailable);
  event.user = who.user;
  event.service = who.service;
  event.from = who.from;
  event.reason = error.what;
  (void)BrokerAudit(process.channel.get()).record(event);
  return Outcome::unavailable;
}

std::optional<Outcome> decided(SignInProcess& process, WireConversation& conversation) {
  Hello hello;
  try {
    const Result<std::string> bytes = conversation.receive();
    if (!bytes) return Outcome::aborted;  // nobody said who he is: nothing to tell, nobody to tell it to
    Result<Hello> parsed = parsed_hello(*bytes);
    if (!parsed) return undecided(process, hello.who, parsed.error());
    hello = std::move(*parsed);
    if (process.peer.uid == 0) hello.who.host_keys = verified_sk_keys(hello.auth_info);
    hello.who.connection = line_of(process.peer, hello.who.connection);
    if (hello.who.origin == Origin::here && session_of(process.peer.pid, hello.who.tty) == Session::remote)
      hello.who.origin = Origin::elsewhere;
    if (process.peer.uid != 0) hello.who.purpose = Purpose::sign_in;  // only GDM knows whether a session is there
    const Result<std::optional<Outcome>> outcome = decide(process, hello, conversation);
    return outcome ? *outcome : undecided(process, hello.who, outcome.error());
  } catch (const std::exception& e) {
    return undecided(process, hello.who, {Code::internal, std::string("exception: ") + e.what()});
  }
}

}  // namespace

void decide_one_sign_in(SignInProcess process) {
  // fork() forgets this one: a process whose nursery has gone would not be ended with the broker.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != process.nursery) _exit(1);
  if (!process.connection)
    process.connection = Descriptor(accept4(process.listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  process.listening = Descriptor();
  if (!process.connection) _exit(1);
  alarm(static_cast<unsigned>(hello_seconds + grace_seconds));
  WireConversation conversation(process.connection.get());
  conversation.end_after(hello_seconds);
  if (!tell_broker(process)) _exit(1);
  if (const std::optional<Outcome> outcome = decided(process, conversation)) (void)conversation.result(*outcome);
  _exit(0);
}

}  // namespace utmfa
