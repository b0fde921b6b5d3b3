// SPDX-License-Identifier: Apache-2.0
// A key on USB is a HID device of the usage page 0xF1D0 (CTAP section 11.2.8.1); one by radio stands under nfc.
#include "device/presence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "base/file.h"

namespace utmfa {
namespace {

constexpr std::string_view usage_page = "\x06\xd0\xf1";  // of a report descriptor, HID 1.11 section 6.2.2.7
constexpr std::size_t longest_descriptor = 4096;         // HID_MAX_DESCRIPTOR_SIZE of Linux

struct Closed {
  void operator()(DIR* directory) const { closedir(directory); }
};

template <typename Each>
bool any(const std::string& path, Each each) {
  const std::unique_ptr<DIR, Closed> directory(opendir(path.c_str()));
  if (!directory) return false;
  while (const dirent* entry = readdir(directory.get()))
    if (entry->d_name[0] != '.' && each(std::string(entry->d_name))) return true;
  return false;
}

// Empty: it cannot be read.
std::string descriptor_of(const std::string& device) {
  const Descriptor file(::open((device + "/device" + "/report_descriptor").c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(longest_descriptor, '\0');
  const ssize_t got = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

// What cannot be read could be one.
bool may_be_key(const std::string& device) {
  const std::string bytes = descriptor_of(device);
  return bytes.empty() || bytes.find(usage_page) != std::string::npos;
}

}  // namespace

Presence key_presence(const std::string& classes) {
  const std::string hidraw = classes + "/hidraw";
  const bool usb = any(hidraw, [&](const std::string& name) { return may_be_key(hidraw + "/" + name); });
  const bool radio = any(classes + "/nfc", [](const std::string&) { return true; });
  return usb || radio ? Presence::possible : Presence::none;
}

std::string key_shut_out(const std::string& classes) {
  const std::string hidraw = classes + "/hidraw";
  std::string found;
  (void)any(hidraw, [&](const std::string& name) {
    const std::string node = "/dev/" + name;
    const bool key = descriptor_of(hidraw + "/" + name).substr(0, usage_page.size()) == usage_page;
    if (key && access(node.c_str(), R_OK | W_OK) != 0 && errno == EACCES) found = node;
    return !found.empty();
  });
  return found;
}

}  // namespace utmfa
