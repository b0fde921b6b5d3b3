// SPDX-License-Identifier: Apache-2.0
// The loop over the verifier's frames, and the table of how it may end.
#include "dialogue.h"

#include <cstring>

namespace utmfa {

constexpr Ending unavailable = {"unavailable", PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, 0};
constexpr Ending garbled = {"", PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, 0};
constexpr Ending hung_up = {"", PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR, 0};

namespace {

// IGNORE, so that `sufficient` grants nothing to somebody who was not asked. Nobody can be granted or told to set up
// at the account door: nothing was proven there. At the door of set-up one word opens, which opens no other.
constexpr int not_here = PAM_AUTHINFO_UNAVAIL;
constexpr Ending endings[] = {
    {"granted", PAM_SUCCESS, not_here, not_here, 'g'},
    {"denied", PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHTOK_ERR, 0},
    // Not PAM_MAXTRIES: sshd then offers no way to go on, and ssh asks for a password that nobody takes, three times.
    {"locked", PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHTOK_ERR, 0},
    {"exempt", PAM_IGNORE, PAM_IGNORE, not_here, 'e'},
    {"not-needed", PAM_IGNORE, PAM_IGNORE, not_here, 'n'},
    {"remembered", PAM_IGNORE, PAM_IGNORE, not_here, 'r'},
    {"set-up-needed", PAM_IGNORE, PAM_PERM_DENIED, not_here, set_up_mark},
    {"set-up-offered", PAM_IGNORE, PAM_IGNORE, not_here, offer_mark},
    {"set-up-put-off", not_here, not_here, PAM_SUCCESS, 'n'},
    {"set-up-done", not_here, not_here, PAM_SUCCESS, 'g'},
    {"aborted", PAM_ABORT, PAM_ABORT, PAM_ABORT, 0},
};

enum class Next { frame, garbage, nobody };

// A list and the room to write it: a title, and for each item a number before and a newline behind.
class List {
 public:
  void add(std::string_view text) {
    std::memcpy(text_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void add_number(unsigned number) {
    const char digits[] = {number < 10 ? ' ' : static_cast<char>('0' + number / 10),
                           static_cast<char>('0' + number % 10)};
    add({digits, sizeof digits});
  }
  const char* c_string() {
    text_[size_] = '\0';
    return std::strlen(text_) == size_ ? text_ : nullptr;  // a zero in an item
  }

 private:
  char text_[wire::longest_frame + most_items * 8];
  std::size_t size_ = 0;
};

class Dialogue {
 public:
  Dialogue(Line& line, pam_handle_t* pamh, Person& person) : line_(line), pamh_(pamh), person_(person) {}

  // One frame of the verifier that is not a result.
  Next follow(const wire::Reader& frame, Door door) {
    if (frame.verb() == "tell") return tell(frame);
    if (frame.verb() == "wait") return Next::frame;  // a message is on its way: it is still there
    if (door == Door::account) return Next::garbage;
    if (frame.verb() == "prompt") return prompt(frame);
    if (frame.verb() == "choose") return choose(frame);
    return Next::garbage;
  }

  const Ending& end(const wire::Reader& frame) {
    const char* text = frame.has("text") ? line_.c_string(frame.text("text")) : "";
    if (!text) return garbled;
    if (*text) (void)person_.tell(PAM_ERROR_MSG, text);  // it is over, whether somebody reads it or not
    for (const Ending& ending : endings) {
      if (frame.text("code") == ending.word) return ending;
    }
    return frame.text("code") == unavailable.word ? unavailable : garbled;
  }

  void goodbye() {
    wire::Writer frame("goodbye");
    frame.text("why", "conversation");
    (void)line_.send(frame);
  }

 private:
  Next tell(const wire::Reader& frame) {
    const std::string_view style = frame.text("style");
    const char* text = frame.has("text") ? line_.c_string(frame.text("text")) : nullptr;
    if (!text || (style != "info" && style != "error")) return Next::garbage;
    return person_.tell(style == "info" ? PAM_TEXT_INFO : PAM_ERROR_MSG, text) ? Next::frame : Next::nobody;
  }

  Next prompt(const wire::Reader& frame) {
    const std::string_view echo = frame.text("echo");
    const char* text = frame.has("text") ? line_.c_string(frame.text("text")) : nullptr;
    if (!text || (echo != "shown" && echo != "hidden")) return Next::garbage;
    Typed typed;
    if (!person_.ask(echo == "shown" ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF, text, typed)) return Next::nobody;
    return pass_on("answer", typed);
  }

  // Its own frame on the stack, so that a sign-in without a list does not pay for one.
  [[gnu::noinline]] Next choose(const wire::Reader& frame) {
    const unsigned long count = frame.number("count", most_items, 0);
    if (count == 0 || !frame.has("title") || !frame.has("prompt")) return Next::garbage;
    List list;
    list.add(frame.text("title"));
    for (unsigned number = 1; number <= count; ++number) {
      const char key[] = {'i',
                          't',
                          'e',
                          'm',
                          static_cast<char>('0' + (number < 10 ? number : number / 10)),
                          static_cast<char>('0' + number % 10)};
      const std::string_view item = {key, number < 10 ? sizeof key - 1 : sizeof key};
      if (!frame.has(item)) return Next::garbage;
      list.add("\n ");
      list.add_number(number);
      list.add("  ");
      list.add(frame.text(item));
    }
    const char* text = list.c_string();
    const char* question = line_.c_string(frame.text("prompt"));
    if (!text || !question) return Next::garbage;
    Typed typed;
    if (!person_.ask_below(text, PAM_PROMPT_ECHO_ON, question, typed)) return Next::nobody;
    return pass_on("chosen", typed);
  }

  // Whether it arrives shows in what comes back: a verifier whose time limit is over has left its result behind.
  Next pass_on(std::string_view verb, const Typed& typed) {
    wire::Writer frame(verb);
    const std::string_view text = typed.text();
    if (password_again(pamh_, text))
      frame.number("again", 1);
    else
      frame.text("text", {text.data(), text.size() < longest_answer ? text.size() : longest_answer});
    (void)line_.send(frame);
    frame.wipe();
    return Next::frame;
  }

  Line& line_;
  pam_handle_t* pamh_;
  Person& person_;
};

}  // namespace

const Ending& converse(Line& line, const wire::Writer& hello, Door door, pam_handle_t* pamh, Person& person) {
  if (!line.send(hello)) return garbled;
  Dialogue dialogue(line, pamh, person);
  const unsigned most = door == Door::set_up ? most_set_up_frames : most_frames;
  for (unsigned count = 0; count < most; ++count) {
    const wire::Reader frame(line.receive());
    if (frame.verb() == "result") return dialogue.end(frame);
    switch (dialogue.follow(frame, door)) {
      case Next::frame: break;
      case Next::garbage: return garbled;
      case Next::nobody: dialogue.goodbye(); return hung_up;
    }
  }
  return garbled;
}

}  // namespace utmfa
