// SPDX-License-Identifier: Apache-2.0
// Rows made into registrations. A row that is registered already is left as it is and told so, which makes an import
// safe to run again; what a rule refuses is told with its reason. People who are new are written in batches, and count
// only when finish() has returned; the others are changed one by one. Called by utmfa-admin import.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "setup/batch.h"
#include "transfer/parcel.h"
#include "transfer/row.h"

namespace utmfa {

enum class Fate { added, unchanged, rejected };
enum class Effect { none, lasting };  // none: everything is worked out and nothing is written

struct Imported {
  int line = 0;
  std::string user;
  Fate fate = Fate::rejected;
  std::string reason;  // why it was rejected
};

struct ImportDesk {
  const Directories& directories;
  const KeyRing& ring;
  Registry& registry;
  Clock& clock;
  Random& random;
  const RegistrationRules& rules;
};

class Importing {
 public:
  static Result<Importing> begin(const ImportDesk& desk, Effect effect);

  // All rows of one person. An Error ends the import: what was reported as finished stands.
  Status person(const std::string& user, const std::vector<ImportRow*>& rows);
  // A whole registration out of a parcel.
  Status person(const Packed& packed, const UserKeys& sealed_under);
  Status finish();

  const std::vector<Imported>& results() const { return results_; }
  // People who wished to be active and are not: the reasons of the rules.
  const std::vector<Imported>& not_applied() const { return not_applied_; }
  // Who was changed since the last call, on the disk by now; a line for the log each.
  std::vector<std::pair<std::string, int>> take_finished();

 private:
  struct Work;
  Importing(const ImportDesk& desk, Effect effect, Batch batch)
      : desk_(desk), effect_(effect), batch_(std::move(batch)) {}
  Status edit(Registered& registered, Work& work);
  Fate take_row(Registered& registered, Work& work, std::size_t number, std::string& reason);
  Result<bool> there_already(const Registered& registered, const Work& work, const ImportRow& row,
                             std::string& differs);
  Status put(const std::string& user, Work& work, const std::function<Status(Registered&)>& edit);
  void note(const std::string& user, const Work& work);
  Status advance();
  void settle();
  const ImportDesk desk_;
  Effect effect_;
  Batch batch_;
  std::vector<Imported> results_, not_applied_;
  std::vector<std::pair<std::string, int>> waiting_, finished_;
  std::size_t settled_ = 0;  // of those that the batch has made last
};

}  // namespace utmfa
