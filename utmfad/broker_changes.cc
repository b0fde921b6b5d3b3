// SPDX-License-Identifier: Apache-2.0
// The broker's part where a registration is changed: the record with a state even for who has none yet, the method file
// in parts, and the new one in its place. It looks at sizes and names only; what the text says is not read here.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "broker.h"
#include "broker_line.h"

namespace utmfa {
namespace {

constexpr int most_loads = 2000, most_saves = 100;  // of one set-up; the four steps of a patient person need thirty
constexpr std::string_view kept_when_removed = "remove";

}  // namespace

Status Broker::reply(const Process& process, const wire::Writer& frame) {
  if (!frame.fits()) return Error{Code::internal, "reply: too long"};
  return send_packet(process.channel.get(), frame.frame(), {}, Wait::no);
}

// A set-up lasts long: not more than half of the places of a door, so that the others can sign in.
Result<Record> Broker::record_for_change(Process& process, Name name) {
  if (name == Name::unknown) return Error{Code::refused, "there is no such person"};
  const Limits& limits = config_.config().limits;
  const int most = std::max(1, (process.door == Door::user ? limits.user_sign_ins : limits.root_sign_ins) / 2);
  const auto same = std::count_if(processes_.begin(), processes_.end(), [&](const auto& each) {
    return each.second.door == process.door && each.second.change.open;
  });
  if (same >= most) return Error{Code::refused, "too many people are registering at this moment"};
  Result<Record> record = records_.record_for_change(process.user);
  process.change.open = static_cast<bool>(record);
  return record;
}

Status Broker::grant_load(Process& process, const wire::Reader& frame, Packet&) {
  Change& change = process.change;
  if (!change.open) return Error{Code::refused, "load: not at this door"};
  if (++change.loads > most_loads) return Error{Code::refused, "load: asked too often"};
  const unsigned long at = frame.number("at", longest_method_file, longest_method_file + 1);
  if (at == 0) {
    Result<Descriptor> file = records_.method_file(process.user);
    if (!file && file.error().code == Code::not_found) return reply(process, wire::Writer("absent"));
    if (!file) {
      refuse(process, file.error());
      return Done{};
    }
    change.reading = std::move(*file);
  }
  struct stat about {};
  char part[longest_part];
  if (fstat(change.reading.get(), &about) != 0 || about.st_size > static_cast<off_t>(longest_method_file))
    return Error{Code::invalid, "load: not begun, or the method file is too long"};
  ssize_t got;
  do got = pread(change.reading.get(), part, sizeof part, static_cast<off_t>(at));
  while (got < 0 && errno == EINTR);
  if (got < 0) return os_error("load", "read");
  wire::Writer answer("methods");
  answer.number("size", static_cast<unsigned long>(about.st_size));
  answer.text("text", {part, static_cast<std::size_t>(got)});
  return reply(process, answer);
}

Status Broker::grant_save(Process& process, const wire::Reader& frame, Packet&) {
  Change& change = process.change;
  if (!change.open) return Error{Code::refused, "save: not at this door"};
  const unsigned long at = frame.number("at", longest_method_file, longest_method_file + 1);
  const unsigned long size = frame.number("size", longest_method_file, longest_method_file + 1);
  if (at == 0) {
    if (++change.saves > most_saves) return Error{Code::refused, "save: asked too often"};
    change.text.clear();
  }
  const std::string_view part = frame.text("text"), keep = frame.text("keep");
  if (at != change.text.size() || size > longest_method_file || part.size() > size - at || (part.empty() && size != 0))
    return Error{Code::invalid, "save: the parts do not fit together"};
  if (!keep.empty() && (keep != kept_when_removed || change.kept)) return Error{Code::refused, "save: keep"};
  change.text += part;
  if (change.text.size() < size) return Done{};
  Status saved = Done{};
  if (!keep.empty()) {
    change.kept = true;
    saved = keep_methods({settings_.data_dir, settings_.keys_dir}, process.user, keep, SystemClock().now());
  }
  if (saved) saved = records_.save_method_file(process.user, change.text);
  change.text.clear();
  if (saved) return reply(process, wire::Writer("saved"));
  refuse(process, saved.error());
  return Done{};
}

// Who came to register and did not leaves nothing, unless he is still at it elsewhere.
void Broker::forget_unused(const std::string& user) {
  const bool still = std::any_of(processes_.begin(), processes_.end(),
                                 [&](const auto& each) { return each.second.change.open && each.second.user == user; });
  if (!still) records_.forget_unused(user);
}

}  // namespace utmfa
