// SPDX-License-Identifier: Apache-2.0
// From the accepted connection to the result. Before the record is held this process can do little more than look up
// names; after it, almost nothing at all.
#include "sign_in_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>

#include "base/text.h"
#include "names.h"
#include "peer.h"
#include "sandbox.h"
#include "signin/sign_in.h"
#include "signin/words.h"
#include "wire_conversation.h"

namespace utmfa {
namespace {

constexpr std::int64_t hello_seconds = 2;
constexpr std::int64_t grace_seconds = 10;  // beyond the service's limit the kernel ends the process
constexpr std::size_t longest_name = 255;

class BrokerAudit final : public Audit {
 public:
  explicit BrokerAudit(int channel) : channel_(channel) {}
  Status record(const Event& event) override {
    wire::Writer frame("audit");
    frame.text("what", event.what);
    frame.text("user", cleaned(event.user, longest_name));
    frame.text("service", cleaned(event.service, longest_name));
    frame.text("from", cleaned(event.from, longest_name));
    frame.text("tty", cleaned(event.tty, longest_name));
    frame.text("method", event.method);
    frame.text("kind", event.kind);
    frame.text("reason", event.reason);
    if (event.failures >= 0) frame.number("failures", static_cast<unsigned long>(event.failures));
    if (!frame.fits()) return Error{Code::invalid, "audit: too long"};
    return send_packet(channel_, frame.frame(), {}, Wait::yes);
  }

 private:
  int channel_;
};

struct Hello {
  SignIn who;
  bool account_door = false;
};

Result<Hello> parsed_hello(std::string_view bytes) {
  const wire::Reader frame(bytes);
  if (!frame.valid() || frame.verb() != "hello") return Error{Code::invalid, "module: no hello"};
  Hello hello;
  const std::string_view door = frame.text("door");
  if (door != "authenticate" && door != "account") return Error{Code::invalid, "module: unknown door"};
  hello.account_door = door == "account";
  hello.who.user = frame.text("user");
  hello.who.service = frame.text("service");
  hello.who.from = frame.text("from");
  hello.who.tty = frame.text("tty");
  hello.who.prefer = frame.text("prefer");
  hello.who.first = frame.text("first") == "proven" ? FirstFactor::proven : FirstFactor::unknown;
  if (hello.who.user.empty() || hello.who.user.size() > longest_name)
    return Error{Code::invalid, "module: user name empty or longer than 255 bytes"};
  return hello;
}

// The canonical name and the groups; a name that nobody has goes on as an unknown one.
Result<Name> look_up(SignIn& who, const Config& config) {
  const Result<Person> found = person(who.user);
  if (!found && found.error().code == Code::not_found) return Name::unknown;
  if (!found) return found.error();
  who.user = found->name;
  who.groups = groups_of(*found, config);
  return Name::known;
}

Result<Record> record_from_broker(int channel, int connection, const SignIn& who, Name name) {
  wire::Writer frame("open");
  frame.text("user", who.user);
  frame.number("unknown", name == Name::unknown ? 1 : 0);
  if (Status sent = send_packet(channel, frame.frame(), {connection}, Wait::yes); !sent) return sent.error();
  Result<Packet> reply = receive_packet(channel, Wait::yes);
  if (!reply) return reply.error();
  return received_record(std::move(*reply));
}

void reload_if_changed(ConfigFile& config) {
  // A broken new file leaves the old one in force; the broker, which sees the same file, says so.
  if (config.changed()) (void)config.load();
}

// Somebody who connects and says nothing must not keep a waiting place: the broker starts another process. At the door
// that is open to everybody it learns at once who came, so that nobody takes all the places.
Status tell_broker(int channel, const Descriptor& connection) {
  const Result<uid_t> peer = peer_uid(connection);
  if (!peer) return peer.error();
  pollfd due = {connection.get(), POLLIN, 0};
  if (*peer == 0 && poll(&due, 1, 100) != 0) return Done{};
  const wire::Writer frame("taken");
  return send_packet(channel, frame.frame(), {connection.get()}, Wait::yes);
}

Result<Outcome> decide(SignInProcess& process, Hello& hello, WireConversation& conversation) {
  reload_if_changed(process.config);
  const Config& config = process.config.config();
  SignIn& who = hello.who;
  const Result<Name> name = look_up(who, config);
  if (!name) return name.error();
  Result<Record> record = record_from_broker(process.channel.get(), process.connection.get(), who, *name);
  if (!record) return record.error();
  const std::int64_t limit = config.service(who.service).time_limit;
  conversation.end_after(limit);
  alarm(static_cast<unsigned>(limit + grace_seconds));
  if (Status closed = close_world(); !closed) return closed.error();

  SystemClock clock;
  SystemRandom random;
  BrokerAudit audit(process.channel.get());
  const FactorRules rules{config.totp_window, config.hotp_window};
  FileVault vault(*record, rules, config.throttle, clock, random);
  Outside outside{config, vault, conversation, clock, audit};
  return hello.account_door ? account_check(who, outside) : sign_in(who, outside);
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

Outcome decided(SignInProcess& process, WireConversation& conversation) {
  Hello hello;
  try {
    const Result<std::string> bytes = conversation.receive();
    if (!bytes) return Outcome::aborted;  // nobody said who he is: nothing to tell, nobody to tell it to
    Result<Hello> parsed = parsed_hello(*bytes);
    if (!parsed) return undecided(process, hello.who, parsed.error());
    hello = std::move(*parsed);
    const Result<Outcome> outcome = decide(process, hello, conversation);
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
  if (!tell_broker(process.channel.get(), process.connection)) _exit(1);
  (void)conversation.result(decided(process, conversation));
  _exit(0);
}

}  // namespace utmfa
