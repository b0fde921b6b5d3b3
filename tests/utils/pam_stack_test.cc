// SPDX-License-Identifier: Apache-2.0
// The doctor's PAM on paper against the real libpam: stacks of pam_debug.so, which answers as it is told, are run by
// both, and every result must be the same. Then tables of stacks that are open, closed or in the way.
#include <security/pam_appl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "doctor/pam_stack.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr int stacks = 400;
constexpr std::array<const char*, 12> controls = {
    "required",
    "requisite",
    "sufficient",
    "optional",
    "[success=ok default=ignore]",
    "[success=1 default=ignore]",
    "[success=done ignore=ignore default=die]",
    "[success=ok]",
    "[default=bad success=2]",
    "[success=reset default=ok]",
    "[auth_err=1 default=bad success=ok]",
    "[success=ok new_authtok_reqd=ok ignore=ignore user_unknown=bad default=die]"};
const std::map<std::string, int> answers = {
    {"success", PAM_SUCCESS},   {"auth_err", PAM_AUTH_ERR},         {"ignore", PAM_IGNORE},
    {"maxtries", PAM_MAXTRIES}, {"user_unknown", PAM_USER_UNKNOWN}, {"conv_err", PAM_CONV_ERR}};

// The same numbers in every run.
class Numbers {
 public:
  std::size_t below(std::size_t most) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state_ >> 33) % most;
  }

 private:
  unsigned long long state_ = 20261122;
};

class Place {
 public:
  Place() {
    char path[] = "/tmp/utmfa-pam-XXXXXX";
    assert_non_null(mkdtemp(path));
    path_ = path;
  }
  ~Place() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) {
    files_[name] = text;
    std::ofstream(path_ + "/" + name) << text;
  }
  PamSource source() const {
    return [this](const std::string& service) -> std::optional<std::string> {
      const auto found = files_.find(service.substr(service.find_last_of('/') + 1));
      return found == files_.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
  }

 private:
  std::string path_;
  std::map<std::string, std::string> files_;
};

int silent(int, const pam_message**, pam_response**, void*) { return PAM_CONV_ERR; }

int by_libpam(const Place& place, const std::string& service) {
  const pam_conv talk{silent, nullptr};
  pam_handle_t* pam = nullptr;
  assert_int_equal(pam_start_confdir(service.c_str(), "root", &talk, place.path().c_str(), &pam), PAM_SUCCESS);
  const int result = pam_authenticate(pam, 0);
  pam_end(pam, result);
  return result;
}

using Told = std::map<std::string, std::vector<int>>;  // by file, the answers of its lines

int on_paper(const Place& place, const std::string& service, const Told& told) {
  const PamReading reading = read_pam(place.source(), service, "auth");
  return run_pam(reading.stack,
                 [&](const PamEntry& entry) {
                   const std::string file = entry.file.substr(entry.file.find_last_of('/') + 1);
                   return told.at(file)[static_cast<std::size_t>(entry.line - 1)];
                 })
      .result;
}

std::string random_lines(Numbers& numbers, std::size_t count, std::vector<int>& told) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    auto answer = answers.begin();
    std::advance(answer, static_cast<long>(numbers.below(answers.size())));
    text +=
        std::string("auth ") + controls[numbers.below(controls.size())] + " pam_debug.so auth=" + answer->first + "\n";
    told.push_back(answer->second);
  }
  return text;
}

void the_paper_decides_as_libpam_does(void**) {
  Place place;
  Numbers numbers;
  int granted = 0;
  for (int i = 0; i < stacks; ++i) {
    Told told;
    place.write("part", random_lines(numbers, 1 + numbers.below(3), told["part"]));
    std::string text = random_lines(numbers, numbers.below(3), told["whole"]);
    if (numbers.below(3) > 0) {
      text += (numbers.below(2) == 0 ? "auth substack " : "auth include ") + place.path() + "/part\n";
      told["whole"].push_back(PAM_SUCCESS);
    }
    text += random_lines(numbers, 1 + numbers.below(3), told["whole"]);
    place.write("whole", text);
    const int real = by_libpam(place, "whole"), paper = on_paper(place, "whole", told);
    if (real != paper)
      print_error("stack:\n%spart:\n%slibpam %d, paper %d\n", text.c_str(), place.source()("part")->c_str(), real,
                  paper);
    assert_int_equal(real, paper);
    granted += real == PAM_SUCCESS;
  }
  assert_in_range(granted, stacks / 20, stacks - stacks / 20);  // both ways were really walked
}

void lines_are_read_as_pam_reads_them(void**) {
  const std::string text =
      "# comment\n"
      "auth [success=ok \\\n"
      "  default=die] pam_a.so x # rest\n"
      "-auth\toptional /lib/security/pam_b.so\n"
      "Auth REQUIRED pam_c.so\n"
      "account required pam_d.so\n";
  const PamSource source = [&](const std::string& service) -> std::optional<std::string> {
    return service == "a" ? std::optional<std::string>(text) : std::nullopt;
  };
  const PamReading reading = read_pam(source, "a", "auth");
  assert_int_equal(reading.problems.size(), 0);
  assert_int_equal(reading.stack.size(), 3);
  assert_int_equal(reading.stack[0].line, 2);
  assert_string_equal(reading.stack[0].module.c_str(), "pam_a.so");
  assert_string_equal(std::string(reading.stack[1].name()).c_str(), "pam_b.so");
  assert_string_equal(reading.stack[2].control.c_str(), "required");
  assert_int_equal(read_pam(source, "b", "auth").problems.size(), 1);
}

void a_file_that_includes_itself_ends(void**) {
  const PamSource source = [](const std::string&) -> std::optional<std::string> { return "@include a\n"; };
  const PamReading reading = read_pam(source, "a", "auth");
  assert_true(reading.stack.empty());
  assert_false(reading.problems.empty());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::the_paper_decides_as_libpam_does),
      cmocka_unit_test(utmfa::lines_are_read_as_pam_reads_them),
      cmocka_unit_test(utmfa::a_file_that_includes_itself_ends),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
