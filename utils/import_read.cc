// SPDX-License-Identifier: Apache-2.0
// Reading what utmfa-admin import is given, by form.
#include <pwd.h>

#include <cstdio>
#include <memory>

#include "base/text.h"
#include "each_person.h"
#include "import_source.h"
#include "import_verb.h"
#include "signin/words.h"
#include "terminal.h"
#include "where.h"

namespace utmfa {
namespace {

constexpr std::string_view usual_google_path = "~/.google_authenticator";
constexpr std::size_t longest_google_file = 65536, longest_passphrase = 1024;

struct Closed {
  void operator()(FILE* file) const { (void)fclose(file); }
};

Result<std::string> only_file(const AdminOptions& options) {
  if (options.bulk.what.size() == 1) return options.bulk.what[0];
  return Error{Code::invalid, say("name the one file to be imported; - is standard input")};
}

bool ends(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && lower_ascii(text.substr(text.size() - suffix.size())) == suffix;
}

Result<std::string> format_of(const AdminOptions& options, const std::string& path) {
  if (!options.bulk.format.empty()) return options.bulk.format;
  if (ends(path, ".csv")) return std::string("csv");
  if (ends(path, ".json")) return std::string("json");
  return Error{Code::invalid, say("{0}: the name does not say what it is: --format csv or --format json", {path})};
}

// Whoever is a stranger here is rejected with all of his rows; a name written otherwise is written right.
void settle_names(ImportSource& source) {
  std::map<std::string, Result<std::string>> known;
  std::vector<ImportRow> rows;
  for (ImportRow& row : source.rows.rows) {
    auto found = known.find(row.user);
    if (found == known.end()) found = known.emplace(row.user, source.names.canonical(row.user)).first;
    if (!found->second) {
      source.rows.rejected.push_back({row.line, row.user, found->second.error().what});
      continue;
    }
    row.user = *found->second;
    rows.push_back(std::move(row));
  }
  source.rows.rows = std::move(rows);
}

Result<Secret> google_file(const AdminOptions& options, const Person& person, std::string& path) {
  const std::string pattern = options.bulk.path.empty() ? std::string(usual_google_path) : options.bulk.path;
  path = path_for(pattern, person);
  const bool at_home = pattern.substr(0, 2) == "~/" || pattern.find("${HOME}") != pattern.npos;
  if (path.empty() || path[0] != '/') return Error{Code::refused, path + ": is not an absolute path"};
  return at_home ? read_of_person(person, path, longest_google_file) : read_of_root(path, longest_google_file);
}

void read_google_file(const AdminOptions& options, const Person& person, ImportRows& rows) {
  std::string path;
  const Result<Secret> text = google_file(options, person, path);
  const bool everybody_asked = options.bulk.what.empty();
  if (!text && text.error().code == Code::not_found && everybody_asked) return;
  Result<std::vector<ImportRow>> read =
      text ? parse_google_authenticator(text->view(), path, person.name) : Result<std::vector<ImportRow>>(text.error());
  if (!read) {
    rows.rejected.push_back({0, person.name, read.error().what});
    return;
  }
  for (ImportRow& row : *read) rows.rows.push_back(std::move(row));
}

Result<ImportRows> read_google(const AdminOptions& options) {
  ImportRows rows;
  std::vector<std::string> names = options.bulk.what;
  if (names == std::vector<std::string>{"-"}) {
    Result<std::vector<std::string>> listed = names_on_stdin();
    if (!listed) return listed.error();
    names = std::move(*listed);
  }
  if (options.bulk.what.empty()) {
    for (const Person& person : everybody()) read_google_file(options, person, rows);
    return rows;
  }
  for (const std::string& name : names) {
    const Result<Person> person = person_named(name);
    if (person)
      read_google_file(options, *person, rows);
    else
      rows.rejected.push_back({0, cleaned(name, 255), person.error().what});
  }
  return rows;
}

Result<ImportRows> read_rows(const AdminOptions& options, const std::string& path, ImportSource& source) {
  const std::string& from = options.bulk.from;
  const Result<std::string> format = from.empty() ? format_of(options, path) : Result<std::string>(from);
  if (!format) return format.error();
  Result<Secret> read = read_named(path, longest_import);
  if (!read) return read.error();
  source.format = *format;
  source.text = std::move(*read);
  const Secret* text = &source.text;
  const std::string shown_path = path == "-" ? say("standard input") : path;
  if (*format == "csv") return parse_csv_rows(text->view(), shown_path);
  if (*format == "json") return parse_json_rows(text->view(), shown_path);
  if (*format == "oath") return parse_users_oath(text->view(), shown_path);
  const std::string rp = options.bulk.origin.empty() ? "pam://" + machine_name() : options.bulk.origin;
  return parse_u2f_mappings(text->view(), shown_path, rp);
}

Status read_parcel(const AdminOptions& options, ImportSource& source) {
  const Result<std::string> path = only_file(options);
  if (!path) return path.error();
  const Result<Secret> bytes = read_named(*path, longest_import);
  if (!bytes) return bytes.error();
  const Result<Secret> words = passphrase(options.bulk.passphrase_file, Typed::once);
  if (!words) return words.error();
  Result<Parcel> parcel = Parcel::open(bytes->view(), words->view(), *path);
  if (!parcel) return parcel.error();
  source.parcel.emplace(std::move(*parcel));
  return Done{};
}

}  // namespace

Names::Names(From from) : from_(from) {
  if (from == From::writing) return;
  const std::unique_ptr<FILE, Closed> file(fopen("/etc/passwd", "re"));
  while (file) {
    const struct passwd* entry = fgetpwent(file.get());
    if (entry == nullptr) break;
    local_.emplace(entry->pw_name);
  }
}

Result<std::string> Names::canonical(const std::string& name) {
  if (from_ == From::writing || local_.count(name) > 0) return name;
  return canonical_name(name);
}

Result<Secret> passphrase(const std::string& file, Typed typed) {
  if (!file.empty()) {
    const Result<Secret> text = read_named(file, longest_passphrase);
    if (!text) return text.error();
    return Secret(trimmed(text->view()));
  }
  Result<Secret> first = ask(say("Passphrase: "), Echo::hidden);
  if (!first || typed == Typed::once) return first;
  const Result<Secret> second = ask(say("The same again: "), Echo::hidden);
  if (!second) return second.error();
  if (!equal(first->view(), second->view())) return Error{Code::refused, say("the two are not the same")};
  return first;
}

Result<ImportSource> read_source(const AdminOptions& options) {
  ImportSource source{Names(options.bulk.as_written ? Names::From::writing : Names::From::services), {}, {}, {}, {}};
  if (options.bulk.sealed) {
    if (Status read = read_parcel(options, source); !read) return read.error();
    return source;
  }
  if (options.bulk.from == "google-authenticator") {
    Result<ImportRows> rows = read_google(options);
    if (!rows) return rows.error();
    source.rows = std::move(*rows);
    return source;
  }
  const Result<std::string> path = only_file(options);
  if (!path) return path.error();
  Result<ImportRows> rows = read_rows(options, *path, source);
  if (!rows) return rows.error();
  source.rows = std::move(*rows);
  settle_names(source);
  return source;
}

}  // namespace utmfa
