// SPDX-License-Identifier: Apache-2.0
// One question that is put to a person elsewhere: a code is issued by the vault, handed to the gateway, and what comes
// back is read. It decides nothing: what an answer is worth is the vault's affair. Used by dialogue.cc and by setup/, which
// proves numbers.
#pragma once

#include <string>
#include <string_view>

#include "signin/sign_in.h"

namespace utmfa {

// Whom to ask, and on which way.
struct Addressee {
  const Factor* factor = nullptr;
  const Channel* channel = nullptr;
  Method method;
  std::string receiver;  // "" = as the method says
  Proof proof = Proof::confirmed;
};

const Channel* channel_of(const Factor& factor, const Method& method, std::string_view gateway);

// running: the gateway still waits for the person's answer. agreed: `answer` is what is to be judged. put_off: not now,
// the former one still holds.
enum class Course { sent, running, agreed, denied, put_off, failed };
struct Progress {
  Course course = Course::failed;
  std::string lead;    // for the person
  std::string reason;  // for the log
  Secret answer;
};

class Sending {
 public:
  Sending(const SignIn& who, Outside& outside) : who_(who), outside_(outside) {}

  Result<Progress> begin(const Addressee& to, Asking::Want want);
  // Waits for the gateway's last word. An Error: the person is gone.
  Result<Progress> hear();
  // Nobody waits for an answer any more: what was sent is worth nothing.
  Status drop(std::int64_t retry_after = -1);
  Status leave();  // another method is asked for; a code that was sent may still be typed later

  void stay() { open_ = true; }  // the one that was sent before still holds
  bool running() const { return running_; }
  bool gone() const { return gone_; }  // the person, while the gateway was waited for
  bool to(std::string_view method, const Channel* channel) const {
    return open_ && to_.method.id == method && to_.channel == channel;
  }
  std::string_view number() const { return code_.view(); }
  Asked asked() const;

 private:
  Asking asking(Asking::Want want) const;
  Result<Progress> sent(Issue issue);
  Result<Progress> read(const News& news);
  Result<Progress> failed(std::string reason, std::int64_t retry_after);
  Progress not_now(const Issue& issue) const;
  Result<Progress> waited(std::int64_t seconds);
  const SignIn& who_;
  Outside& outside_;
  Addressee to_;
  Secret code_;
  bool open_ = false, running_ = false, gone_ = false;
};

}  // namespace utmfa
