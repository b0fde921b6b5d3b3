// SPDX-License-Identifier: Apache-2.0
// A PAM service file read as libpam reads it, and what libpam would decide if the modules answered so and so
// (pam.d(5); Linux-PAM _pam_dispatch_aux). Pure: files come through a function, nothing is executed.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace utmfa {

struct PamEntry {
  std::string file;
  int line = 0;
  std::string type;             // "auth", without the dash of a line that may be missing
  std::string control, module;  // module: as written; "" for a substack
  std::vector<std::string> arguments;
  std::array<int, 32> actions{};  // by return code; see pam_stack.cc
  std::vector<PamEntry> substack;
  std::string place() const { return file + ":" + std::to_string(line); }
  std::string_view name() const;  // "pam_unix.so"
};

using PamStack = std::vector<PamEntry>;
using PamSource = std::function<std::optional<std::string>(const std::string& service)>;

struct PamReading {
  PamStack stack;
  std::vector<std::string> problems;  // files that are not there, lines that cannot be read
};

// The stack of one type ("auth"), with everything it includes.
PamReading read_pam(const PamSource& source, const std::string& service, std::string_view type);
std::vector<std::string> included_by(std::string_view text);
// A line as it stands in a file, with those that go on after a backslash; without its comment.
struct PamLine {
  int first = 0, last = 0;  // counted from 1
  std::vector<std::string> words;
  std::string type() const;           // "auth"; "" of an @include, which brings every type
  std::string_view included() const;  // the file that it brings in; "" = none
};
std::vector<PamLine> lines_in(std::string_view text);
// The lines of one file that name a module, of every type, as they are written: nothing is included.
std::vector<PamEntry> written_lines(const std::string& file, std::string_view text);

// What a module answers (PAM_SUCCESS ...). The result of the whole stack, and which lines were reached.
using PamAnswers = std::function<int(const PamEntry&)>;
struct PamRun {
  int result = 0;
  std::vector<const PamEntry*> reached;
  bool came_to(const PamEntry& entry) const;
};
PamRun run_pam(const PamStack& stack, const PamAnswers& answers);

// Every line, substacks opened, in order.
std::vector<const PamEntry*> lines_of(const PamStack& stack);

}  // namespace utmfa
