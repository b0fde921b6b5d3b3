// SPDX-License-Identifier: Apache-2.0
// A key on USB is a HID device of the usage page 0xF1D0 (CTAP section 11.2.8.1); one by radio stands under nfc.
#include "device/presence.h"

#include <dirent.h>
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

// What cannot be read could be one.
bool may_be_key(const std::string& device) {
  const Descriptor file(::open((device + "/device" + "/report_descriptor").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return true;
  char bytes[longest_descriptor];
  const ssize_t got = ::read(file.get(), bytes, sizeof bytes);
  return got <= 0 || std::string_view(bytes, static_cast<std::size_t>(got)).find(usage_page) != std::string_view::npos;
}

}  // namespace

Presence key_presence(const std::string& classes) {
  const std::string hidraw = classes + "/hidraw";
  const bool usb = any(hidraw, [&](const std::string& name) { return may_be_key(hidraw + "/" + name); });
  const bool radio = any(classes + "/nfc", [](const std::string&) { return true; });
  return usb || radio ? Presence::possible : Presence::none;
}

}  // namespace utmfa
