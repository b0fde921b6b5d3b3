// SPDX-License-Identifier: Apache-2.0
// The stock of hardware tokens on disk: tokens/stock.yaml below the data directory, root's alone, replaced as a whole,
// so that a batch is there completely or not at all. Whoever changes it holds it: one at a time. Called by lending.cc
// and utmfa-admin; never by the verifier, which finds a lent token in the person's own method file.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "tokens/token.h"
#include "vault/key_ring.h"

namespace utmfa {

struct StockPlace {
  std::string directory;  // absolute; made when something is imported
  std::string file() const { return directory + "/stock.yaml"; }
};

// Without the lock, to show it. Empty where nothing was ever imported.
Result<std::vector<Token>> read_stock(const StockPlace& place);

class HeldStock {
 public:
  // Waits some seconds for whoever holds it; Code::unavailable then. Makes the directory.
  static Result<HeldStock> open(const StockPlace& place);

  std::vector<Token> tokens;
  Result<Token*> find(std::string_view serial);  // Code::refused, in words, where there is none
  Status write() const;

 private:
  explicit HeldStock(StockPlace place) : place_(std::move(place)) {}
  StockPlace place_;
  Descriptor directory_, lock_;  // closing it gives the lock up
};

// The secret of a token at rest. Moved to another serial number or kind it does not open.
Result<std::string> seal_token(const KeyRing& ring, const Token& token, const Secret& secret, Random& random);
Result<Secret> unseal_token(const KeyRing& ring, const Token& token);

// Every secret under the ring's active key; how many were moved.
Result<std::size_t> reseal_stock(const StockPlace& place, const KeyRing& ring, Random& random);

}  // namespace utmfa
