// SPDX-License-Identifier: Apache-2.0
// utmfa-admin status --prometheus: the state of this machine as numbers, for the text files of node_exporter. Written
// whole or not at all. No names of people: whoever reads a monitoring page need not know who has registered.
#include <filesystem>

#include "admin.h"
#include "audit/counters.h"
#include "base/file.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "notice/outbox.h"
#include "service/pending.h"
#include "signin/words.h"
#include "socket_check.h"
#include "terminal.h"

namespace utmfa {
namespace {

class Page {
 public:
  void family(const std::string& name, std::string_view type, std::string_view help) {
    name_ = "utmfa_" + name;
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " + std::string(type) + "\n";
  }
  void value(std::int64_t number, std::string_view label = {}, std::string_view of = {}) {
    text_ += name_;
    if (!label.empty()) text_ += "{" + std::string(label) + "=\"" + std::string(of) + "\"}";
    text_ += " " + std::to_string(number) + "\n";
  }
  void one(const std::string& name, std::string_view type, std::string_view help, std::int64_t number) {
    family(name, type, help);
    value(number);
  }
  const std::string& text() const { return text_; }

 private:
  std::string name_, text_;
};

void people(Desk& desk, Page& page) {
  std::map<Registration, int> by_status{
      {Registration::active, 0}, {Registration::setting_up, 0}, {Registration::ended, 0}};
  std::vector<std::string> problems;
  int locked = 0, unreadable = 0;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  const Time now = desk.clock.now();
  for (const std::string& user : users ? *users : std::vector<std::string>()) {
    const Result<Registered> person = desk.registry.read(user);
    if (!person) {
      ++unreadable;
      continue;
    }
    ++by_status[person->file.status];
    if (locked_until(desk.config.throttle, person->state, now) > now) ++locked;
  }
  page.family("people", "gauge", "People by the status of their registration.");
  for (const auto& [status, count] : by_status)
    if (status != Registration::none) page.value(count, "status", name(status));
  page.one("people_locked", "gauge", "People who have to wait after wrong codes.", locked);
  page.one("people_unreadable", "gauge", "Registrations that are damaged: closed until somebody repairs them.",
           unreadable + static_cast<int>(problems.size()) + (users ? 0 : 1));
}

void notices(Desk& desk, Page& page) {
  Outbox outbox(desk.options.data, desk.random);
  std::vector<std::string> broken;
  const Result<std::vector<Outbox::Entry>> entries = outbox.entries(broken);
  const Time now = desk.clock.now();
  Time oldest = now;
  int tried = 0;
  for (const Outbox::Entry& each : entries ? *entries : std::vector<Outbox::Entry>()) {
    oldest = std::min(oldest, each.notice.made);
    tried += each.notice.attempts > 0 ? 1 : 0;
  }
  page.one("notices_waiting", "gauge", "Mails to people that wait.",
           entries ? static_cast<std::int64_t>(entries->size()) : 0);
  page.one("notices_failed", "gauge", "Of these, such as the gateway did not take so far.", tried);
  page.one("notice_oldest_seconds", "gauge", "How long the oldest of them waits.", now - oldest);
}

void sign_ins(const Desk& desk, Page& page) {
  const auto numbers = counted(desk.options.data);
  page.family("events_total", "counter", "Sign-ins by their outcome, and what happened in them, since counting began.");
  for (std::size_t i = 0; i < counted_words.size(); ++i)
    page.value(numbers ? static_cast<std::int64_t>((*numbers)[i]) : 0, "event", counted_words[i]);
}

void services(const Desk& desk, Page& page) {
  const Result<Changes> changes = Changes::open(desk.options.data, Hold::none);
  std::vector<Error> unread;
  const Result<std::vector<Pending>> waiting =
      changes ? changes->all(unread) : Result<std::vector<Pending>>(changes.error());
  page.one("services_waiting", "gauge", "Services that were switched on and are not confirmed yet.",
           waiting ? static_cast<std::int64_t>(waiting->size() + unread.size()) : 0);
  bool any = false;
  for (const auto& [service, policy] : desk.config.services) {
    if (policy.observe_until == 0) continue;
    if (!any)
      page.family("service_observed_until_seconds", "gauge",
                  "Until when a service is only tried out, in seconds since 1970.");
    any = true;
    page.value(policy.observe_until, "service", service);
  }
}

Status write_page(const std::string& path, const std::string& text) {
  if (path == "-") {
    show(trimmed(text));
    return Done{};
  }
  const std::filesystem::path absolute = std::filesystem::absolute(path);
  const Result<Descriptor> directory = open_directory(absolute.parent_path(), Privacy::open);
  if (!directory) return directory.error();
  return replace_file(directory->get(), absolute.filename(), absolute, text, 0644);
}

}  // namespace

Status write_prometheus(Desk& desk, const AdminOptions& options) {
  Page page;
  const Ground ground{{}, options.sshd_settings, options.common};
  page.one("verifier_up", "gauge", "Whether the verifier answers.",
           verifier_answers(desk.options.run + "/root.sock") ? 1 : 0);
  page.one("clock_synchronized", "gauge", "Whether the clock is synchronized.",
           clock_facts(ground).synchronized ? 1 : 0);
  page.one("written_seconds", "gauge", "When this was written, in seconds since 1970.", desk.clock.now());
  people(desk, page);
  notices(desk, page);
  sign_ins(desk, page);
  services(desk, page);
  return write_page(options.prometheus, page.text());
}

}  // namespace utmfa
