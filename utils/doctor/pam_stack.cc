// SPDX-License-Identifier: Apache-2.0
// Reading and running a PAM stack on paper.
#include "pam_stack.h"

#include <security/_pam_types.h>

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

// Actions that are not jumps; a jump is its number of lines.
constexpr int ignore = 0, ok = -1, done = -2, bad = -3, die = -4, restart = -5;
constexpr int deepest_include = 16;
static_assert(_PAM_RETURN_VALUES == 32);

constexpr std::array<std::string_view, _PAM_RETURN_VALUES> code_names = {"success",
                                                                         "open_err",
                                                                         "symbol_err",
                                                                         "service_err",
                                                                         "system_err",
                                                                         "buf_err",
                                                                         "perm_denied",
                                                                         "auth_err",
                                                                         "cred_insufficient",
                                                                         "authinfo_unavail",
                                                                         "user_unknown",
                                                                         "maxtries",
                                                                         "new_authtok_reqd",
                                                                         "acct_expired",
                                                                         "session_err",
                                                                         "cred_unavail",
                                                                         "cred_expired",
                                                                         "cred_err",
                                                                         "no_module_data",
                                                                         "conv_err",
                                                                         "authtok_err",
                                                                         "authtok_recover_err",
                                                                         "authtok_lock_busy",
                                                                         "authtok_disable_aging",
                                                                         "try_again",
                                                                         "ignore",
                                                                         "abort",
                                                                         "authtok_expired",
                                                                         "module_unknown",
                                                                         "bad_item",
                                                                         "conv_again",
                                                                         "incomplete"};

std::optional<int> action_named(std::string_view name) {
  const std::pair<std::string_view, int> names[] = {{"ignore", ignore}, {"ok", ok},   {"done", done},
                                                    {"bad", bad},       {"die", die}, {"reset", restart}};
  for (const auto& [known, action] : names)
    if (name == known) return action;
  if (const auto jump = number(name, 1, 10000)) return static_cast<int>(*jump);
  return std::nullopt;
}

std::array<int, 32> simple(int success, int other) {
  std::array<int, 32> actions;
  actions.fill(other);
  actions[PAM_SUCCESS] = actions[PAM_NEW_AUTHTOK_REQD] = success;
  return actions;
}

// What is not named in brackets, and what cannot be understood, is bad: so does libpam.
std::array<int, 32> bracketed(std::string_view control) {
  std::array<int, 32> actions;
  actions.fill(bad);
  std::array<bool, 32> named{};
  std::optional<int> others;
  std::string words(control);
  std::replace(words.begin(), words.end(), '\t', ' ');
  for (const std::string_view word : split(words, ' ')) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos) continue;
    const auto action = action_named(trimmed(word.substr(equals + 1)));
    const std::string_view code = trimmed(word.substr(0, equals));
    if (code == "default") others = action.value_or(bad);
    const auto found = std::find(code_names.begin(), code_names.end(), code);
    if (found == code_names.end()) continue;
    const auto at = static_cast<std::size_t>(found - code_names.begin());
    actions[at] = action.value_or(bad);
    named[at] = true;
  }
  for (std::size_t i = 0; others && i < actions.size(); ++i)
    if (!named[i]) actions[i] = *others;
  return actions;
}

std::array<int, 32> actions_of(std::string_view control) {
  if (!control.empty() && control.front() == '[') return bracketed(control.substr(1, control.size() - 2));
  if (control == "optional") return simple(ok, ignore);
  if (control == "sufficient") return simple(done, ignore);
  std::array<int, 32> actions = simple(ok, control == "requisite" ? die : bad);
  actions[PAM_IGNORE] = ignore;
  return actions;
}

// Words of a line; brackets hold one word together.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t') {
      ++i;
      continue;
    }
    const bool bracket = line[i] == '[';
    std::size_t end = bracket ? line.find(']', i) : line.find_first_of(" \t", i);
    if (end == line.npos) end = line.size() - (bracket ? 1 : 0);
    if (bracket) ++end;
    words.emplace_back(line.substr(i, end - i));
    i = end;
  }
  return words;
}

struct TextLine {
  int number, last;
  std::string text;
};

// Without comments; a line that ends in '\' goes on in the next.
std::vector<TextLine> text_lines(std::string_view text) {
  std::vector<TextLine> lines;
  std::string held;
  int number = 0, first = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (held.empty()) first = number;
    line = line.substr(0, line.find('#'));
    const bool goes_on = !line.empty() && line.back() == '\\';
    held += goes_on ? line.substr(0, line.size() - 1) : line;
    if (goes_on) {
      held += ' ';
      continue;
    }
    if (!trimmed(held).empty()) lines.push_back({first, number, std::string(trimmed(held))});
    held.clear();
  }
  return lines;
}

// libpam takes the brackets off an argument, so that it can hold blanks.
std::string unbracketed(const std::string& word) {
  const bool bracket = word.size() >= 2 && word.front() == '[' && word.back() == ']';
  return bracket ? word.substr(1, word.size() - 2) : word;
}

PamEntry entry_of(const std::string& file, int line, const std::vector<std::string>& words) {
  PamEntry entry;
  entry.file = file;
  entry.line = line;
  entry.type = lower_ascii(words[0].front() == '-' ? words[0].substr(1) : words[0]);
  entry.control = lower_ascii(words[1]);
  if (entry.control == "include" || entry.control == "substack") return entry;
  entry.module = words[2];
  entry.actions = actions_of(entry.control);
  for (std::size_t i = 3; i < words.size(); ++i) entry.arguments.push_back(unbracketed(words[i]));
  return entry;
}

