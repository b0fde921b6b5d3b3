// SPDX-License-Identifier: Apache-2.0
// pam_start_confdir(3) on a copy. A password is taken as right by pam_permit in the place of what would prove it.
#include "service/rehearsal.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "signin/words.h"

namespace utmfa {
namespace {

struct Heard {
  bool asked = false;
  std::string said;  // the last text that was shown
};

// Answers nothing: whoever asks is told that nobody is there.
int listen(int count, const pam_message** messages, pam_response** replies, void* to) {
  auto& heard = *static_cast<Heard*>(to);
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  for (int i = 0; i < count; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_PROMPT_ECHO_ON || style == PAM_PROMPT_ECHO_OFF) {
      heard.asked = true;
      return PAM_CONV_ERR;
    }
    heard.said = cleaned(messages[i]->msg == nullptr ? "" : messages[i]->msg, 200);
  }
  *replies = static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  return *replies == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
}

void at_once(int, unsigned, void*) {}  // modules ask for a delay after a refusal, and nobody guesses here

struct Run {
  int code = PAM_SYSTEM_ERR;
  std::string why;
  Heard heard;
};

Run run(const std::string& directory, const std::string& service, const std::string& user) {
  Run run;
  const pam_conv talk{listen, &run.heard};
  pam_handle_t* pam = nullptr;
  run.code = pam_start_confdir(service.c_str(), user.c_str(), &talk, directory.c_str(), &pam);
  if (run.code != PAM_SUCCESS) return run;
  (void)pam_set_item(pam, PAM_FAIL_DELAY, reinterpret_cast<const void*>(at_once));
  run.code = pam_authenticate(pam, 0);
  if (run.code == PAM_SUCCESS) run.code = pam_acct_mgmt(pam, 0);
  run.why = pam_strerror(pam, run.code);
  if (!run.heard.said.empty()) run.why += " (" + run.heard.said + ")";
  (void)pam_end(pam, run.code);
  return run;
}

std::string with_password_right(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  for (const PamLine& line : lines_in(text)) {
    if (line.type() != "auth" || line.words.size() < 3 || !line.included().empty()) continue;
    PamEntry entry;
    entry.module = line.words[2];
    if (!is_first_factor(entry)) continue;
    for (int at = line.first; at <= line.last; ++at) {
      std::string& physical = lines[static_cast<std::size_t>(at - 1)];
      const std::size_t found = physical.find(entry.module);
      if (found != physical.npos) physical.replace(found, entry.module.size(), "pam_permit.so");
    }
  }
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

// Debian's "@include" goes to /etc/pam.d wherever the service file was read: what it brings in is written out.
std::string written_out(const PamFacts& facts, const std::string& text, int depth) {
  constexpr int deepest = 16;
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  for (const PamLine& line : lines_in(text)) {
    const auto part = line.words[0] == "@include" ? facts.files.find(std::string(line.included())) : facts.files.end();
    if (part == facts.files.end() || depth >= deepest) continue;
    for (int at = line.first; at <= line.last; ++at) lines[static_cast<std::size_t>(at - 1)].clear();
    lines[static_cast<std::size_t>(line.first - 1)] = written_out(facts, part->second, depth + 1);
  }
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

Error not_right(const std::string& service, const std::string& why) {
  return {Code::refused, say("the trial of {0} did not go as it must, and nothing was changed: {1}", {service, why})};
}

Status caller_is_served(const PamFacts& changed, const std::string& service, const Gate& gate,
                        const std::string& below) {
  if (!gate.his) return Done{};
  const Need need = gate.his->plan.need;
  if (need == Need::set_up || need == Need::set_up_elsewhere) return Done{};  // registering is no trial
  PamFacts right = changed;
  for (auto& [name, text] : right.files) text = with_password_right(text);
  const Result<PrivateStack> stack = PrivateStack::make(right, below);
  if (!stack) return stack.error();
  const Run went = run(stack->path(), service, gate.caller);
  const bool must_be_asked = need == Need::factor;
  if (must_be_asked && went.code == PAM_SUCCESS)
    return not_right(service, say("{0} was let in without being asked", {gate.caller}));
  if (must_be_asked ? went.heard.asked : went.code == PAM_SUCCESS) return Done{};
  return not_right(service, gate.caller + ": " + went.why);
}

Status stranger_is_refused(const PamFacts& changed, const std::string& service, const std::string& below) {
  SystemRandom random;
  const Result<Secret> tail = random.bytes(6);
  if (!tail) return tail.error();
  const Result<PrivateStack> stack = PrivateStack::make(changed, below);
  if (!stack) return stack.error();
  const Run went = run(stack->path(), service, "nobody-" + hex(tail->view()));
  if (went.code != PAM_SUCCESS) return Done{};
  return not_right(service, say("a name that nobody has was let in"));
}

}  // namespace

Result<PrivateStack> PrivateStack::make(const PamFacts& facts, const std::string& below) {
  std::string path = below + "/trial.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return os_error(below, "a directory for the trial cannot be made");
  PrivateStack stack(path);
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory) return directory.error();
  for (const auto& [name, text] : facts.files)
    if (Status copied = replace_file(directory->get(), name, path + "/" + name, written_out(facts, text, 0), 0600);
        !copied)
      return copied.error();
  return stack;
}

PrivateStack::~PrivateStack() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Status rehearse(const PamFacts& changed, const std::string& service, FirstBy first, const Gate& gate,
                const std::string& below) {
  if (Status served = caller_is_served(changed, service, gate, below); !served) return served;
  // Of a key PAM knows nothing: there whoever need not give a code is let on.
  return first == FirstBy::key ? Status(Done{}) : stranger_is_refused(changed, service, below);
}

}  // namespace utmfa
