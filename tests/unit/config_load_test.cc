// SPDX-License-Identifier: Apache-2.0
// Reading utmfa.yaml from the disk: proven absent is the defaults, everything else that cannot be read is an error.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "support/premises.h"

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

// The file beside it that it names is as little to be missing, or anybody's, as itself.
void makers_of_keys_are_read_with_it(void**) {
  const Directory directory;
  const std::string text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto naming = [&](const std::string& path) {
    return directory.written("utmfa.yaml", "fido: {attestation: " + path + "}\n");
  };
  const Result<Config> config = load_config(naming(directory.written("makers.pem", text)), kinds);
  assert_true(config && config->fido.makers == text);
  refused(naming(directory.written("open.pem", text, 0666)), Code::invalid);
  refused(naming(directory.written("none.pem", "no certificate\n")), Code::invalid);
  refused(naming(directory.file("missing.pem")), Code::invalid);
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

void parts_are_read_in_their_order(void**) {
  const Directory directory;
  const std::string path = directory.written(
      "utmfa.yaml", "issuer: One\nexempt: [{users: [root]}]\nservices:\n  sshd: {require: always, tries: 2}\n");
  assert_int_equal(mkdir(directory.file("conf.d").c_str(), 0755), 0);
  assert_true(static_cast<bool>(load_config(path, kinds)));  // an empty one
  directory.written("conf.d/20-b.yaml", "services:\n  sshd: {tries: 5}\n  sudo: {require: off}\n");
  directory.written("conf.d/10-a.yaml", "issuer: Two\nexempt: [{users: [taro]}]\nservices:\n  sshd: {tries: 4}\n");
  directory.written("conf.d/30-c.yml", "issuer: Three\n");
  directory.written("conf.d/.40-d.yaml", "issuer: Four\n");
  const Result<Config> config = load_config(path, kinds);
  if (!config) fail_msg("%s", config.error().what.c_str());
  assert_string_equal(config->issuer.c_str(), "Two");
  assert_int_equal(config->service("sshd").tries, 5);
  assert_true(config->service("sshd").require == Require::always && config->service("sudo").require == Require::off);
  assert_int_equal(config->exemptions.size(), 2);
  assert_string_equal(config->shown(config->exemptions[0].at).c_str(), (path + ":2:10").c_str());
  assert_string_equal(config->file_of(config->exemptions[1].at).c_str(), directory.file("conf.d/10-a.yaml").c_str());
  assert_string_equal(config->file_of(config->service("sudo").require_at).c_str(),
                      directory.file("conf.d/20-b.yaml").c_str());
  assert_string_equal(config->file_of(config->service("sshd").require_at).c_str(), path.c_str());
}

void a_wrong_part_names_itself(void**) {
  const Directory directory;
  const std::string path = directory.written("utmfa.yaml", "issuer: One\n");
  assert_int_equal(mkdir(directory.file("conf.d").c_str(), 0755), 0);
  const std::pair<const char*, const char*> wrong[] = {{"services:\n  sshd: {tries: 99}\n", ":2:17: tries is 99"},
                                                       {"issue: x\n", ":1:1: unknown key"},
                                                       {"- x\n", ":1:1: this entry is a list"},
                                                       {"a: [\n", ": this is not YAML"}};
  for (const auto& [text, expected] : wrong) {
    const std::string part = directory.written("conf.d/10.yaml", text);
    const Result<Config> config = load_config(path, kinds);
    assert_false(static_cast<bool>(config));
    if (config.error().what.find(part) != 0 || config.error().what.find(expected) == std::string::npos)
      fail_msg("%s", config.error().what.c_str());
  }
  refused((directory.written("conf.d/10.yaml", "", 0666), path), Code::refused);
  assert_int_equal(chmod(directory.written("conf.d/10.yaml", "").c_str(), 0644), 0);
  assert_int_equal(chmod(directory.file("conf.d").c_str(), 0777), 0);
  refused(path, Code::refused);
}

// What a part restricts must not be forgotten because its directory could not be listed at this moment.
void parts_that_cannot_be_listed_are_no_absent_ones(void**) {
  const Directory directory;
  const std::string path = directory.written("utmfa.yaml", "issuer: One\n");
  const auto loads_without_listing = [&] {
    const pid_t child = fork();
    if (child == 0) {
      test::forbid(SYS_getdents64, EIO);
      const Result<Config> config = load_config(path, kinds);
      _exit(config ? 0 : config.error().what.find(directory.file("conf.d") + ": cannot be listed") == 0 ? 1 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
  };
  assert_int_equal(loads_without_listing(), 0);  // nothing is there to be listed
  assert_int_equal(mkdir(directory.file("conf.d").c_str(), 0755), 0);
  assert_true(static_cast<bool>(load_config(path, kinds)));
  assert_int_equal(loads_without_listing(), 1);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::file_is_read_and_names_itself),
      cmocka_unit_test(utmfa::absent_is_the_defaults),
      cmocka_unit_test(utmfa::what_cannot_be_trusted_is_refused),
      cmocka_unit_test(utmfa::long_files_are_refused),
      cmocka_unit_test(utmfa::makers_of_keys_are_read_with_it),
      cmocka_unit_test(utmfa::parts_are_read_in_their_order),
      cmocka_unit_test(utmfa::a_wrong_part_names_itself),
      cmocka_unit_test(utmfa::parts_that_cannot_be_listed_are_no_absent_ones),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
