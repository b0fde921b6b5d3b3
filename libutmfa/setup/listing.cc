// SPDX-License-Identifier: Apache-2.0
// The list of methods; no field of a kind is shown but a number, masked, so that nothing sealed can be.
#include "setup/listing.h"

#include "setup/columns.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

struct Seen {
  Time last = 0;
  int left = -1;
  std::string unusable;
};

Seen seen(const Method& method, const State& state, Time now) {
  const MethodState none;
  const MethodState* found = state.find(method.id);
  const MethodState& used = found == nullptr ? none : *found;
  const Factor* factor = factor_for(method.kind);
  if (factor == nullptr) return {used.last_success, -1, {}};
  return {used.last_success, factor->left(method, used), std::string(factor->unusable(method, used, now))};
}

std::string standing(const Method& method, std::size_t place) {
  if (method.proof == Proof::waiting) return say("waiting");
  return place == 0 ? say("default") : say("backup");
}

std::string remark(const Method& method, const Seen& what, const std::string& command, Time now) {
  if (method.proof == Proof::waiting) return say("first code not confirmed yet");
  std::string text = what.last != 0       ? say("last used {0}", {moment(what.last, now)})
                     : method.tested != 0 ? say("never used")
                                          : say("never used - try it: {0} test {1}", {command, method.id});
  if (what.left >= 0) text += ", " + say("{0} codes left", {std::to_string(what.left)});
  if (!what.unusable.empty()) text += ", " + say(what.unusable);
  return text;
}

// "Mobile +81 ••••5678": whoever reads the list over a shoulder does not learn a number.
std::string named(const Method& method) {
  const Factor* factor = factor_for(method.kind);
  const std::string to = factor == nullptr || factor->masked == nullptr ? std::string() : factor->masked(method);
  const std::string label = shown_label(method.label);
  return to.empty() ? label : label + " " + to;
}

}  // namespace

std::string shown_status(Registration status) {
  switch (status) {
    case Registration::none: return say("nothing registered");
    case Registration::setting_up: return say("setting up");
    case Registration::active: return say("active");
    case Registration::ended: return say("ended");
  }
  return {};
}

std::string shown_kind(std::string_view kind) {
  const Factor* factor = factor_for(kind);
  return factor == nullptr ? std::string(kind) : say(factor->title);
}

std::string moment(Time time, Time now) {
  const std::string day = date_text(time);
  return day == date_text(now) ? say("today {0}", {clock_text(time)}) : day;
}

Json json_of(const Registered& registered, Time now) {
  Json methods = Json::array();
  for (const Method& method : registered.file.methods) {
    const Seen what = seen(method, registered.state, now);
    Json each{{"id", method.id}, {"kind", method.kind}, {"label", method.label}};
    if (const Factor* factor = factor_for(method.kind); factor != nullptr && factor->masked != nullptr)
      if (std::string to = factor->masked(method); !to.empty()) each["number"] = std::move(to);
    each["default"] = &method == &registered.file.methods.front();
    each["confirmed"] = method.proof == Proof::confirmed;
    each["registered"] = json_time(method.registered);
    each["tested"] = json_time(method.tested);
    each["last_used"] = json_time(what.last);
    if (what.left >= 0) each["left"] = what.left;
    if (!what.unusable.empty()) each["unusable"] = what.unusable;
    methods.push_back(std::move(each));
  }
  return Json{{"user", registered.file.user},
              {"status", std::string(name(registered.file.status))},
              {"methods", std::move(methods)}};
}

std::vector<std::string> listed(const Registered& registered, const std::string& command, Time now) {
  const MethodFile& file = registered.file;
  const std::string count = std::to_string(file.methods.size());
  std::vector<std::string> lines{file.user + "   " + shown_status(file.status) + "   " +
                                 (file.methods.size() == 1 ? say("1 method") : say("{0} methods", {count}))};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < file.methods.size(); ++i) {
    const Method& method = file.methods[i];
    rows.push_back({" ", standing(method, i), method.id, shown_kind(method.kind), named(method),
                    remark(method, seen(method, registered.state, now), command, now)});
  }
  for (std::string& line : table(rows)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace utmfa
