// SPDX-License-Identifier: Apache-2.0
#include "signin/labels.h"

#include <string_view>

#include "factors/factor.h"
#include "signin/words.h"

namespace utmfa {
namespace {

// What factors/phone.cc calls the phones of a person.
constexpr std::string_view phones[] = {UTMFA_MSG("Mobile"), UTMFA_MSG("Other phone"), UTMFA_MSG("Office")};

}  // namespace

std::string shown_label(const std::string& label) {
  for (const Factor& factor : factors())
    if (label == factor.title) return say(factor.title);
  for (const std::string_view phone : phones)
    if (label == phone) return say(phone);
  return label;
}

}  // namespace utmfa
