// SPDX-License-Identifier: Apache-2.0
#include "signin/sending.h"

#include <algorithm>

#include "base/text.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::int64_t early = 2;   // seconds in which a gateway that cannot do it says so
constexpr std::int64_t beyond = 8;  // what ending a gateway may take, after its time limit
constexpr std::int64_t longest = 3600;

}  // namespace

const Channel* channel_of(const Factor& factor, const Method& method, std::string_view gateway) {
  if (factor.channels == nullptr) return nullptr;
  for (const Channel& each : factor.channels(method))
    if (each.gateway == gateway) return &each;
  return nullptr;
}

Asked Sending::asked() const { return {who_.service, line_mark(who_)}; }

Asking Sending::asking(Asking::Want want) const {
  Asking asking;
  asking.method = to_.method.id;
  asking.kind = to_.method.kind;
  asking.channel = to_.channel->gateway;
  asking.asked = asked();
  asking.receiver = to_.receiver;
  asking.want = want;
  asking.proof = to_.proof;
  return asking;
}

Result<Progress> Sending::begin(const Addressee& to, Asking::Want want) {
  if (Status left = leave(); !left) return left.error();
  to_ = to;
  // An app has to be asked anew each time: what was shown in it before is over with the process that waited for it.
  const Asking::Want wanted = to_.channel->reply == Reply::matched ? Asking::Want::another : want;
  Result<Issue> issue = outside_.vault.issue(asking(wanted));
  if (!issue) return issue.error();
  switch (issue->issued) {
    case Issued::fresh: return sent(std::move(*issue));
    case Issued::sent_before: open_ = true; return Progress{Course::sent, {}, "sent before", {}};
    case Issued::too_soon:
    case Issued::too_many:
    case Issued::denied:
    case Issued::locked: break;
  }
  return not_now(*issue);
}

Progress Sending::not_now(const Issue& issue) const {
  const std::int64_t seconds = std::max<std::int64_t>(issue.again - outside_.clock.now(), 1);
  Progress progress{Course::put_off, {}, {}, {}};
  if (issue.issued == Issued::too_soon) {
    progress.lead = say("Another one can be sent in {0} seconds. ", {std::to_string(seconds)});
    progress.reason = "cooldown";
  } else if (issue.issued == Issued::too_many) {
    progress.lead = say("Nothing more is sent to you before {0}. ", {end_text(issue.again)});
    progress.reason = "too many were sent: delivery.per-hour, delivery.per-day";
  } else {
    progress.lead = say("Nothing is sent to you before {0}. ", {end_text(issue.again)});
    progress.reason = issue.issued == Issued::denied ? "refused by the person not long ago" : "locked";
  }
  return progress;
}

Result<Progress> Sending::sent(Issue issue) {
  open_ = true;
  code_ = std::move(issue.code);
  if (outside_.messenger == nullptr) return failed("nothing can be sent from here", 0);
  const std::int64_t left = std::max<std::int64_t>(issue.until - outside_.clock.now(), 1);
  GatewayRequest request;
  request.kind = to_.channel->gateway;
  request.user = who_.user;
  request.to = to_.receiver.empty() ? std::string(to_.method.field(to_.factor->receiver)) : to_.receiver;
  request.extension = to_.method.field("extension");
  request.language = spoken();
  request.service = who_.service;
  request.from = who_.from;
  request.code = code_.clone();
  std::string text = say(to_.channel->text,
                         {code_.view(), outside_.config.issuer, std::to_string(std::max<std::int64_t>(left / 60, 1))});
  request.text = Secret(text);
  wipe(text);
  request.expires = static_cast<int>(left);
  if (Status begun = outside_.messenger->begin(std::move(request)); !begun) return failed(begun.error().what, 0);
  running_ = true;
  return waited(to_.channel->reply == Reply::typed ? longest : early);
}

Result<Progress> Sending::waited(std::int64_t seconds) {
  const std::int64_t limit = outside_.config.gateway(to_.channel->gateway).time_limit + beyond;
  const Result<std::optional<News>> news = outside_.messenger->news(std::min(seconds, limit));
  gone_ = !news;
  if (!news) return news.error();
  if (*news) return read(**news);
  if (seconds < limit) return Progress{Course::running, {}, {}, {}};
  outside_.messenger->end();
  return failed("no answer from the gateway", -1);
}

Result<Progress> Sending::hear() {
  if (!running_) return Progress{Course::sent, {}, {}, {}};
  return waited(longest);
}

Result<Progress> Sending::read(const News& news) {
  running_ = false;
  if (!news.fault.empty()) return failed(news.fault, -1);
  const GatewayReply& reply = news.reply;
  const bool asked = to_.channel->reply != Reply::typed;
  switch (reply.result) {
    case Delivered::sent:
      if (to_.channel->reply == Reply::matched) return failed("the gateway brought no answer", -1);
      return Progress{Course::sent, {}, reply.detail, {}};
    case Delivered::denied:
      open_ = false;
      if (asked) return Progress{Course::denied, {}, reply.entered, {}};
      return failed("denied is no answer", -1);
    case Delivered::approved: {
      const bool numbers = outside_.config.gateway(to_.channel->gateway).matching == Matching::numbers;
      if (!asked) return failed("approved is no answer", -1);
      if (to_.channel->reply == Reply::spoken) return Progress{Course::agreed, {}, {}, code_.clone()};
      if (!reply.entered.empty()) return Progress{Course::agreed, {}, {}, Secret(reply.entered)};
      if (numbers) return failed("approved without the number: gateways.push.matching is numbers", -1);
      return Progress{Course::agreed, {}, {}, code_.clone()};
    }
    case Delivered::busy:
    case Delivered::failed: break;
  }
  return failed(reply.detail.empty() ? std::string(name(reply.result)) : reply.detail,
                reply.retry_after > 0 ? reply.retry_after : -1);
}

Result<Progress> Sending::failed(std::string reason, std::int64_t retry_after) {
  running_ = false;
  open_ = true;  // as long as it is not withdrawn
  if (Status dropped = drop(retry_after); !dropped) return dropped.error();
  return Progress{Course::failed, say(to_.channel->failed), std::move(reason), {}};
}

Status Sending::leave() {
  if (running_ && to_.channel->reply == Reply::matched) return drop();
  if (running_ && outside_.messenger != nullptr) outside_.messenger->end();
  running_ = open_ = false;
  code_ = Secret();
  return Done{};
}

Status Sending::drop(std::int64_t retry_after) {
  if (!open_) return Done{};
  if (running_ && outside_.messenger != nullptr) outside_.messenger->end();
  running_ = open_ = false;
  code_ = Secret();
  return outside_.vault.withdraw(asking(Asking::Want::any), retry_after);
}

}  // namespace utmfa
