// SPDX-License-Identifier: Apache-2.0
// Words for people, in the language of one sign-in: a msgid in, a translated text out, placeholders filled. Catalogues
// (gettext, domain utmfa) are loaded before a sandbox closes the file system; the host's locale is never touched:
// this is used in our own programs only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace utmfa {

// Marks a msgid for the catalogue where it cannot be translated yet.
#define UTMFA_MSG(text) text

enum class CatalogueSource { installed, given };

// Once a program, before any sandbox: `directory` "" = the installed catalogues.
void open_catalogues(const std::string& directory);
// "" or an unknown language = the system's (LANG), then English. From then on every say() speaks it.
void speak(std::string_view language);
std::string_view spoken();
std::string say(std::string_view msgid, std::initializer_list<std::string_view> parts = {});

}  // namespace utmfa
