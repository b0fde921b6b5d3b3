// SPDX-License-Identifier: Apache-2.0
// The changed PAM service tried before it is anybody's: the real libpam, module and verifier on a private copy of the
// stack. Nobody is asked for anything; a question that comes is the answer that is looked for.
#pragma once

#include <string>

#include "base/result.h"
#include "doctor/checks.h"
#include "service/gate.h"

namespace utmfa {

class PrivateStack {  // a directory of PAM services that is gone with this value
 public:
  static Result<PrivateStack> make(const PamFacts& facts, const std::string& below);
  PrivateStack(PrivateStack&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateStack& operator=(PrivateStack&&) = delete;
  ~PrivateStack();
  const std::string& path() const { return path_; }

 private:
  explicit PrivateStack(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// `changed`: the services with the one that is switched on. The caller with his password taken as right must be asked
// or let in, as his plan says, and a name that nobody has must not get in.
Status rehearse(const PamFacts& changed, const std::string& service, FirstBy first, const Gate& gate,
                const std::string& below);

}  // namespace utmfa
