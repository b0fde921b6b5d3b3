// SPDX-License-Identifier: Apache-2.0
// One notice at a time. A notice is removed after it was sent: a stop in between sends it twice rather than never.
#include "notice/delivery.h"

#include <algorithm>

#include "base/encoding.h"
#include "factors/factor.h"
#include "notice/letter.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::int64_t first_wait = 60, longest_wait = 4 * 3600;
constexpr int faults_in_a_row = 3;  // then it is the gateway, and the others wait without an attempt of their own

void log(Delivery& delivery, std::string_view what, const Notice& notice, const std::string& reason) {
  Event event;
  event.what = what;
  event.user = notice.user;
  event.reason = notice.what.empty() ? reason : notice.what + (reason.empty() ? "" : ": " + reason);
  (void)delivery.audit.record(event);
}

Status give_up(Delivery& delivery, const Outbox::Entry& entry, const std::string& why) {
  log(delivery, "notice-given-up", entry.notice, why);
  return delivery.outbox.remove(entry.file);
}

enum class Sent { done, later, gateway_down };

Result<Sent> try_later(Delivery& delivery, Outbox::Entry& entry, const Exchange& exchange) {
  ++entry.notice.attempts;
  const Time now = delivery.clock.now();
  entry.notice.next = now + wait_after(entry.notice.attempts, exchange.reply.retry_after);
  if (entry.notice.next > entry.notice.made + longest_queued) {
    const Status gone = give_up(delivery, entry, exchange.why());
    return gone ? Result<Sent>(Sent::done) : gone.error();
  }
  log(delivery, "notice-delayed", entry.notice, exchange.why());
  if (Status replaced = delivery.outbox.replace(entry); !replaced) return replaced.error();
  return exchange.fault.empty() ? Sent::later : Sent::gateway_down;
}

Result<Sent> send(Delivery& delivery, Outbox::Entry& entry) {
  Notice& notice = entry.notice;
  Address to{notice.to, notice.language};
  if (to.email.empty()) {
    const Result<Address> found = delivery.addresses.address(notice.user);
    if (!found) {
      // Most people of a new house have no address yet: not worth a line each.
      const bool none = found.error().code == Code::not_found;
      const Status gone = none ? delivery.outbox.remove(entry.file) : give_up(delivery, entry, found.error().what);
      return gone ? Result<Sent>(Sent::done) : gone.error();
    }
    to = *found;
  }
  speak(to.language.empty() ? delivery.language : to.language);
  const Letter letter = letter_of(notice, delivery.issuer, delivery.machine);
  const Result<std::string> id = new_request_id(delivery.random);
  if (!id) return id.error();
  GatewayRequest request;
  request.kind = "mail";
  request.id = *id;
  request.user = notice.user;
  request.to = to.email;
  request.language = spoken();
  request.subject = letter.subject;
  request.text = Secret(letter.text);
  const Exchange exchange = delivery.gateway.deliver(request);
  if (!exchange.fault.empty() || exchange.reply.result != Delivered::sent) return try_later(delivery, entry, exchange);
  log(delivery, "notice-sent", notice, {});
  if (Status removed = delivery.outbox.remove(entry.file); !removed) return removed.error();
  return Sent::done;
}

void wait_for(Waiting& waiting, Time next) {
  waiting.next = waiting.count == 0 ? next : std::min(waiting.next, next);
  ++waiting.count;
}

}  // namespace

Result<Address> MethodFileAddresses::address(const std::string& user) {
  const std::string name = file_name(user) + ".yaml", path = methods_ + "/" + name;
  const Result<Descriptor> directory = open_directory(methods_, Privacy::secret);
  if (!directory) return directory.error();
  const Result<Descriptor> file = open_file(directory->get(), name, path, Privacy::secret, Access::read);
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_method_file);
  if (!text) return text.error();
  const Result<MethodFile> read = parse_method_file(*text, path, kind_rules());
  if (!read) return read.error();
  if (read->user != user) return Error{Code::corrupt, path + ": belongs to another user"};
  if (!read->contact || read->contact->email.empty()) return Error{Code::not_found, path + ": no contact"};
  return Address{read->contact->email, read->language};
}

std::int64_t wait_after(int attempts, std::int64_t retry_after) {
  std::int64_t wait = first_wait;
  for (int i = 1; i < attempts && wait < longest_wait; ++i) wait *= 2;
  return std::max(std::min(wait, longest_wait), std::min(retry_after, longest_retry_after));
}

Result<Waiting> deliver_due(Delivery& delivery) {
  std::vector<std::string> broken;
  Result<std::vector<Outbox::Entry>> entries = delivery.outbox.entries(broken);
  if (!entries) return entries.error();
  for (const std::string& each : broken) log(delivery, "notice-given-up", {}, each);
  Waiting waiting;
  int faults = 0;
  for (Outbox::Entry& entry : *entries) {
    const Time now = delivery.clock.now();
    if (faults >= faults_in_a_row && entry.notice.next <= now) {
      wait_for(waiting, now + first_wait);
      continue;
    }
    // A clock that was set back must not keep a notice for ever.
    const Time latest = now + longest_retry_after;
    if (entry.notice.next > now && entry.notice.next <= latest) {
      wait_for(waiting, entry.notice.next);
      continue;
    }
    if (now - entry.notice.made > longest_queued) {
      if (Status gone = give_up(delivery, entry, "not delivered in time"); !gone) return gone.error();
      continue;
    }
    const Result<Sent> sent = send(delivery, entry);
    if (!sent) return sent.error();
    faults = *sent == Sent::gateway_down ? faults + 1 : 0;
    if (*sent != Sent::done) wait_for(waiting, entry.notice.next);
  }
  return waiting;
}

Status give_all_up(Delivery& delivery, const std::string& why) {
  std::vector<std::string> broken;
  const Result<std::vector<Outbox::Entry>> entries = delivery.outbox.entries(broken);
  if (!entries) return entries.error();
  for (const Outbox::Entry& entry : *entries)
    if (Status removed = delivery.outbox.remove(entry.file); !removed) return removed;
  if (!entries->empty()) log(delivery, "notice-given-up", {}, std::to_string(entries->size()) + " notices: " + why);
  return Done{};
}

}  // namespace utmfa
