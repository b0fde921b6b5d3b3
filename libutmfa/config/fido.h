// SPDX-License-Identifier: Apache-2.0
// What utmfa.yaml says of security keys. For config.cc only.
#pragma once

#include "config/config.h"
#include "config/tree.h"

namespace utmfa {

Status read_fido(const Source& source, const Node& node, FidoRules& to);
Status read_key_models(const Source& source, const Node& node, std::vector<std::string>& to);

}  // namespace utmfa
