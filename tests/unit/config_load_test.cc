// SPDX-License-Identifier: Apache-2.0
// Reading utmfa.yaml from the disk: proven absent is the defaults, everything else that cannot be read is an error.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "support/check.h"

namespace utmfa {
namespace {

constexpr std::string_view kinds[] = {"totp"};

class Directory {
 public:
  Directory() : path_("/tmp/utmfa-config-XXXXXX") {
    if (!mkdtemp(path_.data())) fail_msg("mkdtemp %s", path_.c_str());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string written(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    std::ofstream(file(name)) << text;
    assert_int_equal(chmod(file(name).c_str(), mode), 0);
    return file(name);
  }

 private:
  std::string path_;
};

void refused(const std::string& path, Code code) {
  const Result<Config> config = load_config(path, kinds);
  if (config) fail_msg("%s was accepted", path.c_str());
  assert_int_equal(config.error().code, code);
}

void file_is_read_and_names_itself(void**) {
  const Directory directory;
  const std::string path = directory.written("utmfa.yaml", "issuer: University\n");
  const Result<Config> config = load_config(path, kinds);
  assert_true(config && config->issuer == "University" && config->path == path);
  const std::string wrong = directory.written("wrong.yaml", "issue: University\n");
  const Result<Config> refusal = load_config(wrong, kinds);
  assert_true(!refusal && refusal.error().what.find(wrong + ":1:1: unknown key") == 0);
}

void absent_is_the_defaults(void**) {
  const Directory directory;
  for (const std::string name : {"utmfa.yaml", "not-there/utmfa.yaml"}) {
    const Result<Config> config = load_config(directory.file(name), kinds);
    assert_true(config && config->issuer == "utmfa" && config->path == directory.file(name));
    assert_int_equal(config->service("sshd").account, AccountDoor::enforce);
  }
}

void what_cannot_be_trusted_is_refused(void**) {
  const Directory directory;
  const std::string right = directory.written("right", "issuer: University\n");
  refused(directory.written("group", "", 0664), Code::refused);
  refused(directory.written("all", "", 0646), Code::refused);
  assert_int_equal(symlink(right.c_str(), directory.file("link").c_str()), 0);
  refused(directory.file("link"), Code::refused);
  assert_int_equal(symlink("nowhere", directory.file("dangling").c_str()), 0);
  refused(directory.file("dangling"), Code::refused);
  assert_int_equal(mkdir(directory.file("folder").c_str(), 0755), 0);
  assert_true(!load_config(directory.file("folder"), kinds));
  assert_int_equal(mkfifo(directory.file("pipe").c_str(), 0644), 0);
  assert_true(!load_config(directory.file("pipe"), kinds));
  // A directory that others can write cannot prove that the file was never there.
  assert_int_equal(mkdir(directory.file("open").c_str(), 0755), 0);
  assert_int_equal(chmod(directory.file("open").c_str(), 0777), 0);
  assert_true(!load_config(directory.file("open/utmfa.yaml"), kinds));
  assert_true(!load_config(right + "/utmfa.yaml", kinds));
  refused("", Code::invalid);
  refused("utmfa.yaml", Code::invalid);
}

void long_files_are_refused(void**) {
  const Directory directory;
  const std::string full = "#" + std::string(longest_config - 1, ' ');
  assert_true(static_cast<bool>(load_config(directory.written("full", full), kinds)));
  assert_true(!load_config(directory.written("over", full + " "), kinds));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::file_is_read_and_names_itself),
      cmocka_unit_test(utmfa::absent_is_the_defaults),
      cmocka_unit_test(utmfa::what_cannot_be_trusted_is_refused),
      cmocka_unit_test(utmfa::long_files_are_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
