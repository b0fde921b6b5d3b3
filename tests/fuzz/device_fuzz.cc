// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between a sign-in process and the program that talks to security keys, in both directions. What is
// read is bounded and fits what was asked.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "device/frames.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

void hold_news(const utmfa::wire::Reader& frame, utmfa::KeyVerb verb) {
  utmfa::KeyWish wish;
  wish.verb = verb;
  wish.credentials = {{"utmfa", "one"}, {"utmfa", "two"}};
  const utmfa::KeyNews news = utmfa::read_news(frame, wish);
  demand(news.detail.size() <= 300 && news.retries >= -1 && news.retries <= 100);
  if (news.end != utmfa::KeyEnd::done) return;
  demand(verb == utmfa::KeyVerb::make || news.credential < wish.credentials.size());
  demand(verb != utmfa::KeyVerb::sign || (news.auth_data.size() >= 37 && news.auth_data.size() <= 256));
  demand(verb != utmfa::KeyVerb::sign || (!news.signature.empty() && news.signature.size() <= 512));
  demand(verb != utmfa::KeyVerb::make || (!news.public_key.empty() && !news.id.empty()));
  demand(verb != utmfa::KeyVerb::make || (news.certificate.size() <= 4096 && news.format.size() <= 32));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const utmfa::wire::Reader frame({reinterpret_cast<const char*>(data), size});
  for (const utmfa::KeyVerb verb : {utmfa::KeyVerb::look, utmfa::KeyVerb::sign, utmfa::KeyVerb::make})
    hold_news(frame, verb);
  const utmfa::Result<utmfa::KeyWish> wish = utmfa::read_wish(frame);
  if (!wish) return 0;
  demand(wish->seconds > 0 && wish->seconds <= utmfa::longest_touch_seconds);
  demand(wish->credentials.size() <= utmfa::most_credentials && wish->pin.size() <= 63);
  utmfa::wire::Writer again(utmfa::key_wish_verb);
  write_wish(again, *wish);
  demand(again.fits() && utmfa::read_wish(utmfa::wire::Reader(again.frame())));
  return 0;
}
