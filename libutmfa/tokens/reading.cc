// SPDX-License-Identifier: Apache-2.0
// What all formats have in common: the checks, the words for what is wrong, and the way into the stock.
#include "tokens/reading.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"
#include "factors/factor.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::int64_t last_counter = std::int64_t{1} << 60;

bool has_field(const Factor& factor, std::string_view key) {
  return std::any_of(factor.fields.begin(), factor.fields.end(),
                     [key](const FieldRule& rule) { return rule.key == key; });
}

// A serial number that a spreadsheet program took for a quantity.
bool mangled(std::string_view serial) {
  const std::size_t e = serial.find_first_of("eE");
  return e != serial.npos && e + 1 < serial.size() && serial[e + 1] == '+' && serial.find_first_of(".,") < e;
}

std::string name_text(std::string_view text) { return cleaned(trimmed(text), longest_name); }

// Only those that the kind has; a token that counts has no period, and its file may still say one.
Result<Wish> wish_of(const Written& written, const Factor& factor) {
  Wish wish;
  wish.options.emplace("serial", written.serial);
  if (!written.digits.empty()) wish.options.emplace("digits", written.digits);
  if (!written.period.empty() && has_field(factor, "period")) wish.options.emplace("period", written.period);
  if (!written.algorithm.empty() && has_field(factor, "algorithm"))
    wish.options.emplace("algorithm", written.algorithm);
  else if (!written.algorithm.empty() && written.algorithm != "sha1")
    return Error{Code::invalid,
                 "algorithm " + shown_unless_secret(written.algorithm) + ": expected sha1 for a token that counts"};
  wish.secret = written.secret.clone();
  if (wish.secret.empty()) return Error{Code::invalid, "no secret: expected 16 to 128 bytes"};
  return wish;
}

// Nothing random is needed where the secret is given.
class NoRandom final : public Random {
 public:
  Result<Secret> bytes(std::size_t) override { return Error{Code::internal, "a secret was to be made up"}; }
};

Result<Candidate> candidate_of(Written&& written) {
  if (written.serial.empty()) return Error{Code::invalid, "no serial number"};
  if (mangled(written.serial))
    return Error{Code::invalid, "serial number " + shown_unless_secret(written.serial) +
                                    ": changed by a spreadsheet program: expected as it is printed on the token"};
  if (!valid_serial(written.serial))
    return Error{Code::invalid, "serial number " + shown_unless_secret(written.serial) +
                                    ": expected 1 to 64 letters, digits and . _ - + : /, a letter or digit first"};
  const Factor* factor = factor_for(written.kind);
  if (factor == nullptr || factor->resync == nullptr)
    return Error{Code::invalid, "type " + shown_unless_secret(written.kind) + ": expected totp or hotp"};
  const Result<Wish> wish = wish_of(written, *factor);
  if (!wish) return wish.error();
  NoRandom random;
  Result<Made> made = factor->make(*wish, random, 0);
  if (!made) return made.error();
  Candidate candidate;
  candidate.line = written.line;
  candidate.token.serial = written.serial;
  candidate.token.kind = written.kind;
  candidate.token.manufacturer = name_text(written.manufacturer);
  candidate.token.model = name_text(written.model);
  candidate.token.meant = name_text(written.meant);
  for (auto& [key, value] : made->method.fields)
    if (key != "serial") candidate.token.fields.emplace(key, std::move(value));
  if (!written.counter.empty()) {
    const auto counter = number(written.counter, 0, last_counter);
    if (!counter)
      return Error{Code::invalid, "counter " + shown_unless_secret(written.counter) + ": expected a number from 0"};
    if (!has_field(*factor, "period") && *counter > 0) candidate.token.moving = *counter;
  }
  candidate.secret = std::move(written.secret);
  return candidate;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.substr(0, mark.size()) == mark ? text.substr(mark.size()) : text;
}

}  // namespace

void Reading::problem(int line, const std::string& what) {
  if (problems.size() == most_problems) {
    problems.push_back(path_ + ": and more; only the first " + std::to_string(most_problems) + " are told");
    return;
  }
  if (problems.size() < most_problems) problems.push_back(path_ + ":" + std::to_string(line) + ": " + what);
}

void Reading::note(int line, const std::string& what) {
  const std::string text = line == 0 ? path_ + ": " + what : path_ + ":" + std::to_string(line) + ": " + what;
  if (notes.size() < most_problems && std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
}

void Reading::take(Written written) {
  const int line = written.line;
  if (written.digits.empty()) written.digits = assumed_.digits;
  if (written.period.empty()) written.period = assumed_.period;
  if (written.algorithm.empty() && written.kind != "hotp") written.algorithm = assumed_.algorithm;
  if (written.kind == "totp" && written.period.empty())
    note(0, "no time interval is said: 30 seconds are taken, or what --period says");
  Result<Candidate> candidate = candidate_of(std::move(written));
  if (!candidate) return problem(line, candidate.error().what);
  const auto [at, fresh] = lines_.emplace(candidate->token.serial, line);
  if (!fresh)
    return problem(line, "serial number " + shown(candidate->token.serial) + " stands already in line " +
                             std::to_string(at->second));
  if (tokens.size() == most_tokens)
    return problem(line, "too many tokens: expected at most " + std::to_string(most_tokens));
  tokens.push_back(std::move(*candidate));
}

void read_tokens(std::string_view text, TokenForm form, const std::optional<Secret>& password, Reading& reading) {
  text = without_mark(text);
  const std::string_view start = trimmed(text.substr(0, 256));
  const bool xml = form == TokenForm::pskc || (form == TokenForm::found_out && start.substr(0, 1) == "<");
  if (start.empty()) return reading.problem(1, "the file is empty");
  if (xml)
    read_pskc(text, password, reading);
  else
    read_token_csv(text, form, reading);
  if (reading.tokens.empty() && reading.problems.empty()) reading.problem(1, "there is no token in this file");
}

Result<TakenIn> import_tokens(HeldStock& stock, Reading& reading, const KeyRing& ring, Random& random, Time now) {
  TakenIn imported;
  std::map<std::string_view, const Token*> known;
  for (const Token& token : stock.tokens) known.emplace(token.serial, &token);
  std::vector<Token> added;
  for (Candidate& candidate : reading.tokens) {
    const auto found = known.find(candidate.token.serial);
    if (found == known.end()) {
      Token token = std::move(candidate.token);
      token.imported = now;
      Result<std::string> sealed = seal_token(ring, token, candidate.secret, random);
      if (!sealed) return sealed.error();
      token.secret = std::move(*sealed);
      added.push_back(std::move(token));
      continue;
    }
    const Token& there = *found->second;
    if (there.retired != 0) {
      ++imported.retired;
      continue;
    }
    const Result<Secret> secret = unseal_token(ring, there);
    if (!secret) return secret.error();
    if (there.kind == candidate.token.kind && equal(secret->view(), candidate.secret.view()))
      ++imported.there;
    else
      reading.problem(candidate.line, "serial number " + shown(there.serial) + " is in stock with another secret");
  }
  if (stock.tokens.size() + added.size() > most_tokens)
    reading.problem(1, "the stock would be too large: expected at most " + std::to_string(most_tokens) + " tokens");
  imported.added = added.size();
  known.clear();  // it points into what grows now
  for (Token& token : added) stock.tokens.push_back(std::move(token));
  return imported;
}

}  // namespace utmfa
