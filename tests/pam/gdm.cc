// SPDX-License-Identifier: Apache-2.0
#include "gdm.h"

#include <endian.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace utmfa::test {
namespace {

struct Message {
  std::uint32_t length;
  unsigned char type;
};
struct Option {
  const char *key, *text;
};
struct Request {
  Message header;
  const char* prompt_message;
  std::size_t number_of_items;
  Option items[1];
};
struct Response {
  Message header;
  char* key;
};

}  // namespace

std::string list_of(const void* request) {
  const auto* list = static_cast<const Request*>(request);
  const std::size_t size = offsetof(Request, items) + list->number_of_items * sizeof(Option);
  if (be32toh(list->header.length) != size) return "list|wrong length";
  std::string text = "list|" + std::to_string(list->header.type) + "|" + list->prompt_message;
  for (std::size_t i = 0; i < list->number_of_items; ++i)
    text += std::string("|") + list->items[i].key + "=" + list->items[i].text;
  return text;
}

char* answer_to(const void* request, const std::string& key, Drawn drawn) {
  auto* response = static_cast<Response*>(std::calloc(1, sizeof(Response)));
  response->header = static_cast<const Request*>(request)->header;
  response->header.length = htobe32(drawn == Drawn::cut ? sizeof(Message) : sizeof(Response));
  if (drawn == Drawn::other_type) ++response->header.type;
  const bool keyed = drawn == Drawn::right;
  response->key = keyed ? strdup(key.c_str()) : nullptr;
  return reinterpret_cast<char*>(response);
}

}  // namespace utmfa::test