class Reader {
 public:
  Reader(const PamSource& source, std::string_view type) : source_(source), type_(type) {}

  PamStack read(const std::string& service, int depth) {
    const std::optional<std::string> text = depth < deepest_include ? source_(service) : std::nullopt;
    if (!text) {
      problems.push_back(service + ": cannot be read");
      return {};
    }
    PamStack stack;
    for (const TextLine& line : text_lines(*text)) add(stack, service, line, depth);
    return stack;
  }

  std::vector<std::string> problems;

 private:
  void add(PamStack& stack, const std::string& service, const TextLine& line, int depth) {
    const std::vector<std::string> words = words_of(line.text);
    if (words.size() == 2 && words[0] == "@include") {
      for (PamEntry& entry : read(words[1], depth + 1)) stack.push_back(std::move(entry));
      return;
    }
    if (words.size() < 3) {
      problems.push_back(service + ":" + std::to_string(line.number) + ": cannot be understood");
      return;
    }
    PamEntry entry = entry_of(service, line.number, words);
    if (entry.type != type_) return;
    if (entry.control == "include") {
      for (PamEntry& included : read(words[2], depth + 1)) stack.push_back(std::move(included));
      return;
    }
    if (entry.control == "substack") entry.substack = read(words[2], depth + 1);
    stack.push_back(std::move(entry));
  }

  const PamSource& source_;
  std::string_view type_;
};

class Dispatch {
 public:
  Dispatch(const PamAnswers& answers, PamRun& run) : answers_(answers), run_(run) {}

  void stack(const PamStack& entries) {
    const Verdict before = now_;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const PamEntry& entry = entries[i];
      if (entry.module.empty()) {
        stack(entry.substack);
        continue;
      }
      run_.reached.push_back(&entry);
      const int code = answers_(entry);
      const int action = entry.actions[static_cast<std::size_t>(code)];
      if (action == restart) now_ = before;
      if (action > 0) {
        if (i + static_cast<std::size_t>(action) >= entries.size()) now_ = {negative, PAM_PERM_DENIED};
        i += static_cast<std::size_t>(action);
      } else if (counts(action, code)) {
        return;
      }
    }
  }

  int result() const { return now_.impression == positive ? now_.status : fail(); }

 private:
  enum Impression { none, positive, negative };
  struct Verdict {
    Impression impression = none;
    int status = PAM_PERM_DENIED;
  };

  int fail() const { return now_.status == PAM_SUCCESS ? PAM_PERM_DENIED : now_.status; }

  // Whether the stack ends here.
  bool counts(int action, int code) {
    if (action == ok || action == done) {
      const bool open = now_.impression == none || (now_.impression == positive && now_.status == PAM_SUCCESS);
      if (open) now_ = {positive, code};
      return now_.impression == positive && action == done;
    }
    if (action == bad || action == die) {
      if (now_.impression != negative) now_ = {negative, code == PAM_IGNORE ? PAM_PERM_DENIED : code};
      return action == die;
    }
    return false;
  }

  const PamAnswers& answers_;
  PamRun& run_;
  Verdict now_;
};

}  // namespace

std::string_view PamEntry::name() const {
  const std::string_view path = module;
  return path.substr(path.find_last_of('/') + 1);
}

PamReading read_pam(const PamSource& source, const std::string& service, std::string_view type) {
  Reader reader(source, type);
  PamReading reading;
  reading.stack = reader.read(service, 0);
  reading.problems = std::move(reader.problems);
  return reading;
}

std::vector<PamLine> lines_in(std::string_view text) {
  std::vector<PamLine> lines;
  for (const TextLine& line : text_lines(text)) lines.push_back({line.number, line.last, words_of(line.text)});
  return lines;
}

std::string PamLine::type() const {
  if (words[0].front() == '@') return {};
  return lower_ascii(words[0].front() == '-' ? words[0].substr(1) : words[0]);
}

std::string_view PamLine::included() const {
  if (words.size() == 2 && words[0] == "@include") return words[1];
  const bool brings = words.size() >= 3 && (words[1] == "include" || words[1] == "substack");
  return brings ? std::string_view(words[2]) : std::string_view();
}

std::vector<std::string> included_by(std::string_view text) {
  std::vector<std::string> names;
  for (const PamLine& line : lines_in(text))
    if (!line.included().empty()) names.emplace_back(line.included());
  return names;
}

std::vector<PamEntry> written_lines(const std::string& file, std::string_view text) {
  std::vector<PamEntry> entries;
  for (const TextLine& line : text_lines(text)) {
    const std::vector<std::string> words = words_of(line.text);
    if (words.size() < 3) continue;
    PamEntry entry = entry_of(file, line.number, words);
    if (!entry.module.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

bool PamRun::came_to(const PamEntry& entry) const {
  return std::find(reached.begin(), reached.end(), &entry) != reached.end();
}

PamRun run_pam(const PamStack& stack, const PamAnswers& answers) {
  PamRun run;
  Dispatch dispatch(answers, run);
  dispatch.stack(stack);
  run.result = dispatch.result();
  return run;
}

std::vector<const PamEntry*> lines_of(const PamStack& stack) {
  std::vector<const PamEntry*> lines;
  for (const PamEntry& entry : stack) {
    if (!entry.module.empty()) lines.push_back(&entry);
    for (const PamEntry* inner : lines_of(entry.substack)) lines.push_back(inner);
  }
  return lines;
}

}  // namespace utmfa
