// SPDX-License-Identifier: Apache-2.0
// The table of permitted requests, and the loop that serves them.
#include "broker.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "names.h"
#include "nursery.h"
#include "peer.h"
#include "sandbox.h"

namespace utmfa {
namespace {

constexpr std::int64_t hello_deadline = 20, longest_sign_in = 630,  // seconds; the longest time-limit is 600
    longest_set_up = 930;

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

}  // namespace

const Broker::Permitted Broker::permitted[] = {
    {"taken", Flag::once, &Broker::grant_taken},       // connected: start another one to wait
    {"open", Flag::once, &Broker::grant_open},         // the record of the person that the peer may act for
    {"audit", Flag::often, &Broker::grant_audit},      // a line, about that person only once the record is open
    {"load", Flag::often, &Broker::grant_load},        // where a registration is changed: that person's method file
    {"save", Flag::often, &Broker::grant_save},        // and another one in its place
    {"deliver", Flag::often, &Broker::grant_deliver},  // a message to that person, by a gateway
    {"key", Flag::often, &Broker::grant_key},          // a question to the security keys of this machine
    {"stop", Flag::often, &Broker::grant_stop},        // nobody waits for it any more
};

Broker::Broker(Settings settings, ConfigFile config, Records records)
    : settings_(std::move(settings)), config_(std::move(config)), records_(std::move(records)),
      outbox_(settings_.data_dir, random_) {}

Status Broker::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return os_error("utmfad", "epoll_ctl");
  return Done{};
}

// It takes the place of the present one, if there is one, when it has said that it is ready.
Status Broker::open_nursery(const Descriptor& connection) {
  if (coming_) (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, coming_.get(), nullptr);
  Result<NurseryStart> nursery = start_nursery(settings_, listening_, connection);
  if (!nursery) return nursery.error();
  coming_ = std::move(nursery->channel);
  return watch(coming_.get());
}

void Broker::ask_for(Door door) {
  wire::Writer frame("start");
  frame.text("door", door == Door::root ? "root" : door == Door::user ? "user" : "session");
  if (send_packet(nursery_.get(), frame.frame(), {}, Wait::no)) ++asked_[static_cast<int>(door)];
}

// The one before ends when the last process that it forked has ended. What it has forked is still taken from it: a
// process of which nobody knew would take a connection and be of no use to it.
void Broker::nursery_ready() {
  if (nursery_ && shutdown(nursery_.get(), SHUT_WR) == 0) leaving_.push_back(std::move(nursery_));
  nursery_ = std::move(coming_);
  for (int& each : asked_) each = 0;
  if (session_) ask_for(Door::session);
  session_ = false;
}

void Broker::started(Door door, unsigned long pid, Packet packet) {
  if (packet.descriptors.size() != 2) return;
  Process process;
  process.pid = pid;
  process.door = door;
  process.channel = std::move(packet.descriptors[0]);
  process.handle = std::move(packet.descriptors[1]);
  const int channel = process.channel.get();
  if (Status watched = watch(channel); !watched) return log("unavailable", watched.error().what);
  processes_.emplace(channel, std::move(process));
}

bool Broker::from_nursery(int channel) const {
  return channel == nursery_.get() || channel == coming_.get() ||
         std::any_of(leaving_.begin(), leaving_.end(), [&](const Descriptor& each) { return each.get() == channel; });
}

// false: there is no nursery and none can be had.
bool Broker::served_nursery(int channel) {
  Result<Packet> packet = receive_packet(channel, Wait::no);
  if (!packet) return packet.error().code != Code::not_found || nursery_ended(channel);
  const wire::Reader frame(packet->bytes);
  if (!frame.valid()) return true;
  if (frame.verb() == "ready" && channel == coming_.get()) nursery_ready();
  if (frame.verb() != "started" && frame.verb() != "failed") return true;
  const std::string_view name = frame.text("door");
  const Door door = name == "root" ? Door::root : name == "user" ? Door::user : Door::session;
  int& asked = asked_[static_cast<int>(door)];
  if (channel == nursery_.get()) asked = std::max(0, asked - 1);
  if (frame.verb() == "started") {
    started(door, frame.number("pid", 1UL << 30, 0), std::move(*packet));
    return true;
  }
  log("unavailable", "no sign-in process can be started: " + std::string(frame.text("why")));
  next_try_[static_cast<int>(door)] = monotonic_seconds() + 1;
  return listening_.root.get() >= 0;
}

bool Broker::nursery_ended(int channel) {
  (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, channel, nullptr);
  if (std::erase_if(leaving_, [&](const Descriptor& each) { return each.get() == channel; }) > 0) return true;
  if (channel == coming_.get()) {
    coming_ = Descriptor();
    log("unavailable",
        nursery_ ? "a new nursery could not start: the present one stays" : "the nursery could not start");
    return static_cast<bool>(nursery_);
  }
  nursery_ = Descriptor();
  log("unavailable", "the nursery of sign-in processes has ended");
  return listening_.root && (coming_ || open_nursery({}));
}

