// SPDX-License-Identifier: Apache-2.0
// Questions to the security keys of this machine: bounded for each sign-in process and at a time. The program that talks
// to them is started for one question, as a user that has the devices and nothing else; what it says is passed on unread.
#include <sys/epoll.h>

#include "base/text.h"
#include "broker.h"
#include "device/frames.h"
#include "device/presence.h"
#include "device/start.h"

namespace utmfa {
namespace {

constexpr int most_questions = 64;       // of one sign-in
constexpr std::size_t most_at_once = 8;  // of the machine: each needs a person who sits here

}  // namespace

Status Broker::grant_key(Process& process, const wire::Reader& frame, Packet& packet) {
  if (process.stage != Stage::opened || !(process.registered || process.change.open))
    return Error{Code::refused, "key: there is nobody to ask for"};
  if (++process.questions > most_questions) return Error{Code::refused, "key: asked too often"};
  const std::string request(frame.text("request").substr(0, 64));
  const Status started = start_key(process, packet.bytes, request);
  wipe(packet.bytes);
  if (started) return started;
  KeyNews news = unable(started.error().what);
  if (started.error().code == Code::not_found) news.end = KeyEnd::absent;
  if (news.end == KeyEnd::unable) log("unavailable", "key: " + started.error().what);
  tell_keyed(process, request, news);
  return Done{};
}

void Broker::tell_keyed(Process& process, std::string_view request, const KeyNews& news) {
  wire::Writer reply(key_news_verb);
  reply.text("request", request);
  write_news(reply, news);
  (void)send_packet(process.channel.get(), reply.frame(), {}, Wait::no);
}

// Code::not_found: there is no key, and nobody waits for a program to tell so.
Status Broker::start_key(Process& process, std::string_view frame, const std::string& request) {
  if (key_presence() == Presence::none) return Error{Code::not_found, "no key"};
  if (questions_.size() >= most_at_once) return Error{Code::unavailable, "too many keys are asked at this moment"};
  const FidoRules& rules = config_.config().fido;
  const std::string& program = rules.program.empty() ? std::string(UTMFA_KEY) : rules.program;
  Result<Descriptor> line = start_key_program({program, rules.user}, frame);
  if (!line) return line.error();
  const int fd = line->get();
  if (Status watched = watch(fd); !watched) return watched;
  questions_.insert_or_assign(fd, Question{std::move(*line), process.channel.get(), request});
  return Done{};
}

// false: this is no line of a question.
bool Broker::served_key(int line) {
  const auto question = questions_.find(line);
  if (question == questions_.end()) return false;
  Result<Packet> packet = receive_packet(line, Wait::no);
  if (!packet && packet.error().code == Code::unavailable) return true;
  const Question ended = std::move(question->second);
  (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, line, nullptr);
  questions_.erase(question);
  const auto process = processes_.find(ended.process);
  if (process == processes_.end()) return true;
  const bool whole = packet && wire::Reader(packet->bytes).verb() == key_news_verb;
  if (!whole) {
    log("unavailable", "key: utmfa-key has ended without an answer");
    tell_keyed(process->second, ended.request, unable("utmfa-key has ended without an answer"));
    return true;
  }
  // The same bytes with a field more: which question it was.
  const std::string field = "request=" + std::to_string(ended.request.size()) + ":" + ended.request + "\n";
  std::string bytes = packet->bytes;
  bytes.insert(std::min(bytes.find('\n') + 1, bytes.size()), field);
  if (Status sent = send_packet(ended.process, bytes, {}, Wait::no); !sent)
    log("unavailable", "key: " + sent.error().what);
  return true;
}

// Its line is closed: the program lets go of the key.
void Broker::end_questions(int process) {
  for (auto each = questions_.begin(); each != questions_.end();) {
    const auto question = each++;
    if (question->second.process != process) continue;
    (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, question->first, nullptr);
    questions_.erase(question);
  }
}

}  // namespace utmfa
