// SPDX-License-Identifier: Apache-2.0
// What GDM's worker makes of a list that a module asks it to draw: gdm-pam-extensions-common.h and
// gdm-choice-list-pam-extension.h of GDM 43, written anew, because those are no C++. The real one is in tests/desktop.
#pragma once

#include <string>

namespace utmfa::test {

// "list|TYPE|TITLE|KEY=TEXT|KEY=TEXT...", or what is wrong with it.
std::string list_of(const void* request);

// An answer as the worker makes it, to be freed by the module.
enum class Drawn { right, null_key, other_type, cut };
char* answer_to(const void* request, const std::string& key, Drawn drawn);

}  // namespace utmfa::test
