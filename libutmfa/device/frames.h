// SPDX-License-Identifier: Apache-2.0
// What is asked of utmfa-key and what it answers, as frames of the wire: one there, one back. Both are read as strictly
// as if an enemy had written them.
#pragma once

#include <string_view>

#include "device/key.h"
#include "wire/frame.h"

namespace utmfa {

void write_wish(wire::Writer& frame, const KeyWish& wish);
Result<KeyWish> read_wish(const wire::Reader& frame);

void write_news(wire::Writer& frame, const KeyNews& news);
// `wish` is what was asked: an answer that does not fit it is `unable`.
KeyNews read_news(const wire::Reader& frame, const KeyWish& wish);

inline constexpr std::string_view key_wish_verb = "key", key_news_verb = "keyed";

}  // namespace utmfa
