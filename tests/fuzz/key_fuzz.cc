// SPDX-License-Identifier: Apache-2.0
// Whatever a key on USB may send, to the unmodified libfido2 and to what utmfa-key makes of it. The input is a transcript:
// 65 bytes a packet, of which the first tells the direction; those that a key sent are sent again.
#include <cstdint>
#include <cstdlib>

#include "../support/replayed_key.h"
#include "device/frames.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const utmfa::KeyVerb verb : {utmfa::KeyVerb::look, utmfa::KeyVerb::sign, utmfa::KeyVerb::make}) {
    const utmfa::KeyWish wish = utmfa::test::replayed_wish(verb);
    const utmfa::KeyNews news = utmfa::test::replayed({reinterpret_cast<const char*>(data), size}, wish);
    utmfa::wire::Writer frame(utmfa::key_news_verb);
    write_news(frame, news);
    demand(frame.fits());
    const utmfa::KeyNews read = read_news(utmfa::wire::Reader(frame.frame()), wish);
    demand(read.end == news.end || read.end == utmfa::KeyEnd::unable);
  }
  return 0;
}
