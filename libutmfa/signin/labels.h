// SPDX-License-Identifier: Apache-2.0
// The name of a method as its person reads it. A name that nobody has chosen is that of the kind, and is said in the
// language of whoever reads it, whichever was spoken when the method was registered. Called wherever a name is shown; what
// is written to files and logs is the name as it was given.
#pragma once

#include <string>

namespace utmfa {

std::string shown_label(const std::string& label);

}  // namespace utmfa
