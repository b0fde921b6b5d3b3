// SPDX-License-Identifier: Apache-2.0
// Edit, check, write. Every change raises the state's revision, so that a sign-in which waits for an answer under the
// old list fails closed.
#include "setup/locked_change.h"

#include <algorithm>

namespace utmfa {
namespace {

// Marks of methods that are gone; a mark is only dropped once the list without its method is on disk.
void forget_gone(State& state, const MethodFile& file) {
  std::erase_if(state.methods, [&](const MethodState& each) {
    return std::none_of(file.methods.begin(), file.methods.end(),
                        [&](const Method& method) { return method_mark(method.id) == each.method; });
  });
}

// Nothing in it that anybody said: as good as no file, and so none is left.
bool blank(const MethodFile& file) {
  return file.status == Registration::none && file.methods.empty() && file.language.empty() && !file.contact &&
         file.reset == 0 && file.reminded == 0;
}

std::string text_of(const MethodFile& file) {
  return blank(file) ? std::string() : print_method_file(file, kind_rules());
}

Status write_state(const LockedPlace& place, State& state) {
  ++state.revision;
  if (Status written = place.state.write(state, Stage::decided); !written) return written;
  return place.state.sync();
}

Status write(const LockedPlace& place, const std::optional<MethodFile>& before, Registered& now) {
  const std::string text = text_of(now.file);
  if (!before) {
    if (Status written = write_state(place, now.state); !written) return written;
    return text.empty() ? Status(Done{}) : place.save(text);
  }
  if (print_method_file(*before, kind_rules()) != text)
    if (Status saved = place.save(text); !saved) return saved;
  return write_state(place, now.state);
}

}  // namespace

MethodFile nobody(const std::string& user) {
  MethodFile file;
  file.user = user;
  return file;
}

Status change_locked(const LockedPlace& place, const std::optional<MethodFile>& before, Result<State> state,
                     const Edit& edit) {
  if (!state) return state.error();
  Registered now{before ? *before : nobody(place.user), std::move(*state)};
  forget_gone(now.state, now.file);
  const std::uint64_t revision = now.state.revision;
  if (Status changed = edit(now); !changed) return changed;
  if (now.file.user != place.user || now.file.methods.size() > most_methods || now.state.revision != revision)
    return Error{Code::internal, place.user + ": not a change of this person's registration"};
  return write(place, before, now);
}

}  // namespace utmfa
