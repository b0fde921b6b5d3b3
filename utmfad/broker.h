// SPDX-License-Identifier: Apache-2.0
// The broker: root, small, and judging nothing. It has the nursery keep a few sign-in processes waiting at each socket,
// and grants them what the table in broker.cc permits, each request checked against what the kernel says of the caller
// and against what this process already asked for. One that breaks the table is cut off.
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "audit/audit.h"
#include "audit/counters.h"
#include "base/random.h"
#include "device/key.h"
#include "listening.h"
#include "names.h"
#include "notice/outbox.h"
#include "record.h"
#include "rollout/witness.h"
#include "settings.h"
#include "wire/frame.h"

namespace utmfa {

class Broker {
 public:
  Broker(Settings settings, ConfigFile config, Records records);
  // Serves until SIGTERM or SIGINT. 0 = ended cleanly.
  int serve(Listening listening);
  // One sign-in on a connection that is already there (utmfad --session).
  int serve_one(Descriptor connection);

 private:
  enum class Door { root, user, session };
  enum class Stage { waiting, taken, opened };
  struct Change {  // of a registration, where the process was opened for it
    bool open = false, kept = false;
    Descriptor reading;
    std::string text;  // of the new method file, as far as it has come
    int loads = 0, saves = 0;
  };
  struct Message {
    int process = -1;  // the channel of the sign-in process
    std::string id;
    Secret request;    // until it is handed on
    Descriptor asker;  // the program that signs somebody in (pidfd)
    std::string line;  // his connection, as his sign-in process has it
    bool waited = false;
  };
  struct Delivery {  // a message whose gateway runs
    Descriptor line, handle;
    Message message;
  };
  struct Question {  // to the keys of this machine
    Descriptor line;
    int process = -1;  // its channel
    std::string request;
  };
  struct Process {
    unsigned long pid = 0;
    Descriptor channel;
    Descriptor handle;  // the process itself (pidfd), to end it
    Door door = Door::root;
    Stage stage = Stage::waiting;
    uid_t peer = 0;
    pid_t peer_process = 0;
    std::optional<Asker> asker;  // where a change of a PAM file waits to be confirmed
    std::string user;
    bool registered = false;  // there is a method file
    Change change;
    int audits = 0, notices = 0, deliveries = 0, questions = 0;
    std::int64_t deadline = 0;  // CLOCK_MONOTONIC, seconds
  };
  enum class Flag { once, often };
  struct Permitted {
    std::string_view verb;
    Flag flag;
    Status (Broker::*grant)(Process&, const wire::Reader&, Packet&);
  };
  static const Permitted permitted[];

  Status open_nursery(const Descriptor& connection);
  bool served_nursery(int channel);
  bool nursery_ended(int channel);
  void nursery_ready();
  bool from_nursery(int channel) const;
  void started(Door door, unsigned long pid, Packet packet);
  void ask_for(Door door);
  void keep_waiting();
  void keep_waiting(Door door, int most, int wanted);
  void serve_process(int channel);
  void end_overdue();
  int patience() const;
  void end(std::map<int, Process>::iterator process);
  Status grant(Process& process, Packet packet);
  Status grant_taken(Process&, const wire::Reader&, Packet&);
  Status grant_open(Process&, const wire::Reader&, Packet&);
  Status grant_audit(Process&, const wire::Reader&, Packet&);
  Status grant_deliver(Process&, const wire::Reader&, Packet&);
  Status grant_stop(Process&, const wire::Reader&, Packet&);
  void start_queued();
  bool room_for_delivery() const;
  static bool has_gone(const Message& message);
  Status start_delivery(Message& message);
  static Status hand_on(Delivery& delivery, Packet& packet);
  void delivered(const Delivery& ended, const Result<Packet>& packet);
  void undelivered(Process& process, std::string_view id, const Error& why);
  bool served_delivery(int line);
  void end_deliveries(int process);
  Status grant_key(Process&, const wire::Reader&, Packet&);
  Status start_key(Process& process, std::string_view frame, const std::string& request);
  static void tell_keyed(Process& process, std::string_view request, const KeyNews& news);
  bool served_key(int line);
  void end_questions(int process);
  bool too_many_deliveries();
  Status grant_load(Process&, const wire::Reader&, Packet&);
  Status grant_save(Process&, const wire::Reader&, Packet&);
  Result<Record> record_for_change(Process& process, Name name);
  static Status reply(const Process& process, const wire::Writer& frame);
  void forget_unused(const std::string& user);
  Status came_in(const Process& process, const Descriptor& connection) const;
  bool crowded(uid_t peer) const;
  Status may_act(Process& process, const std::string& user, const Descriptor& connection);
  void refuse(Process& process, const Error& why);
  enum class Reload { asked, if_changed };
  void reload(Reload when);
  void tell(Process& process, const Event& event);
  void witness(const Process& process, const Event& event);
  void log(std::string_view what, std::string_view reason);
  bool served_signal();
  Status prepare();
  int loop();
  Status watch(int fd);

  Settings settings_;
  ConfigFile config_;
  Records records_;
  SystemRandom random_;
  Outbox outbox_;
  Seen name_service_{name_service_file};
  SystemAudit audit_;
  Counters counters_;
  Listening listening_;
  Descriptor events_, signals_;
  Descriptor nursery_, coming_;         // the one that forks now, and the one that will when it is ready
  std::vector<Descriptor> leaving_;     // that fork no more, and may still have processes to hand over
  int asked_[3] = {};                   // processes asked of the nursery that have not come yet, by door
  std::int64_t next_try_[3] = {};       // when a process may be asked for again, after one could not be had, by door
  bool session_ = false;                // --session: the one process is still to be asked for
  std::map<int, Process> processes_;    // by channel
  std::map<int, Delivery> deliveries_;  // by line
  std::deque<Message> queued_;
  Descriptor runner_;                   // of deliveries; there from the first one on
  std::map<int, Question> questions_;   // by line
  std::deque<std::int64_t> delivered_;  // CLOCK_MONOTONIC, of the last hour
};

}  // namespace utmfa
