// SPDX-License-Identifier: Apache-2.0
// Translation by the C library's gettext, without touching a process-wide locale: the thread's own locale is C.UTF-8
// (anything but "C" lets LANGUAGE choose the catalogue), and LANGUAGE is set in our own programs only.
#include "signin/words.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

#include <array>

#include "base/text.h"

extern "C" int
    _nl_msg_cat_cntr;  // raised, it makes gettext forget which catalogue it chose (GNU gettext manual 11.2.4)

namespace utmfa {
namespace {

constexpr const char* domain = "utmfa";
constexpr std::array<std::string_view, 2> languages = {"en", "ja"};

std::string& current() {
  static std::string language = "en";
  return language;
}

std::string& of_the_system() {
  static std::string language = "en";
  return language;
}

std::string known(std::string_view language) {
  for (std::string_view each : languages)
    if (language.substr(0, 2) == each) return std::string(each);
  return {};
}

}  // namespace

void open_catalogues(const std::string& directory) {
  uselocale(newlocale(LC_MESSAGES_MASK, "C.UTF-8", nullptr));
  bindtextdomain(domain, directory.empty() ? LOCALEDIR : directory.c_str());
  bind_textdomain_codeset(domain, "UTF-8");
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = secure_getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    if (const std::string language = known(value); !language.empty()) of_the_system() = language;
    break;
  }
  // Read every catalogue now: a sandbox will close the file system before the first word is said.
  for (std::string_view each : languages) {
    speak(each);
    (void)say("Number of the method: ");
  }
  speak({});
}

void speak(std::string_view language) {
  std::string wanted = known(language);
  if (wanted.empty()) wanted = of_the_system();
  current() = wanted;
  (void)setenv("LANGUAGE", wanted.c_str(), 1);
  ++_nl_msg_cat_cntr;
}

std::string_view spoken() { return current(); }

std::string say(std::string_view msgid, std::initializer_list<std::string_view> parts) {
  if (msgid.empty()) return {};  // gettext("") is the catalogue's header
  const std::string id(msgid);
  const char* text = current() == "en" ? id.c_str() : dgettext(domain, id.c_str());
  return filled(text, parts);
}

}  // namespace utmfa
