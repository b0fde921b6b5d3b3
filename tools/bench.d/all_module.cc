// SPDX-License-Identifier: Apache-2.0
// pam_all.so DIRECTORY: a yardstick, not an authenticator. What a module costs that links the libraries of a modern
// second factor itself (libstdc++, yaml-cpp, libcrypto, liboath, libfido2) and checks one time-based code: a YAML file
// per user, HMAC by OpenSSL, a state file under a lock, one sync, one log line. tools/bench measures the verifier's
// isolation against it. Never installed.
#define PAM_SM_AUTH
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <sys/file.h>
#include <syslog.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

std::string code_at(const std::string& secret, std::uint64_t step) {
  unsigned char counter[8], digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  for (int i = 7; i >= 0; --i, step >>= 8) counter[i] = static_cast<unsigned char>(step);
  if (!HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter, sizeof counter, digest, &size))
    return {};
  const unsigned at = digest[size - 1] & 15u;
  const unsigned number = (digest[at] & 127u) << 24 | digest[at + 1] << 16 | digest[at + 2] << 8 | digest[at + 3];
  char text[8];
  std::snprintf(text, sizeof text, "%06u", number % 1000000);
  return text;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// The step that the code belongs to, 0 = none of the three.
std::uint64_t step_of(const std::string& secret, const std::string& answer, std::uint64_t now) {
  std::uint64_t found = 0;
  for (std::uint64_t step = now - 1; step <= now + 1; ++step) {
    const std::string right = code_at(secret, step);
    if (right.size() == answer.size() && CRYPTO_memcmp(right.data(), answer.data(), right.size()) == 0) found = step;
  }
  return found;
}

// Checks and spends under one lock: 0 = granted.
int spend(const std::string& path, const std::string& secret, const std::string& answer) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  std::uint64_t used[8] = {};
  int rc = PAM_AUTH_ERR;
  if (fd < 0) return PAM_AUTHINFO_UNAVAIL;
  if (::flock(fd, LOCK_EX) == 0 && ::pread(fd, used, sizeof used, 0) == sizeof used) {
    const std::uint64_t step = step_of(secret, answer, static_cast<std::uint64_t>(::time(nullptr)) / 30);
    if (step > used[0]) {
      used[0] = step;
      if (::pwrite(fd, used, sizeof used, 0) == sizeof used && ::fdatasync(fd) == 0) rc = PAM_SUCCESS;
    }
  }
  ::close(fd);
  return rc;
}

int check(pam_handle_t* pam, const std::string& directory) {
  const char* user = nullptr;
  char* answer = nullptr;
  if (pam_get_user(pam, &user, nullptr) != PAM_SUCCESS) return PAM_USER_UNKNOWN;
  const YAML::Node file = YAML::LoadFile(directory + "/" + user + ".yaml");
  const YAML::Node first = file["methods"][0];
  const std::string secret = from_hex(first["secret"].as<std::string>());
  const std::string label = first["label"].as<std::string>();
  if (pam_prompt(pam, PAM_PROMPT_ECHO_OFF, &answer, "Code from %s: ", label.c_str()) != PAM_SUCCESS || !answer)
    return PAM_CONV_ERR;
  const int rc = spend(directory + "/" + user + ".state", secret, answer);
  std::free(answer);
  pam_syslog(pam, LOG_NOTICE, "%s user=%s", rc == PAM_SUCCESS ? "granted" : "denied", user);
  return rc;
}

}  // namespace

extern "C" int pam_sm_authenticate(pam_handle_t* pam, int, int argc, const char** argv) {
  try {
    return argc == 1 ? check(pam, argv[0]) : PAM_SERVICE_ERR;
  } catch (...) {
    return PAM_AUTHINFO_UNAVAIL;
  }
}

extern "C" int pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }
