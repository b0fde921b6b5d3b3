// SPDX-License-Identifier: Apache-2.0
// Where our lines stand. What was there before and is not, because of us, stays as a comment that says so.
#include "service/change.h"

#include <security/_pam_types.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::string_view mark = "  # utmfa-admin service";
constexpr std::string_view instead_of = "# utmfa-admin service, instead of: ";

std::string our_line(std::string_view type, std::string_view control, std::string_view module) {
  std::string line(type);
  line.append(std::max<std::size_t>(9, line.size() + 1) - line.size(), ' ');
  return line.append(control).append("  ").append(module).append(mark);
}

// A file as lines, to which lines are added and in which lines are put aside.
class Text {
 public:
  explicit Text(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) lines_.emplace_back(line);
    if (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
  }
  void add(int before, std::string line) { lines_.insert(lines_.begin() + before - 1, std::move(line)); }
  void put_aside(const PamLine& line) {
    for (int at = line.first; at <= line.last; ++at) {
      std::string& text = lines_[static_cast<std::size_t>(at - 1)];
      text = std::string(instead_of) + text;
    }
  }
  void replace(const PamLine& line, std::string with) {
    put_aside(line);
    add(line.last + 1, std::move(with));
  }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines_) all += line + "\n";
    return all;
  }

 private:
  std::vector<std::string> lines_;
};

class Placing {
 public:
  Placing(const PamFacts& facts, const std::string& service, const Config& config)
      : facts_(facts), service_(service), config_(config) {}

  const std::string& text() const { return facts_.files.at(service_); }

  // Lines of the file that bring something of this type.
  std::vector<PamLine> carrying(std::string_view type) const {
    std::vector<PamLine> found = lines_in(text());
    std::erase_if(found, [&](const PamLine& line) { return brought(line, type).empty(); });
    return found;
  }

  // The entries of this type that a line of the file stands for.
  PamStack brought(const PamLine& line, std::string_view type) const {
    if (!line.type().empty() && line.type() != type) return {};
    const std::string part(line.included());
    if (!part.empty()) return read_pam(facts_.source(), part, type).stack;
    PamStack own = read_pam(facts_.source(), service_, type).stack;
    std::erase_if(own, [&](const PamEntry& entry) { return entry.file != service_ || entry.line != line.first; });
    return own;
  }

  bool proves(const PamLine& line) const {
    const PamStack stack = brought(line, "auth");
    const auto all = lines_of(stack);
    return std::any_of(all.begin(), all.end(), [](const PamEntry* each) { return is_first_factor(*each); });
  }

  // What the doctor would say of problems if the file were so.
  Findings problems(const std::string& text) const {
    Findings found = said_of(text);
    std::erase_if(found, [](const Finding& each) { return each.level != Level::problem; });
    return found;
  }
  Findings said_of(const std::string& text) const {
    PamFacts changed = facts_;
    changed.files[service_] = text;
    return check_pam_service(changed, service_, config_);
  }

  // Whether a refusal of ours in this stack is one of the service.
  bool closes(const std::string& text, std::string_view type) const {
    PamFacts changed = facts_;
    changed.files[service_] = text;
    const PamStack stack = read_pam(changed.source(), service_, type).stack;
    return run_pam(stack, [](const PamEntry& each) { return is_ours(each) ? PAM_PERM_DENIED : PAM_SUCCESS; }).result !=
           PAM_SUCCESS;
  }

  // The line at the first of these places (numbers of lines that it is put before) that is right; else unchanged.
  bool add_at(const std::vector<int>& places, const std::string& line,
              const std::function<bool(const std::string&)>& right) {
    for (const int place : places) {
      Text text(this->text());
      text.add(place, line);
      if (!right(text.text())) continue;
      facts_.files[service_] = text.text();
      return true;
    }
    return false;
  }

  void set(std::string text) { facts_.files[service_] = std::move(text); }

 private:
  PamFacts facts_;  // with what was changed so far
  const std::string& service_;
  const Config& config_;
};

// Behind the last line of these first, then before each of them, from the last to the first.
std::vector<int> from_the_end(const std::vector<PamLine>& lines) {
  std::vector<int> places;
  if (!lines.empty()) places.push_back(lines.back().last + 1);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) places.push_back(line->first);
  return places;
}

// A type of which the file has no line is left alone: libpam takes /etc/pam.d/other for it, and one line of ours would
// be all that there is.
void add_account(Placing& file) {
  const auto right = [&](const std::string& text) { return file.closes(text, "account"); };
  (void)file.add_at(from_the_end(file.carrying("account")), our_line("account", "required", our_module), right);
}