void Broker::keep_waiting() {
  const Limits& limits = config_.config().limits;
  if (listening_.root) keep_waiting(Door::root, limits.root_sign_ins, limits.waiting);
  if (listening_.user) keep_waiting(Door::user, limits.user_sign_ins, std::max(1, limits.waiting / 2));
}

void Broker::keep_waiting(Door door, int most, int wanted) {
  if (!nursery_ || monotonic_seconds() < next_try_[static_cast<int>(door)]) return;
  int waiting = asked_[static_cast<int>(door)], all = waiting;
  for (const auto& [channel, process] : processes_) {
    all += process.door == door ? 1 : 0;
    waiting += process.door == door && process.stage == Stage::waiting ? 1 : 0;
  }
  for (; waiting < wanted && all < most; ++waiting, ++all) ask_for(door);
}

Status Broker::grant(Process& process, Packet packet) {
  const wire::Reader frame(packet.bytes);
  if (!frame.valid()) return Error{Code::invalid, "malformed request"};
  for (const Permitted& each : permitted) {
    if (frame.verb() != each.verb) continue;
    if (each.flag == Flag::once && process.stage == Stage::opened)
      return Error{Code::refused, std::string(each.verb) + ": asked twice"};
    return (this->*each.grant)(process, frame, packet);
  }
  return Error{Code::refused, "request not in the table"};
}

Status Broker::grant_taken(Process& process, const wire::Reader&, Packet& packet) {
  if (process.stage != Stage::waiting) return Error{Code::refused, "taken: asked twice"};
  if (packet.descriptors.size() != 1) return Error{Code::invalid, "taken: expected one connection"};
  if (Status came = came_in(process, packet.descriptors[0]); !came) return came;
  const Result<uid_t> peer = peer_uid(packet.descriptors[0]);
  if (!peer) return peer.error();
  process.stage = Stage::taken;
  process.peer = *peer;
  process.deadline = monotonic_seconds() + hello_deadline;
  // Cut off without a word, so that neither the places nor the log are his.
  if (crowded(*peer)) return Error{Code::unavailable, "limits.per-user"};
  return Done{};
}

Status Broker::came_in(const Process& process, const Descriptor& connection) const {
  if (process.door == Door::session) return is_connection(connection);
  return came_in_at(process.door == Door::root ? listening_.root : listening_.user, connection);
}

// More processes than one person may have at a time; root, who speaks for many, is not counted.
bool Broker::crowded(uid_t peer) const {
  int same = 0;
  for (const auto& [channel, each] : processes_) same += each.stage != Stage::waiting && each.peer == peer ? 1 : 0;
  return peer != 0 && same > config_.config().limits.per_user;
}

// The sign-in process is not believed about its caller.
Status Broker::may_act(Process& process, const std::string& user, const Descriptor& connection) {
  const Result<Peer> peer = peer_of(connection);
  if (!peer) return peer.error();
  process.peer = peer->uid;
  process.peer_process = peer->pid;
  if (peer->uid == 0) return Done{};
  const Result<Person> asked = person(user);
  if (!asked || asked->uid != peer->uid)
    return Error{Code::refused, "uid " + std::to_string(peer->uid) + " may not sign in as " + cleaned(user, 64)};
  if (crowded(peer->uid))
    return Error{Code::refused, "uid " + std::to_string(peer->uid) + " has too many sign-ins open (limits.per-user)"};
  return Done{};
}

void Broker::refuse(Process& process, const Error& why) {
  wire::Writer frame("refused");
  frame.text("why", why.what);
  (void)send_packet(process.channel.get(), frame.frame(), {}, Wait::no);
}

Status Broker::grant_open(Process& process, const wire::Reader& frame, Packet& packet) {
  if (packet.descriptors.size() != 1) return Error{Code::invalid, "open: expected one connection"};
  if (listening_.root) reload(Reload::if_changed);
  process.user = frame.text("user");
  const Name name = frame.number("unknown", 1, 0) == 1 ? Name::unknown : Name::known;
  const Descriptor& connection = packet.descriptors[0];
  const Status came = came_in(process, connection);
  if (!came) return came;
  process.stage = Stage::opened;
  const bool change = frame.number("change", 1, 0) == 1;
  process.deadline = monotonic_seconds() + (change ? longest_set_up : longest_sign_in);
  const Status allowed = may_act(process, process.user, connection);
  if (!allowed) {
    refuse(process, allowed.error());
    return Done{};
  }
  if (process.peer == 0) process.asker = asker_of_now(settings_.data_dir, process.peer_process);
  const Result<Record> record = change ? record_for_change(process, name) : records_.record(process.user, name);
  process.registered = record && record->methods;
  if (!record)
    refuse(process, record.error());
  else if (Status sent = send_record(process.channel.get(), *record); !sent)
    return sent;
  return Done{};
}

void Broker::serve_process(int channel) {
  const auto process = processes_.find(channel);
  if (process == processes_.end()) return;
  Result<Packet> packet = receive_packet(channel, Wait::no);
  if (!packet && packet.error().code == Code::unavailable) return;
  if (!packet) return end(process);
  const Status granted = grant(process->second, std::move(*packet));
  if (granted) return;
  if (granted.error().code != Code::unavailable)
    log("refused", "sign-in process " + std::to_string(process->second.pid) + ": " + granted.error().what);
  end(process);
}

