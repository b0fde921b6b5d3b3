// SPDX-License-Identifier: Apache-2.0
// What utmfad was started with, and the configuration that is in force: read again when the file changes, and the last
// good one kept when the new one is broken.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "config/config.h"

namespace utmfa {

struct Settings {
  std::string config = "/etc/utmfa/utmfa.yaml";
  std::string run_dir = "/run/utmfa";
  std::string data_dir = "/var/lib/utmfa";
  std::string keys_dir = "/etc/utmfa/keys";
  std::string locale_dir;      // "" = installed
  std::string user = "utmfa";  // whom sign-in processes become
};

// A file or directory as it was when it was last looked at.
class Seen {
 public:
  explicit Seen(std::string path) : path_(std::move(path)) { look(); }
  void look();
  bool changed() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  struct stat seen_ {};  // all zero = absent
};

class ConfigFile {
 public:
  explicit ConfigFile(std::string path) : path_(std::move(path)) {}
  Status load();  // an error leaves what is in force
  bool changed() const;
  const Config& config() const { return config_; }

 private:
  std::string path_;
  std::vector<Seen> seen_;  // the file, the directory beside it, and what is in that
  Config config_;
};

}  // namespace utmfa
