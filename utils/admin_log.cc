// SPDX-License-Identifier: Apache-2.0
// utmfa-admin log: what utmfa wrote into the journal, or into the log file where there is no journal.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/file.h"
#include "base/text.h"
#include "json.h"
#include "process.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr const char* journalctl = "/usr/bin/journalctl";
constexpr off_t longest_tail = 64 << 20;

// The end of a log file, from the beginning of a line.
Result<std::string> tail_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file && errno == ENOENT) return Error{Code::not_found, path + ": is not there"};
  if (!file) return os_error(path, "cannot be opened");
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return os_error(path, "cannot be examined");
  const off_t start = about.st_size > longest_tail ? about.st_size - longest_tail : 0;
  std::string text(static_cast<std::size_t>(about.st_size - start), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = pread(file.get(), text.data() + have, text.size() - have, start + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(path, "cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return start == 0 ? text : text.substr(std::min(text.find('\n') + 1, text.size()));
}

Result<std::string> from_files() {
  for (const char* path : {"/var/log/auth.log", "/var/log/secure"}) {
    Result<std::string> text = tail_of(path);
    if (text || text.error().code != Code::not_found) return text;
  }
  return Error{Code::unavailable, say("neither a journal nor /var/log/auth.log or /var/log/secure is there")};
}

Result<std::string> log_text(const AdminOptions& options) {
  if (!options.log_file.empty()) return tail_of(options.log_file);
  std::vector<std::string> words = {"-t",         "utmfa", "-o", "short-iso",
                                    "--no-pager", "-q",    "-n", std::to_string(options.lines)};
  if (!options.user.empty()) words.push_back("UTMFA_USER=" + options.user);
  const Result<Ran> journal = run_program(journalctl, words, Errors::to_terminal);
  const bool asked = journal && journal->status == 0;
  if (asked && !journal->output.empty()) return journal->output;
  const Result<std::string> files = from_files();
  return asked && !files ? journal->output : files;
}

// Values are quoted where they are not plain; see audit_line().
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) text.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  return text;
}

bool concerns(std::string_view line, const std::string& user) {
  if (line.find(" utmfa[") == line.npos && line.find(" utmfa:") == line.npos) return false;
  if (user.empty()) return true;
  for (const std::string& field :
       std::initializer_list<std::string>{" user=" + user, " user=\"" + escaped(user) + "\""}) {
    const std::size_t at = line.find(field);
    if (at == line.npos) continue;
    const std::size_t end = at + field.size();
    if (end == line.size() || line[end] == ' ') return true;
  }
  return false;
}

}  // namespace

Status read_log(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may && options.log_file.empty()) return may;
  const Result<std::string> text = log_text(options);
  if (!text) return text.error();
  std::vector<std::string> lines;
  for (const std::string_view line : split(*text, '\n'))
    if (concerns(line, options.user)) lines.push_back(cleaned(line, 2048));
  const auto wanted = static_cast<std::size_t>(options.lines);
  if (lines.size() > wanted) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(wanted));
  if (options.common.format == Format::json) return print(Json(lines));
  for (const std::string& line : lines) show(line);
  if (lines.empty()) complain(say("utmfa has written nothing there yet."));
  return Done{};
}

}  // namespace utmfa
