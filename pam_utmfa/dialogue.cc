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
    {"observed", PAM_IGNORE, PAM_IGNORE, not_here, 'w'},
    {"not-needed", PAM_IGNORE, PAM_IGNORE, not_here, 'n'},
    {"remembered", PAM_IGNORE, PAM_IGNORE, not_here, 'r'},
    {"set-up-needed", PAM_IGNORE, PAM_PERM_DENIED, not_here, set_up_mark},
    {"set-up-offered", PAM_IGNORE, PAM_IGNORE, not_here, offer_mark},
    {"set-up-put-off", not_here, not_here, PAM_SUCCESS, 'n'},
    {"set-up-done", not_here, not_here, PAM_SUCCESS, 'g'},
    {"aborted", PAM_ABORT, PAM_ABORT, PAM_ABORT, 0},
};

enum class Next { frame, garbage, nobody };

// Room for a list: what is added stands one after the other.
class List {
 public:
  const char* here() const { return text_ + size_; }
  void add(std::string_view text) {
    std::memcpy(text_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void add_number(unsigned number) {
    if (number >= 10) add({&digits[number / 10], 1});
    add({&digits[number % 10], 1});
  }
  // Ends what began at `begin`. False: there is a zero in it.
  bool end(const char* begin) {
    text_[size_++] = '\0';
    return std::strlen(begin) + 1 == static_cast<std::size_t>(here() - begin);
  }

 private:
  static constexpr char digits[] = "0123456789";
  char text_[wire::longest_frame + most_items * 16];
  std::size_t size_ = 0;
};

class Dialogue {
 public:
  Dialogue(Line& line, pam_handle_t* pamh, Person& person, const Greeter& greeter)
      : line_(line), pamh_(pamh), person_(person), greeter_(greeter) {}

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
    const unsigned long digits = frame.number("behind-password", most_digits, 0);
    return digits == 0 ? pass_on("answer", typed.text()) : pass_on_code(typed, digits);
  }

  Next choose(const wire::Reader& frame) {
    const unsigned long count = frame.number("count", most_items, 0);
    if (count == 0 || !frame.has("title") || !frame.has("prompt")) return Next::garbage;
    const char* question = line_.c_string(frame.text("prompt"));
    if (!question) return Next::garbage;
    const auto items = static_cast<unsigned>(count);
    return greeter_.draws_lists() ? choose_drawn(frame, items, question) : choose_written(frame, items, question);
  }

  // The text of one item; false where there is none.
  static bool item(const wire::Reader& frame, unsigned number, std::string_view& text) {
    const char tens = static_cast<char>('0' + number / 10), ones = static_cast<char>('0' + number % 10);
    const char key[] = {'i', 't', 'e', 'm', number < 10 ? ones : tens, ones};
    const std::string_view name = {key, number < 10 ? sizeof key - 1 : sizeof key};
    if (!frame.has(name)) return false;
    text = frame.text(name);
    return true;
  }

  // Its own frame on the stack, so that a sign-in without a list does not pay for one.
  [[gnu::noinline]] Next choose_written(const wire::Reader& frame, unsigned count, const char* question) {
    List list;
    const char* begin = list.here();
    list.add(frame.text("title"));
    for (unsigned number = 1; number <= count; ++number) {
      std::string_view text;
      if (!item(frame, number, text)) return Next::garbage;
      list.add(number < 10 ? "\n  " : "\n ");
      list.add_number(number);
      list.add("  ");
      list.add(text);
    }
    if (!list.end(begin)) return Next::garbage;
    Typed typed;
    if (!person_.ask_below(begin, PAM_PROMPT_ECHO_ON, question, typed)) return Next::nobody;
    return pass_on("chosen", typed.text());
  }

  // GDM's shell keeps its entries in the order of their keys where these could be numbers: ours begin with a letter. Each
  // entry begins with its number, which a person without a mouse types.
  [[gnu::noinline]] Next choose_drawn(const wire::Reader& frame, unsigned count, const char* question) {
    List list;
    Item items[most_items];
    const char* title = list.here();
    list.add(frame.text("title"));
    if (!list.end(title)) return Next::garbage;
    for (unsigned number = 1; number <= count; ++number) {
      std::string_view text;
      if (!item(frame, number, text)) return Next::garbage;
      const char* key = list.here();
      list.add(number < 10 ? "m0" : "m");
      list.add_number(number);
      (void)list.end(key);
      const char* entry = list.here();
      list.add_number(number);
      list.add(" ");
      list.add(text);
      if (!list.end(entry)) return Next::garbage;
      items[number - 1] = {key, entry};
    }
    if (!person_.tell(PAM_TEXT_INFO, question)) return Next::nobody;
    Typed key;
    if (!utmfa::choose(person_, greeter_.list_type(), title, items, count, key)) return Next::nobody;
    for (unsigned number = 1; number <= count; ++number) {
      if (key.text() != items[number - 1].key) continue;
      const char* entry = items[number - 1].text;
      return pass_on("chosen", {entry, number < 10 ? 1u : 2u});
    }
    return pass_on("chosen", key.text());  // what was typed, as a number in the list is
  }

  // The code goes to the verifier, and the password before it to the modules after us and nowhere else. Where another
  // module has asked for a password already, that one stands.
  [[gnu::noinline]] Next pass_on_code(Typed& typed, std::size_t digits) {
    const std::size_t code = digits_behind(typed.text(), digits);
    const std::size_t password = typed.text().size() - code;
    wire::Writer frame("answer");
    if (code != 0) frame.text("text", {typed.text().data() + password, code});
    (void)line_.send(frame);
    frame.wipe();
    const void* known = nullptr;
    if (password == 0 || (pam_get_item(pamh_, PAM_AUTHTOK, &known) == PAM_SUCCESS && known)) return Next::frame;
    return pam_set_item(pamh_, PAM_AUTHTOK, typed.cut(password)) == PAM_SUCCESS ? Next::frame : Next::nobody;
  }

  // Whether it arrives shows in what comes back: a verifier whose time limit is over has left its result behind.
  Next pass_on(std::string_view verb, std::string_view text) {
    wire::Writer frame(verb);
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
  const Greeter& greeter_;
};

}  // namespace

const Ending& converse(Line& line, const wire::Writer& hello, Door door, pam_handle_t* pamh, Person& person,
                       const Greeter& greeter) {
  if (!line.send(hello)) return garbled;
  Dialogue dialogue(line, pamh, person, greeter);
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
