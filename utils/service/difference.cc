// SPDX-License-Identifier: Apache-2.0
// The longest common subsequence of two short files, printed as diff -u does.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "service/change.h"

namespace utmfa {
namespace {

constexpr std::size_t context = 3;

struct Step {
  char sign;
  std::string_view line;
};

std::vector<std::string_view> lines_of_text(std::string_view text) {
  std::vector<std::string_view> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<Step> steps(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<Step> all;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      all.push_back({' ', a[i]});
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      all.push_back({'-', a[i++]});
    } else {
      all.push_back({'+', b[j++]});
    }
  }
  return all;
}

// From the first step that is shown to behind the last.
std::string hunk(const std::vector<Step>& all, std::size_t from, std::size_t to) {
  std::size_t before = 1, after = 1, less = 0, more = 0;
  for (std::size_t i = 0; i < to; ++i) {
    std::size_t& old_lines = i < from ? before : less;
    std::size_t& new_lines = i < from ? after : more;
    if (all[i].sign != '+') ++old_lines;
    if (all[i].sign != '-') ++new_lines;
  }
  std::string text = filled("@@ -{0},{1} +{2},{3} @@\n", {std::to_string(before), std::to_string(less),
                                                          std::to_string(after), std::to_string(more)});
  for (std::size_t i = from; i < to; ++i) text.append(1, all[i].sign).append(all[i].line).append("\n");
  return text;
}

}  // namespace

std::string difference(const std::string& path, const std::string& before, const std::string& after) {
  if (before == after) return {};
  const std::vector<Step> all = steps(lines_of_text(before), lines_of_text(after));
  std::string text = "--- " + path + "\n+++ " + path + "\n";
  for (std::size_t i = 0; i < all.size();) {
    if (all[i].sign == ' ') {
      ++i;
      continue;
    }
    std::size_t last = i;
    for (std::size_t j = i; j < all.size() && j <= last + 2 * context; ++j)
      if (all[j].sign != ' ') last = j;
    const std::size_t from = i < context ? 0 : i - context, to = std::min(all.size(), last + 1 + context);
    text += hunk(all, from, to);
    i = to;
  }
  return text;
}

}  // namespace utmfa