// It has closed its channel, broken the table, or outlived its time; whatever it is doing, it is over.
void Broker::end(std::map<int, Process>::iterator process) {
  (void)syscall(SYS_pidfd_send_signal, process->second.handle.get(), SIGKILL, nullptr, 0);
  // A process forked a moment ago may still hold a copy of this channel; only this takes it off the queue for sure.
  (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, process->first, nullptr);
  const std::string registering = process->second.change.open ? process->second.user : std::string();
  end_deliveries(process->first);
  end_questions(process->first);
  processes_.erase(process);
  if (!registering.empty()) forget_unused(registering);
}

void Broker::end_overdue() {
  const std::int64_t now = monotonic_seconds();
  for (auto each = processes_.begin(); each != processes_.end();) {
    const auto process = each++;
    if (process->second.stage == Stage::waiting || process->second.deadline > now) continue;
    log("unavailable", "a sign-in process outlived its time: user " + cleaned(process->second.user, 64));
    end(process);
  }
}

// Milliseconds until something is due without an event; -1 = nothing is.
int Broker::patience() const {
  const std::int64_t latest = *std::max_element(std::begin(next_try_), std::end(next_try_));
  if (latest != 0 && monotonic_seconds() <= latest) return 1000;
  for (const auto& [channel, each] : processes_)
    if (each.stage != Stage::waiting) return 10000;
  return -1;
}

// Whatever changed, people who are signing in at this moment go on with what they began with.
void Broker::reload(Reload when) {
  const bool config = when == Reload::asked || config_.changed();
  const bool keys = when == Reload::asked || records_.keys_changed();
  const bool names = name_service_.changed();
  bool good = false;
  if (config) {
    const Status loaded = config_.load();
    good = static_cast<bool>(loaded);
    log(loaded ? "reloaded" : "unavailable",
        loaded ? "configuration read again" : "the old configuration stays in force: " + loaded.error().what);
  }
  if (keys) {
    Result<Records> records = Records::open(settings_);
    if (records)
      records_ = std::move(*records);
    else
      log("unavailable", "the old keys stay in force: " + records.error().what);
  }
  if (good) runner_ = Descriptor();  // the next message is for one that knows it
  if (!good && !names) return;
  name_service_.look();
  if (Status nursery = open_nursery({}); !nursery) log("unavailable", nursery.error().what);
}

bool Broker::served_signal() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != sizeof info) return true;
  if (info.ssi_signo != SIGHUP) return false;
  reload(Reload::asked);
  return true;
}

int Broker::loop() {
  while (listening_.root || session_ || !processes_.empty() || asked_[static_cast<int>(Door::session)] > 0) {
    epoll_event ready[32];
    const int count = epoll_wait(events_.get(), ready, 32, patience());
    if (count < 0 && errno != EINTR) return 1;
    for (int i = 0; i < count; ++i) {
      const int fd = ready[i].data.fd;
      if (fd == signals_.get() && !served_signal()) return 0;
      const bool nursery = from_nursery(fd);
      if (nursery && !served_nursery(fd)) return 1;
      if (fd != signals_.get() && !nursery && !served_delivery(fd) && !served_key(fd)) serve_process(fd);
    }
    end_overdue();
    keep_waiting();
  }
  return 0;
}

Status Broker::prepare() {
  sigset_t caught;
  sigemptyset(&caught);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&caught, each);
  sigset_t blocked = caught;
  sigaddset(&blocked, SIGPIPE);  // where nobody reads standard error any more either; children begin with none blocked
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;  // a nursery that has ended leaves nothing to reap
  (void)sigaction(SIGCHLD, &ignored, nullptr);
  events_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  signals_ = Descriptor(signalfd(-1, &caught, SFD_CLOEXEC));
  if (!events_ || !signals_) return os_error("utmfad", "event queue");
  if (Result<Counters> counters = Counters::open(settings_.data_dir); counters) counters_ = std::move(*counters);
  return watch(signals_.get());
}

int Broker::serve_one(Descriptor connection) {
  Status ready = prepare();
  if (ready) ready = open_nursery(connection);
  if (!ready) {
    log("unavailable", ready.error().what);
    return 1;
  }
  connection = Descriptor();
  session_ = true;
  return loop();
}

int Broker::serve(Listening listening) {
  listening_ = std::move(listening);
  Status ready = prepare();
  if (ready) ready = open_nursery({});
  if (!ready) {
    log("unavailable", ready.error().what);
    return 1;
  }
  if (landlock_of_kernel() == Landlock::absent)
    log("started",
        "this kernel has no Landlock: sign-in processes are confined by user, system-call filter and "
        "descriptors only");
  for (const std::string& warning : config_.config().warnings) log("warning", warning);
  keep_waiting();
  notify("READY=1");
  const int status = loop();
  notify("STOPPING=1");
  remove_sockets(listening_);
  return status;
}

}  // namespace utmfa
