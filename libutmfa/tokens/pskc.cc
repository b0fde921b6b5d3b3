// SPDX-License-Identifier: Apache-2.0
// PSKC by libpskc, after its XML was decrypted and looked through. Only this file includes libpskc. Copies of secrets
// that libxml2 and libpskc make are theirs; the program that imports ends right after it.
#include <libxml/tree.h>
#include <pskc/pskc.h>

#include <memory>

#include "base/text.h"
#include "base/yaml.h"
#include "tokens/pskc_decrypt.h"
#include "tokens/pskc_xml.h"
#include "tokens/reading.h"

namespace utmfa {
namespace {

struct FreedContainer {
  void operator()(pskc_t* container) const { pskc_done(container); }
};
using Container = std::unique_ptr<pskc_t, FreedContainer>;

std::string text(const char* value) { return value == nullptr ? std::string() : std::string(trimmed(value)); }

// urn:ietf:params:xml:ns:keyprov:pskc:totp, and what stood in the drafts: ...#totp
std::string kind_of(std::string_view algorithm) {
  const std::size_t last = algorithm.find_last_of(":#");
  return lower_ascii(last == algorithm.npos ? algorithm : algorithm.substr(last + 1));
}

// "HMAC-SHA256" and its like.
std::string digest_of(std::string_view suite) {
  std::string letters;
  for (const char c : lower_ascii(suite))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters += c;
  for (const char* each : {"sha256", "sha512", "sha1"})
    if (letters.find(each) != letters.npos) return each;
  return letters;
}

class Package {
 public:
  Package(pskc_key_t* key, int line, Reading& reading) : key_(key), line_(line), reading_(reading) {}

  void take() {
    const std::string kind = kind_of(text(pskc_get_key_algorithm(key_)));
    if (kind == "pin") return reading_.note(line_, "left out, because it is the PIN of a token");
    if (!usable()) return;
    Written written;
    written.line = line_;
    written.kind = kind;
    written.serial = text(pskc_get_device_serialno(key_));
    if (written.serial.empty()) written.serial = text(pskc_get_key_id(key_));
    written.manufacturer = text(pskc_get_device_manufacturer(key_));
    written.model = text(pskc_get_device_model(key_));
    written.meant = text(pskc_get_key_userid(key_));
    if (written.meant.empty()) written.meant = text(pskc_get_device_userid(key_));
    if (const std::string suite = text(pskc_get_key_algparm_suite(key_)); !suite.empty())
      written.algorithm = digest_of(suite);
    numbers(written);
    std::size_t size = 0;
    const char* secret = pskc_get_key_data_secret(key_, &size);
    if (secret == nullptr || size == 0) return reading_.problem(line_, "no secret in this package");
    written.secret = Secret(std::string_view(secret, size));
    reading_.take(std::move(written));
  }

 private:
  void numbers(Written& written) const {
    int there = 0;
    if (const std::uint32_t length = pskc_get_key_algparm_resp_length(key_, &there); there != 0)
      written.digits = std::to_string(length);
    if (const std::uint32_t interval = pskc_get_key_data_timeinterval(key_, &there); there != 0)
      written.period = std::to_string(interval);
    if (const std::uint64_t counter = pskc_get_key_data_counter(key_, &there); there != 0)
      written.counter = std::to_string(counter);
    if (pskc_get_key_data_timedrift(key_, &there) != 0 && there != 0)
      reading_.note(line_, "the drift of the clock in the file is not taken over: resync finds it");
  }

  // What we could not judge at a sign-in is not brought in.
  bool usable() const {
    int there = 0;
    if (pskc_get_key_algparm_resp_encoding(key_, &there) != PSKC_VALUEFORMAT_DECIMAL && there != 0)
      return wrong("codes that are not decimal digits");
    if (pskc_get_key_algparm_resp_checkdigits(key_, &there) != 0 && there != 0)
      return wrong("codes with a check digit");
    if (pskc_get_key_data_time(key_, &there) != 0 && there != 0) return wrong("time that is not counted from 1970");
    const int usages = pskc_get_key_policy_keyusages(key_, &there);
    if (there != 0 && (usages & PSKC_KEYUSAGE_OTP) == 0) return wrong("a key that is not for one-time codes");
    const pskc_pinusagemode pin = pskc_get_key_policy_pinusagemode(key_, &there);
    if (there != 0 && pin != PSKC_PINUSAGEMODE_LOCAL) return wrong("a PIN that is typed with the code");
    return true;
  }

  bool wrong(const std::string& what) const {
    reading_.problem(line_, what + ": expected a token of plain codes");
    return false;
  }

  pskc_key_t* key_;
  int line_;
  Reading& reading_;
};

struct FreedText {
  std::size_t size;
  void operator()(xmlChar* text) const {
    std::fill_n(const_cast<volatile xmlChar*>(text), size, xmlChar{0});
    xmlFree(text);
  }
};

// libxml2 would print pieces of the text, secrets with them.
void print_nothing(void*, const char*, ...) {}

Container parsed(xmlDoc* document, Reading& reading) {
  xmlSetGenericErrorFunc(nullptr, print_nothing);
  xmlChar* bytes = nullptr;
  int size = 0;
  xmlDocDumpMemoryEnc(document, &bytes, &size, "UTF-8");
  const std::unique_ptr<xmlChar, FreedText> held(bytes, FreedText{static_cast<std::size_t>(std::max(size, 0))});
  pskc_t* made = nullptr;
  int done = bytes == nullptr ? PSKC_MALLOC_ERROR : pskc_global_init();
  if (done == PSKC_OK) done = pskc_init(&made);
  Container container(made);
  if (done == PSKC_OK)
    done = pskc_parse_from_memory(container.get(), static_cast<std::size_t>(size), reinterpret_cast<char*>(bytes));
  if (done == PSKC_OK) return container;
  reading.problem(1, std::string("libpskc: ") + pskc_strerror(done));
  return nullptr;
}

// Base64 is told with its line here; libpskc would leave out what it does not know.
bool secrets_written_well(const xmlNode* package, Reading& reading) {
  xmlNode* key = child_of(package, "Key");
  const xmlNode* secret = below(key, {"Data", "Secret", "PlainValue"});
  if (secret == nullptr) return true;
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \n\r\t";
  const Secret value = text_of(secret);
  if (value.view().find_first_not_of(letters) == std::string_view::npos) return true;
  reading.problem(line_of(secret), "the secret is not base64");
  return false;
}

}  // namespace

void read_pskc(std::string_view text, const std::optional<Secret>& password, Reading& reading) {
  const Document document = parse_pskc_xml(text, reading);
  if (!document) return;
  xmlNode* root = xmlDocGetRootElement(document.get());
  if (xmlNode* signature = child_of(root, "Signature"); signature != nullptr) {
    reading.note(line_of(signature), "the signature of the file is not checked: pskctool --verify does");
    drop(signature);
  }
  if (Status open = decrypt_pskc(root, password, reading.path()); !open) {
    reading.problems.push_back(open.error().what);
    return;
  }
  if (!screened(root, reading)) return;
  std::vector<int> lines;
  bool right = true;
  for (const xmlNode* package : children_of(root)) {
    lines.push_back(line_of(package));
    right = secrets_written_well(package, reading) && right;
  }
  if (!right || lines.empty()) return;
  const Container container = parsed(document.get(), reading);
  if (!container) return;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    pskc_key_t* key = pskc_get_keypackage(container.get(), i);
    if (key == nullptr) return reading.problem(lines[i], "libpskc does not see this package");
    Package(key, lines[i], reading).take();
  }
}

}  // namespace utmfa
