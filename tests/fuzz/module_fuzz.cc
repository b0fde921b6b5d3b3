// SPDX-License-Identifier: Apache-2.0
// Any packets at all from a verifier, into the dialogue of the module, with a person who always types something. The
// packets are parted by the bytes FF FE. Nothing may be granted but by a frame that says so, at the door where it may.
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "../pam/gdm.h"
#include "dialogue.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

int converse(int count, const pam_message** messages, pam_response** responses, void*) {
  *responses = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) {
    if (messages[i]->msg_style == PAM_BINARY_PROMPT) {
      (*responses)[i].resp = utmfa::test::answer_to(messages[i]->msg, "m02", utmfa::test::Drawn::right);
      continue;
    }
    demand(std::strlen(messages[i]->msg) <= utmfa::wire::longest_frame + utmfa::most_items * 16);
    (*responses)[i].resp = strdup("492039");
  }
  return PAM_SUCCESS;
}

constexpr pam_conv conversation = {converse, nullptr};

// Whether one of the packets is a result of this word.
bool says(std::string_view packets, std::string_view word) {
  for (;;) {
    const std::size_t end = packets.find("\xff\xfe");
    const utmfa::wire::Reader frame(packets.substr(0, end));
    if (frame.verb() == "result" && frame.text("code") == word) return true;
    if (end == packets.npos) return false;
    packets.remove_prefix(end + 2);
  }
}

void send_all(int fd, std::string_view packets) {
  for (;;) {
    const std::size_t end = packets.find("\xff\xfe");
    const std::string_view packet = packets.substr(0, end);
    if (send(fd, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 || end == packets.npos) break;
    packets.remove_prefix(end + 2);
  }
  shutdown(fd, SHUT_WR);
}

void play(std::string_view packets, utmfa::Door door, const utmfa::Greeter& greeter) {
  int ends[2];
  demand(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const utmfa::Line other(ends[1], 1);
  send_all(ends[1], packets);
  utmfa::Line line(ends[0], 1);
  const utmfa::wire::Writer hello("hello");
  utmfa::Person person(nullptr, 0);
  const utmfa::Ending& ending = utmfa::converse(line, hello, door, nullptr, person, greeter);
  demand(ending.authenticate != PAM_SUCCESS || says(packets, "granted"));
  demand(ending.set_up != PAM_SUCCESS || says(packets, "set-up-done") || says(packets, "set-up-put-off"));
  demand(ending.account != PAM_SUCCESS);
}

}  // namespace

// All that the dialogue needs of libpam.
int pam_get_item(const pam_handle_t*, int type, const void** item) {
  *item = type == PAM_CONV ? static_cast<const void*>(&conversation) : nullptr;
  return PAM_SUCCESS;
}

// What stands before a code becomes the password of the modules behind.
int pam_set_item(pam_handle_t*, int type, const void* item) {
  demand(type == PAM_AUTHTOK && item != nullptr);
  return PAM_SUCCESS;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packets(reinterpret_cast<const char*>(data), size);
  setenv("GDM_SUPPORTED_PAM_EXTENSIONS", "org.gnome.DisplayManager.UserVerifier.ChoiceList", 1);
  for (const utmfa::Greeter& greeter : {utmfa::Greeter("sshd"), utmfa::Greeter("gdm-password")})
    for (const utmfa::Door door : {utmfa::Door::authenticate, utmfa::Door::account, utmfa::Door::set_up})
      play(packets, door, greeter);
  return 0;
}
