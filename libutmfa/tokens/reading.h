// SPDX-License-Identifier: Apache-2.0
// Vendors' files of tokens, as far as they can be understood: each token checked as a registration would check it, and
// everything that is wrong told with its line. A reading with a problem is never imported, not even in part. Called by
// utmfa-admin token import. What is read holds secrets: nothing of it goes into a message.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "tokens/stock.h"

namespace utmfa {

enum class TokenForm { found_out, pskc, csv, entra };

// What the administrator says where a file does not; "" = not said.
struct Assumed {
  std::string kind, digits, period, algorithm;
};

struct Candidate {
  int line = 0;
  Token token;  // without seal
  Secret secret;
};

// One token as the file writes it.
struct Written {
  int line = 0;
  std::string serial, kind, digits, period, algorithm, counter, manufacturer, model, meant;
  Secret secret;
};

class Reading {
 public:
  Reading(std::string path, Assumed assumed) : path_(std::move(path)), assumed_(std::move(assumed)) {}

  std::vector<Candidate> tokens;
  std::vector<std::string> problems;  // "PATH:LINE: what is wrong: what was expected"
  std::vector<std::string> notes;     // what the reader should know; nothing is wrong by it

  void take(Written written);
  void problem(int line, const std::string& what);
  void note(int line, const std::string& what);  // line 0: of the whole file; each is told once
  const std::string& path() const { return path_; }
  const Assumed& assumed() const { return assumed_; }

 private:
  std::string path_;
  Assumed assumed_;
  std::map<std::string, int, std::less<>> lines_;  // where each serial stood
};

inline constexpr std::size_t longest_token_file = 32U << 20;
inline constexpr std::size_t most_problems = 100;  // told; a file of another kind would give as many as it has lines

// The whole file. `password`, when there is one, opens a PSKC file that is encrypted; it may also be the key itself.
void read_tokens(std::string_view text, TokenForm form, const std::optional<Secret>& password, Reading& reading);
void read_token_csv(std::string_view text, TokenForm form, Reading& reading);
void read_pskc(std::string_view text, const std::optional<Secret>& password, Reading& reading);

struct TakenIn {
  std::size_t added = 0;
  std::size_t there = 0;    // in stock already, with the same secret
  std::size_t retired = 0;  // in stock, and out of use: stays so
};

// Into the stock in memory, sealed; the caller writes it. Serial numbers that are in stock with another secret become
// problems of the reading.
Result<TakenIn> import_tokens(HeldStock& stock, Reading& reading, const KeyRing& ring, Random& random, Time now);

}  // namespace utmfa
