// SPDX-License-Identifier: Apache-2.0
// Every format on disk and on a line, with the version that this program writes: docs/formats.md tells who reads which and
// what a reader does with another version, and tests/house/formats.py holds the two together. A version is raised where an
// older reader must not guess; he refuses what is newer by other_version(), and never takes it for damaged or absent.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace utmfa {

struct FormatVersion {
  std::string_view name;  // as docs/formats.md has it
  int version;
};

namespace formats {

inline constexpr FormatVersion configuration{"configuration", 1};
inline constexpr FormatVersion data_directory{"data directory", 1};
inline constexpr FormatVersion key_ring{"key ring", 1};
inline constexpr FormatVersion method_file{"method file", 1};
inline constexpr FormatVersion sealed_value{"sealed value", 1};
inline constexpr FormatVersion state_file{"state file", 1};
// 2: with what was sent to the person; written where something was.
inline constexpr FormatVersion state_record{"state record", 2};
inline constexpr FormatVersion token_stock{"token stock", 1};
inline constexpr FormatVersion notice{"notice", 1};
inline constexpr FormatVersion pending_change{"pending change", 1};
inline constexpr FormatVersion counters{"counters", 1};
inline constexpr FormatVersion parcel{"parcel", 1};
inline constexpr FormatVersion wire{"wire", 1};
inline constexpr FormatVersion assertion_line{"assertion line", 1};
inline constexpr FormatVersion gateway_message{"gateway message", 1};

}  // namespace formats

// `found` is what stands in the place of the number: "WHERE: method file: version is 2, written by a newer utmfa: 1 is
// expected: upgrade this machine, or ...". What is older is for `utmfa-admin migrate`.
Error other_version(const std::string& where, const FormatVersion& expected, std::string_view found);
bool newer(const FormatVersion& known, std::string_view found);  // a number, and greater

// A directory whose files are laid out in another way says so in its file `version`; without one it is version 1.
Status known_layout(const std::string& directory, const FormatVersion& expected);

}  // namespace utmfa
