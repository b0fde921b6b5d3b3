// SPDX-License-Identifier: Apache-2.0
// The layout is that of a C compiler for the machine that this was compiled for, as GDM's is.
#include "greeter.h"

#include <endian.h>
#include <stdlib.h>

#include <cstdint>
#include <cstring>

namespace utmfa {
namespace {

constexpr std::string_view services = "gdm-", choice_list = "org.gnome.DisplayManager.UserVerifier.ChoiceList";
constexpr std::size_t longest_list = 4096;
constexpr int most_types = 255;

struct Header {
  std::uint32_t length;  // of all of it, big-endian
  unsigned char type;
};
struct Request {
  Header header;
  const char* title;
  std::size_t count;
  Item items[most_items];
};
struct Response {
  Header header;
  char* key;
};
static_assert(sizeof(Header) == 8 && offsetof(Response, key) == 8);
static_assert(sizeof(void*) != 8 || (offsetof(Request, items) == 24 && sizeof(Response) == 16));

std::string_view said(const char* name) {
  const char* value = secure_getenv(name);  // not what somebody hands to a program that runs as another
  return value && std::strlen(value) <= longest_list ? std::string_view(value) : std::string_view();
}

}  // namespace

int place_of(std::string_view name, std::string_view list) {
  for (int place = 0; place <= most_types; ++place) {
    std::size_t end = 0;
    while (end < list.size() && list[end] != ' ') ++end;
    if (std::string_view(list.data(), end) == name) return place;
    if (end == list.size()) return -1;
    list.remove_prefix(end + 1);
  }
  return -1;
}

Greeter::Greeter(std::string_view service) {
  there_ = service.size() >= services.size() && std::string_view(service.data(), services.size()) == services;
  if (!there_) return;
  list_type_ = place_of(choice_list, said("GDM_SUPPORTED_PAM_EXTENSIONS"));
  unlocks_ = said("GDM_SESSION_FOR_REAUTH") == "1";
}

bool choose(Person& person, int list_type, const char* title, const Item* items, unsigned count, Typed& key) {
  if (list_type < 0 || list_type > most_types || count > most_items) return false;
  Request request;
  const std::size_t size = offsetof(Request, items) + count * sizeof(Item);
  request.header = {htobe32(static_cast<std::uint32_t>(size)), static_cast<unsigned char>(list_type)};
  request.title = title;
  request.count = count;
  std::memcpy(request.items, items, count * sizeof(Item));
  void* answer = nullptr;
  if (!person.extended(&request, answer) || !answer) return false;
  auto* response = static_cast<Response*>(answer);
  const bool ours = be32toh(response->header.length) == sizeof(Response) &&
                    response->header.type == static_cast<unsigned char>(list_type);
  if (ours) key.take(response->key);
  free(response);
  return ours && key;
}

}  // namespace utmfa
