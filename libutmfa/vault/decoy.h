// SPDX-License-Identifier: Apache-2.0
// The method file of nobody: parsed for a name that has none, so that it costs the time of one that has. Used by
// vault/ only; its methods are thrown away.
#pragma once

#include "methods/method.h"

namespace utmfa {

Result<MethodFile> decoy_method_file();  // status none, no methods

}  // namespace utmfa
