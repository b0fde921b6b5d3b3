// SPDX-License-Identifier: Apache-2.0
#include "phone_number.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <phonenumbers/phonenumberutil.h>
#pragma GCC diagnostic pop

#include "base/text.h"
#include "factors/factor.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_typed = 64;

}  // namespace

Result<std::string> telephone_number(const std::string& text, const std::string& region) {
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  const Error unknown{Code::invalid, say("{0} is no telephone number: one like 090-1234-5678 or +81 90 1234 5678 is "
                                         "expected",
                                         {cleaned(text, longest_typed)})};
  if (text.empty() || text.size() > longest_typed || !valid_utf8(text)) return unknown;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR || !util.IsValidNumber(number) ||
      number.has_extension())
    return unknown;
  std::string formatted;
  util.Format(number, PhoneNumberUtil::E164, &formatted);
  if (!valid_telephone(formatted)) return unknown;
  return formatted;
}

}  // namespace utmfa
