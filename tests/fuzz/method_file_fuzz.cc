// SPDX-License-Identifier: Apache-2.0
// The method file: whatever is read, is valid, and is printed so that it is read again without a difference.
#include <cstdint>
#include <cstdlib>

#include "factors/factor.h"
#include "methods/method.h"

namespace {

void hold(bool so) {
  if (!so) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const utmfa::Result<utmfa::MethodFile> file = utmfa::parse_method_file(text, "file", utmfa::kind_rules());
  // Our own layout, read quickly, means what it means to the YAML parser.
  const utmfa::Result<utmfa::MethodFile> slow = utmfa::parse_method_yaml(text, "file", utmfa::kind_rules());
  hold(static_cast<bool>(slow) == static_cast<bool>(file));
  if (file)
    hold(utmfa::print_method_file(*file, utmfa::kind_rules()) == utmfa::print_method_file(*slow, utmfa::kind_rules()));
  if (!file) {
    hold(file.error().what.substr(0, 5) == "file:" && file.error().what.find_first_of("\n\r\x1b") == std::string::npos);
    return 0;
  }
  hold(!file->user.empty() && file->methods.size() <= utmfa::most_methods);
  for (const utmfa::Method& method : file->methods) {
    hold(utmfa::valid_method_id(method.id) && utmfa::valid_label(method.label) && file->find(method.id) == &method);
    hold(utmfa::factor_for(method.kind) != nullptr);
  }
  const std::string printed = utmfa::print_method_file(*file, utmfa::kind_rules());
  if (printed.size() > utmfa::longest_method_file) return 0;  // what stood in one line can need more in many
  const utmfa::Result<utmfa::MethodFile> again = utmfa::parse_method_file(printed, "file", utmfa::kind_rules());
  hold(static_cast<bool>(again) && utmfa::print_method_file(*again, utmfa::kind_rules()) == printed);
  hold(again->user == file->user && again->methods.size() == file->methods.size());
  for (std::size_t i = 0; i < file->methods.size(); ++i) hold(again->methods[i].fields == file->methods[i].fields);
  return 0;
}
