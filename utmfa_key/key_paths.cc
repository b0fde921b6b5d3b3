// SPDX-License-Identifier: Apache-2.0
#include "open_key.h"

namespace utmfa {
namespace {

constexpr std::size_t most_devices = 32;

struct Devices {
  Devices() : list(fido_dev_info_new(most_devices)) {}
  ~Devices() { fido_dev_info_free(&list, most_devices); }
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;
  fido_dev_info_t* list;
  std::size_t count = 0;
};

}  // namespace

std::vector<std::string> key_paths() {
  Devices devices;
  std::vector<std::string> paths;
  if (devices.list == nullptr || fido_dev_info_manifest(devices.list, most_devices, &devices.count) != FIDO_OK)
    return paths;
  for (std::size_t i = 0; i < devices.count; ++i)
    paths.emplace_back(fido_dev_info_path(fido_dev_info_ptr(devices.list, i)));
  return paths;
}

}  // namespace utmfa
