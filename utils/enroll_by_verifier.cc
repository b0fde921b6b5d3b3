// SPDX-License-Identifier: Apache-2.0
// A person's own utmfa-enroll: a thin client of the verifier's user socket, without privilege. It says what is wanted,
// shows and asks what the verifier says, draws, and tries a sign-in when told to; it decides nothing.
#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/file.h"
#include "enroll.h"
#include "pam_trial.h"
#include "signin/words.h"
#include "terminal.h"
#include "terminal_talk.h"
#include "where.h"
#include "wire/frame.h"

namespace utmfa {
namespace {

constexpr timeval longest_silence = {60, 0};
constexpr unsigned long most_items = 32;

Error no_verifier(const std::string& path) {
  const std::string why = strerrordesc_np(errno);
  return {Code::unavailable, say("the verifier cannot be reached ({0}: {1}): tell an administrator", {path, why})};
}

Result<Descriptor> connected(const std::string& directory) {
  const std::string path = directory + "/user.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{Code::invalid, path + ": too long for a socket"};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  Descriptor line(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!line || setsockopt(line.get(), SOL_SOCKET, SO_RCVTIMEO, &longest_silence, sizeof longest_silence) != 0 ||
      connect(line.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return no_verifier(path);
  return line;
}

class Client {
 public:
  Client(Descriptor line, const EnrollOptions& options, std::string user)
      : line_(std::move(line)), options_(options), user_(std::move(user)), talk_(options.picture) {}

  Status run() {
    if (Status said = hello(); !said) return said;
    for (;;) {
      Result<std::string> bytes = receive();
      if (!bytes) return bytes.error();
      const wire::Reader frame(*bytes);
      if (frame.verb() == "result") return ended(frame);
      if (Status followed = follow(frame); !followed) return followed;
      wipe(*bytes);
    }
  }

 private:
  Status hello() {
    const Request& request = options_.request;
    wire::Writer frame("hello");
    frame.text("door", "self");
    frame.text("user", user_);
    frame.text("language", spoken());
    frame.text("act", request.act);
    if (request.form == Format::json) frame.text("form", "json");
    if (request.proving == Request::Proving::at_once) frame.text("proving", "at-once");
    if (request.sure == Consent::given) frame.number("sure", 1);
    std::string methods;
    for (const std::string& each : request.methods) methods += (methods.empty() ? "" : " ") + each;
    const std::pair<std::string_view, std::string_view> fields[] = {
        {"kind", request.kind},       {"label", request.label},         {"digits", request.digits},
        {"period", request.period},   {"algorithm", request.algorithm}, {"serial", request.serial},
        {"counter", request.counter}, {"method", request.method},       {"methods", methods},
        {"number", request.number},   {"slot", request.slot},           {"extension", request.extension},
        {"prefer", request.prefer},   {"device", request.device},       {"secret", request.secret.view()},
        {"ssh-key", request.ssh_key}, {"line", request.line},           {"connection", ssh_connection()},
        {"code", request.code.view()}};
    for (const auto& [key, value] : fields)
      if (!value.empty()) frame.text(key, value);
    return send(frame);
  }

  Status send(wire::Writer& frame) {
    if (!frame.fits()) return Error{Code::invalid, say("this is too long")};
    ssize_t sent;
    do sent = ::send(line_.get(), frame.frame().data(), frame.frame().size(), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    frame.wipe();
    // What it left behind tells more than that it has gone.
    return Done{};
  }

  Result<std::string> receive() {
    char bytes[wire::longest_frame];
    ssize_t got;
    do got = recv(line_.get(), bytes, sizeof bytes, MSG_TRUNC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got <= 0 || got > static_cast<ssize_t>(sizeof bytes))
      return Error{Code::unavailable, say("the verifier has gone: nothing more can be done now")};
    std::string frame(bytes, static_cast<std::size_t>(got));
    explicit_bzero(bytes, static_cast<std::size_t>(got));
    return frame;
  }

  Status follow(const wire::Reader& frame) {
    const std::string text(frame.text("text"));
    if (frame.verb() == "tell") return talk_.tell(text, frame.text("style") == "error" ? Style::error : Style::info);
    if (frame.verb() == "wait") return Done{};
    if (frame.verb() == "picture") return talk_.picture(text);
    if (frame.verb() == "data") return talk_.data(text);
    if (frame.verb() == "prompt")
      return answer("answer", talk_.ask(text, frame.text("echo") == "hidden" ? Echo::hidden : Echo::shown));
    if (frame.verb() == "choose") return choose(frame);
    if (frame.verb() == "try") return try_now(std::string(frame.text("method")));
    return Error{Code::unavailable, say("the verifier is of another version than this program")};
  }

  Status choose(const wire::Reader& frame) {
    std::vector<std::string> items;
    const unsigned long count = frame.number("count", most_items, 0);
    for (unsigned long i = 1; i <= count; ++i) items.emplace_back(frame.text("item" + std::to_string(i)));
    return answer("chosen", talk_.choose(frame.text("title"), items, frame.text("prompt")));
  }

  // Whoever stops is told by the verifier what is left; so only the question ends here.
  Status answer(std::string_view verb, const Result<Answer>& typed) {
    if (!typed) return goodbye();
    wire::Writer frame(verb);
    frame.text("text", typed->text.view());
    return send(frame);
  }

  Status goodbye() {
    wire::Writer frame("goodbye");
    frame.text("why", "conversation");
    return send(frame);
  }

  Status try_now(const std::string& method) {
    const Status signed_in = try_sign_in({std::string(test_service), user_, method, options_.common.pam});
    if (talk_.gone()) return goodbye();
    wire::Writer frame("tried");
    frame.number("granted", signed_in ? 1 : 0);
    if (!signed_in) frame.text("text", signed_in.error().what);
    if (!signed_in && signed_in.error().code != Code::refused) frame.number("unavailable", 1);
    return send(frame);
  }

  static Status ended(const wire::Reader& frame) {
    const std::string_view code = frame.text("code");
    if (code == "done") return Done{};
    return Error{code == "refused" ? Code::refused : Code::unavailable, std::string(frame.text("text"))};
  }

  Descriptor line_;
  const EnrollOptions& options_;
  std::string user_;
  TerminalTalk talk_;
};

Result<std::string> own_name() {
  const passwd* entry = getpwuid(getuid());
  if (entry == nullptr) return Error{Code::unavailable, say("your own name cannot be found out")};
  return std::string(entry->pw_name);
}

}  // namespace

Status enroll_by_verifier(EnrollOptions& options) {
  const Result<std::string> own = own_name();
  if (!own) return own.error();
  if (!options.user.empty() && options.user != *own)
    return Error{Code::refused, say("only root may do this for somebody else: ask an administrator, or use sudo")};
  Result<Descriptor> line = connected(options.common.run);
  if (!line) return line.error();
  return Client(std::move(*line), options, *own).run();
}

}  // namespace utmfa