void add_session(Placing& file) {
  const std::vector<PamLine> lines = file.carrying("session");
  std::vector<int> places;
  for (const PamLine& line : lines)
    if (!line.included().empty() && places.empty()) places.push_back(line.first);
  if (!lines.empty()) places.push_back(lines.front().first);
  (void)file.add_at(places, our_line("session", "required", our_module),
                    [&](const std::string& text) { return file.closes(text, "session"); });
}

void add_password(Placing& file) {
  const std::vector<PamLine> lines = file.carrying("password");
  if (lines.empty()) return;
  (void)file.add_at({lines.front().first}, our_line("password", "[success=done ignore=ignore default=die]", our_module),
                    [](const std::string&) { return true; });
}

Error no_place(const std::string& service, const Findings& problems) {
  std::string what = say("there is no place for the line in /etc/pam.d/{0} that would be right", {service});
  if (!problems.empty()) what += ": " + problems.front().what + ": " + problems.front().remedy;
  return {Code::refused, what};
}

// What is optional behind the password opens something with it: a key ring, a home. Not where ours was refused.
bool acts_on_password(std::vector<PamLine>::const_iterator from, std::vector<PamLine>::const_iterator to) {
  return std::any_of(from, to,
                     [](const PamLine& line) { return line.words.size() > 2 && line.words[1] == "optional"; });
}

// Behind what proves the password, or further down, where the doctor finds nothing wrong.
Status add_behind_password(Placing& file, const std::string& service) {
  const std::vector<PamLine> lines = file.carrying("auth");
  const auto last = std::find_if(lines.rbegin(), lines.rend(), [&](const PamLine& line) { return file.proves(line); });
  if (last == lines.rend())
    return Error{Code::refused,
                 say("/etc/pam.d/{0} proves no password before us: where an ssh key comes first, say --first key; "
                     "otherwise write the line by hand, see pam_utmfa(8)",
                     {service})};
  std::vector<int> places;
  for (auto line = last.base() - 1; line != lines.end(); ++line) places.push_back(line->last + 1);
  const std::string ours =
      our_line("auth", acts_on_password(last.base(), lines.end()) ? "requisite" : "required", our_module);
  Findings problems;
  const auto right = [&](const std::string& text) {
    const Findings found = file.problems(text);
    if (problems.empty()) problems = found;
    return found.empty();
  };
  if (file.add_at(places, ours, right)) return Done{};
  // What "include" brings in may end the whole stack, where "substack" ends only itself.
  if (last->words.size() != 3 || last->words[1] != "include") return no_place(service, problems);
  const std::string before = file.text();
  Text text(before);
  text.replace(*last, our_line("auth", "substack", last->words[2]));
  file.set(text.text());
  for (int& place : places) ++place;
  if (file.add_at(places, ours, right)) return Done{};
  file.set(before);
  return no_place(service, problems);
}

// The key was proven by sshd: what asks for a password goes, and whoever need not give a code is let on.
Status add_behind_key(Placing& file, const std::string& service) {
  std::vector<PamLine> lines = file.carrying("auth");
  std::erase_if(lines, [&](const PamLine& line) { return !file.proves(line); });
  int place = file.carrying("auth").front().first;
  Text text(file.text());
  for (const PamLine& line : lines) {
    for (const char* other : {"account", "session", "password"})
      if (line.type().empty() && !file.brought(line, other).empty())
        return Error{Code::refused, say("/etc/pam.d/{0}: {1} brings in more than what asks for the password: write the "
                                        "lines by hand, see pam_utmfa(8)",
                                        {service, line.words.back()})};
    text.put_aside(line);
    place = line.last + 1;
  }
  text.add(place, our_line("auth", "required", our_module));
  text.add(place + 1, our_line("auth", "required", "pam_permit.so"));
  const Findings problems = file.problems(text.text());
  if (!problems.empty()) return no_place(service, problems);
  file.set(text.text());
  return Done{};
}

// "su -" is a service of its own, of which the file is that of su and a key ring.
std::string as_login(const std::string& service) { return service + "-l"; }

Status may_be_edited(const PamFacts& facts, const std::string& service) {
  const auto found = facts.files.find(service);
  if (found == facts.files.end())
    return Error{Code::refused, say("there is no /etc/pam.d/{0}: where the distribution has it elsewhere, copy it to "
                                    "there first",
                                    {service})};
  if (const std::string_view owner = owner_of(found->second); !owner.empty())
    return Error{Code::refused,
                 say("/etc/pam.d/{0} belongs to {1}, which would write over it: name the service itself, "
                     "for example sshd",
                     {service, owner})};
  for (const auto& [other, text] : facts.files)
    for (const std::string& part : included_by(text))
      if (part == service && other != as_login(service))
        return Error{Code::refused,
                     say("/etc/pam.d/{0} is a part of {1} and of others: name the service itself", {service, other})};
  return Done{};
}

}  // namespace

