// SPDX-License-Identifier: Apache-2.0
// An Error comes over the line, out of a file or from a room that knows no language, as text and not as a number with
// arguments; so the text itself is what is looked up. The phrase with the most words of its own that fits is the one.
#include "in_words.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "phrases/phrases.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t place_size = 3, most_places = 4, longest_text = 4096;
// A phrase with so few letters of its own ("{0} is {1}") is believed only where an explanation follows it.
constexpr std::size_t thin_phrase = 7;
constexpr std::size_t brief_phrase = 12;

using Parts = std::array<std::string_view, most_places>;
enum class Behind { nothing, more };

std::size_t next_place(std::string_view pattern) {
  for (std::size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1))
    if (pattern.size() >= at + place_size && pattern[at + 2] == '}' && ascii_digits(pattern.substr(at + 1, 1)))
      return at;
  return pattern.npos;
}

bool is_quote(char c) { return c == '\'' || c == '"'; }

bool one_word(std::string_view text) { return text.find(' ') == text.npos || is_quote(text.front()); }

// Where the part ends that fills a place: before the first `next`, and the last `next` is the end of the text.
std::size_t end_of_part(std::string_view text, std::string_view next, std::string_view pattern) {
  if (next.size() < pattern.size()) return text.find(next, 1);
  const bool ends = text.size() > next.size() && text.substr(text.size() - next.size()) == next;
  return ends ? text.size() - next.size() : text.npos;
}

bool fits(std::string_view pattern, std::string_view text, Parts& parts) {
  const bool opened = next_place(pattern) == 0;
  for (std::size_t count = 0;; ++count) {
    const std::size_t place = next_place(pattern);
    const std::string_view before = pattern.substr(0, place);
    if (text.substr(0, before.size()) != before) return false;
    text.remove_prefix(before.size());
    if (place == pattern.npos) return text.empty();
    const auto number = static_cast<std::size_t>(pattern[place + 1] - '0');
    pattern.remove_prefix(place + place_size);
    const std::size_t end = end_of_part(text, pattern.substr(0, next_place(pattern)), pattern);
    if (end == text.npos || number >= most_places) return false;
    parts[number] = text.substr(0, end);
    // What begins with a place would otherwise take half a sentence for a name.
    if (count == 0 && opened && !one_word(parts[number])) return false;
    text.remove_prefix(end);
  }
}

std::size_t own_letters(std::string_view pattern) {
  std::size_t size = pattern.size();
  for (std::size_t at = next_place(pattern); at != pattern.npos; at = next_place(pattern)) {
    size -= place_size;
    pattern.remove_prefix(at + place_size);
  }
  return size;
}

// "token {0}" is said of a token's number, not of "token is missing".
bool believable(std::string_view pattern, std::size_t letters, const Parts& parts) {
  if (letters > brief_phrase || next_place(pattern) == 0) return true;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty() || one_word(part); });
}

std::string taken_apart(std::string_view text);

std::optional<std::string> known(std::string_view text, Behind behind) {
  std::string_view best;
  Parts parts, found;
  std::size_t most = behind == Behind::more ? 0 : thin_phrase;
  for (const auto phrases :
       {policy_phrases, files_phrases, config_phrases, people_phrases, tokens_phrases, transfer_phrases})
    for (const std::string_view each : phrases()) {
      if (each == text) return say(each);
      const std::size_t letters = own_letters(each);
      if (letters == each.size() || letters <= most) continue;
      found = {};
      if (!fits(each, text, found) || !believable(each, letters, found)) continue;
      best = each;
      most = letters;
      parts = found;
    }
  if (best.empty()) return {};
  return say(best, {taken_apart(parts[0]), taken_apart(parts[1]), taken_apart(parts[2]), taken_apart(parts[3])});
}

// The next separator from `at`, or the end. What stands in quotes is somebody's, and no end of a piece.
std::size_t next_cut(std::string_view text, std::size_t at) {
  char quote = '\0';
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool at_word = i == 0 || text[i - 1] == ' ' || text[i - 1] == '(';
    if (quote == '\0' && is_quote(text[i]) && at_word)
      quote = text[i];
    else if (quote != '\0' && text[i] == quote)
      quote = '\0';
    else if (quote == '\0' && i >= at && (text[i] == ':' || text[i] == ';') && text[i + 1] == ' ')
      return i;
  }
  return text.size();
}

std::string rest(std::string_view text) {
  if (text.empty()) return {};
  return (text[0] == ';' ? say("; ") : std::string(": ")) + taken_apart(text.substr(2));
}

std::string taken_apart(std::string_view text) {
  if (text.empty()) return {};
  const std::size_t first = next_cut(text, 0);
  for (std::size_t end = first;; end = next_cut(text, end + 1)) {
    const Behind behind = end == text.size() ? Behind::nothing : Behind::more;
    if (const auto words = known(text.substr(0, end), behind)) return *words + rest(text.substr(end));
    if (behind == Behind::nothing) return std::string(text.substr(0, first)) + rest(text.substr(first));
  }
}

}  // namespace

std::string in_words(std::string_view english) {
  if (spoken() == "en" || english.size() > longest_text) return std::string(english);
  return taken_apart(english);
}

}  // namespace utmfa
