// SPDX-License-Identifier: Apache-2.0
// utmfa.yaml and conf.d from the disk: proven absent is nothing, everything else that cannot be read is an error.
#include <algorithm>

#include "base/file.h"
#include "config/config.h"

namespace utmfa {
namespace {

constexpr std::size_t most_files = 256;
constexpr std::string_view suffix = ".yaml";

std::string parent_of(const std::string& path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

// Code::not_found: proven absent.
Result<std::string> text_of(const std::string& path) {
  const Result<Descriptor> directory = open_directory(parent_of(path), Privacy::open);
  if (!directory) return directory.error();
  const std::string name = path.substr(path.rfind('/') + 1);
  const Result<Descriptor> file = open_file(directory->get(), name, path, Privacy::open, Access::read);
  if (!file) return file.error();
  return contents(file->get(), path, longest_config);
}

bool is_part(std::string_view name) {
  return name.front() != '.' && name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
}

}  // namespace

std::string config_directory(const std::string& path) {
  const std::string parent = parent_of(path);
  return (parent == "/" ? "" : parent) + "/conf.d";
}

Result<std::vector<std::string>> config_files(const std::string& path) {
  std::vector<std::string> files;
  const std::string directory = config_directory(path);
  const Result<Descriptor> opened = open_directory(directory, Privacy::open);
  if (!opened && opened.error().code != Code::not_found) return opened.error();
  const Result<std::vector<std::string>> names =
      opened ? names_in(opened->get(), directory) : std::vector<std::string>();
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (is_part(name)) files.push_back(directory + "/" + name);
  if (files.size() > most_files) return Error{Code::invalid, directory + ": has more than 256 files"};
  files.insert(files.begin(), path);
  return files;
}

Result<Config> load_config(const std::string& path, std::span<const std::string_view> kinds) {
  if (path.empty() || path.front() != '/') return Error{Code::invalid, path + ": is not an absolute path"};
  const Result<std::vector<std::string>> files = config_files(path);
  if (!files) return files.error();
  std::vector<ConfigPart> parts;
  for (const std::string& file : *files) {
    Result<std::string> text = text_of(file);
    const bool absent = !text && text.error().code == Code::not_found;
    if (!text && !absent) return text.error();
    parts.push_back({file, absent ? std::string() : std::move(*text)});
  }
  Result<Config> config = parse_config(parts, kinds);
  if (!config || config->fido.attestation.empty()) return config;
  Result<std::string> makers = text_of(config->fido.attestation);
  if (!makers) return Error{Code::invalid, "fido.attestation: " + makers.error().what};
  if (makers->find("-----BEGIN CERTIFICATE-----") == std::string::npos)
    return Error{Code::invalid, "fido.attestation: " + config->fido.attestation + ": holds no certificates in PEM"};
  config->fido.makers = std::move(*makers);
  return config;
}

}  // namespace utmfa
