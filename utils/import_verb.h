// SPDX-License-Identifier: Apache-2.0
// What an import reads, whatever it comes from: rows with canonical names, or an opened parcel. Used by admin_import.cc
// and import_read.cc only.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "admin.h"
#include "transfer/importing.h"
#include "transfer/parcel.h"
#include "transfer/row.h"

namespace utmfa {

// Names as the name services write them. The machine's own file is read once: to be asked for each of its thousands of
// lines it would be read thousands of times.
class Names {
 public:
  enum class From { services, writing };
  explicit Names(From from);
  Result<std::string> canonical(const std::string& name);

 private:
  From from_;
  std::set<std::string> local_;
};

struct ImportSource {
  Names names;
  ImportRows rows;
  Secret text;         // as it was read, for the file of rejected rows
  std::string format;  // csv, json, oath, u2f; "" = no text
  std::optional<Parcel> parcel;
};

Result<ImportSource> read_source(const AdminOptions& options);

}  // namespace utmfa