std::string_view owner_of(std::string_view text) {
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
  if (says("Generated by authselect") || says("authselect apply-changes")) return "authselect";
  if (says("managed by pam-auth-update")) return "pam-auth-update";
  if (says("pam-config")) return "pam-config";
  return {};
}

Result<PamChange> with_ours(const PamFacts& facts, const std::string& service, const Config& config, FirstBy first) {
  if (Status may = may_be_edited(facts, service); !may) return may.error();
  PamChange change;
  change.before = change.after = facts.files.at(service);
  const PamStack now = read_pam(facts.source(), service, "auth").stack;
  for (const PamEntry* each : lines_of(now))
    if (is_ours(*each)) return change;  // asked already, here or by what it includes
  Placing file(facts, service, config);
  file.set(text_without_ours(file.text()));
  if (file.carrying("auth").empty())
    return Error{Code::refused, say("/etc/pam.d/{0} has no auth line of its own", {service})};
  add_account(file);
  add_session(file);
  add_password(file);
  if (Status added = first == FirstBy::key ? add_behind_key(file, service) : add_behind_password(file, service); !added)
    return added.error();
  change.after = file.text();
  if (facts.files.count(as_login(service)) != 0) {
    PamFacts changed = facts;
    changed.files[service] = change.after;
    Findings problems = check_pam_service(changed, as_login(service), config);
    std::erase_if(problems, [](const Finding& each) { return each.level != Level::problem; });
    if (!problems.empty()) return no_place(as_login(service), problems);
  }
  change.warnings = file.said_of(change.after);
  std::erase_if(change.warnings, [](const Finding& each) { return each.level == Level::fine; });
  return change;
}

std::string text_without_ours(std::string_view text) {
  std::vector<std::string> kept;
  for (const std::string_view line : split(text, '\n')) kept.emplace_back(line);
  std::vector<bool> gone(kept.size() + 1);
  for (const PamLine& line : lines_in(text)) {
    const std::string_view first = kept[static_cast<std::size_t>(line.first - 1)];
    const std::string_view name = line.words.size() < 3 ? std::string_view() : std::string_view(line.words[2]);
    const bool ours = name.substr(name.find_last_of('/') + 1) == our_module && line.included().empty();
    const bool marked = first.size() > mark.size() && first.substr(first.size() - mark.size()) == mark;
    for (int at = line.first; (ours || marked) && at <= line.last; ++at) gone[static_cast<std::size_t>(at)] = true;
  }
  std::string all;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (gone[i + 1]) continue;
    const bool aside = kept[i].substr(0, instead_of.size()) == instead_of;
    all += (aside ? kept[i].substr(instead_of.size()) : kept[i]) + (i + 1 < kept.size() ? "\n" : "");
  }
  return all;
}

Result<PamChange> without_ours(const PamFacts& facts, const std::string& service) {
  const auto found = facts.files.find(service);
  if (found == facts.files.end()) return Error{Code::refused, say("there is no /etc/pam.d/{0}", {service})};
  if (const std::string_view owner = owner_of(found->second); !owner.empty())
    return Error{Code::refused,
                 say("/etc/pam.d/{0} belongs to {1}, which would write over it: name the service itself, "
                     "for example sshd",
                     {service, owner})};
  PamChange change{found->second, text_without_ours(found->second), {}};
  PamFacts changed = facts;
  changed.files[service] = change.after;
  const PamStack stack = read_pam(changed.source(), service, "auth").stack;
  for (const PamEntry* each : lines_of(stack))
    if (is_ours(*each))
      return Error{Code::refused, say("/etc/pam.d/{0} still asks by {1}, which belongs to more than this service",
                                      {service, each->place()})};
  const auto nobody = [](const PamEntry& each) {
    if (is_first_factor(each) || each.name() == "pam_deny.so") return PAM_AUTH_ERR;
    return each.name() == "pam_permit.so" ? PAM_SUCCESS : PAM_IGNORE;
  };
  if (change.needed() && run_pam(stack, nobody).result == PAM_SUCCESS)
    return Error{Code::refused,
                 say("without our line /etc/pam.d/{0} would let everybody in who need not prove anything "
                     "else: write what asks for the password back by hand",
                     {service})};
  return change;
}

}  // namespace utmfa
