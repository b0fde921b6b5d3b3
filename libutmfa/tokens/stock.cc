// SPDX-License-Identifier: Apache-2.0
// The lock is a file of its own, because the stock itself is renamed over.
#include "tokens/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <chrono>

#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::string_view stock_name = "stock.yaml", lock_name = "lock";
constexpr std::chrono::seconds longest_wait{10};
constexpr int pause = 20;  // milliseconds

// No person has a slash in the name, so that no person's keys open a token of the stock.
std::string owner(const Token& token) { return "token/" + token.serial; }

Result<std::vector<Token>> read_below(int directory, const StockPlace& place) {
  const Result<Descriptor> file =
      open_file(directory, std::string(stock_name), place.file(), Privacy::secret, Access::read);
  if (!file && file.error().code == Code::not_found) return std::vector<Token>();
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), place.file(), longest_stock_file);
  if (!text) return text.error();
  Result<std::vector<Token>> tokens = parse_stock(*text, place.file());
  if (!tokens) return Error{Code::corrupt, tokens.error().what};
  return tokens;
}

Status locked(int fd, const std::string& path) {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return os_error(path, "cannot be locked");
    if (std::chrono::steady_clock::now() >= end)
      return Error{Code::unavailable, path + ": somebody else changes the stock of tokens: try again"};
    (void)poll(nullptr, 0, pause);
  }
  return Done{};
}

}  // namespace

Result<std::vector<Token>> read_stock(const StockPlace& place) {
  const Result<Descriptor> directory = open_directory(place.directory, Privacy::secret);
  if (!directory && directory.error().code == Code::not_found) return std::vector<Token>();
  if (!directory) return directory.error();
  return read_below(directory->get(), place);
}

Result<HeldStock> HeldStock::open(const StockPlace& place) {
  HeldStock held(place);
  if (Status made = make_directory(place.directory, 0700); !made) return made.error();
  Result<Descriptor> directory = open_directory(place.directory, Privacy::secret);
  if (!directory) return directory.error();
  held.directory_ = std::move(*directory);
  const std::string path = place.directory + "/" + std::string(lock_name), name(lock_name);
  const Descriptor made(openat(held.directory_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made && errno != EEXIST) return os_error(path, "cannot be created");
  Result<Descriptor> lock = open_file(held.directory_.get(), name, path, Privacy::secret, Access::read_write);
  if (!lock) return lock.error();
  held.lock_ = std::move(*lock);
  if (Status mine = locked(held.lock_.get(), path); !mine) return mine.error();
  Result<std::vector<Token>> tokens = read_below(held.directory_.get(), place);
  if (!tokens) return tokens.error();
  held.tokens = std::move(*tokens);
  return held;
}

Result<Token*> HeldStock::find(std::string_view serial) {
  const auto found =
      std::find_if(tokens.begin(), tokens.end(), [serial](const Token& each) { return each.serial == serial; });
  if (found == tokens.end()) return Error{Code::refused, "there is no token " + shown(serial) + " in stock"};
  return &*found;
}

Status HeldStock::write() const {
  return replace_file(directory_.get(), std::string(stock_name), place_.file(), print_stock(tokens), 0600);
}

Result<std::string> seal_token(const KeyRing& ring, const Token& token, const Secret& secret, Random& random) {
  const std::string name = owner(token);
  return seal(ring.keys_for(name), {name, token.serial, token.kind, "secret"}, secret.view(), random);
}

Result<Secret> unseal_token(const KeyRing& ring, const Token& token) {
  const std::string name = owner(token);
  Result<Secret> secret = unseal(ring.keys_for(name), {name, token.serial, token.kind, "secret"}, token.secret);
  if (!secret) return Error{secret.error().code, "token " + token.serial + ": " + secret.error().what};
  return secret;
}

Result<std::size_t> reseal_stock(const StockPlace& place, const KeyRing& ring, Random& random) {
  const Result<std::vector<Token>> before = read_stock(place);
  if (!before) return before.error();
  if (before->empty()) return std::size_t{0};
  Result<HeldStock> held = HeldStock::open(place);
  if (!held) return held.error();
  std::size_t moved = 0;
  for (Token& token : held->tokens) {
    if (token.secret.empty() || sealed_key_id(token.secret) == ring.active()) continue;
    const Result<Secret> secret = unseal_token(ring, token);
    if (!secret) return secret.error();
    Result<std::string> sealed = seal_token(ring, token, *secret, random);
    if (!sealed) return sealed.error();
    token.secret = std::move(*sealed);
    ++moved;
  }
  if (moved > 0)
    if (Status written = held->write(); !written) return written.error();
  return moved;
}

}  // namespace utmfa
