// SPDX-License-Identifier: Apache-2.0
// No entity, no document type, nothing from elsewhere: a PSKC file needs none of them.
#include "tokens/pskc_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::string_view pskc_space = "urn:ietf:params:xml:ns:keyprov:pskc";
constexpr std::size_t longest_value = 4096;

enum class Content { elements, text, number, nothing };

// The elements of RFC 6030 that a token may have, and whose child each is.
struct Known {
  std::string_view parent, name;
  Content content;
};
constexpr Known known[] = {
    {"KeyContainer", "KeyPackage", Content::elements},
    {"KeyPackage", "DeviceInfo", Content::elements},
    {"KeyPackage", "CryptoModuleInfo", Content::elements},
    {"KeyPackage", "Key", Content::elements},
    {"DeviceInfo", "Manufacturer", Content::text},
    {"DeviceInfo", "SerialNo", Content::text},
    {"DeviceInfo", "Model", Content::text},
    {"DeviceInfo", "IssueNo", Content::text},
    {"DeviceInfo", "DeviceBinding", Content::text},
    {"DeviceInfo", "UserId", Content::text},
    {"CryptoModuleInfo", "Id", Content::text},
    {"Key", "Issuer", Content::text},
    {"Key", "AlgorithmParameters", Content::elements},
    {"Key", "KeyProfileId", Content::text},
    {"Key", "KeyReference", Content::text},
    {"Key", "FriendlyName", Content::text},
    {"Key", "Data", Content::elements},
    {"Key", "UserId", Content::text},
    {"Key", "Policy", Content::elements},
    {"AlgorithmParameters", "Suite", Content::text},
    {"AlgorithmParameters", "ChallengeFormat", Content::nothing},
    {"AlgorithmParameters", "ResponseFormat", Content::nothing},
    {"Data", "Secret", Content::elements},
    {"Data", "Counter", Content::elements},
    {"Data", "Time", Content::elements},
    {"Data", "TimeInterval", Content::elements},
    {"Data", "TimeDrift", Content::elements},
    {"Secret", "PlainValue", Content::text},
    {"Counter", "PlainValue", Content::number},
    {"Time", "PlainValue", Content::number},
    {"TimeInterval", "PlainValue", Content::number},
    {"TimeDrift", "PlainValue", Content::text},
    {"Policy", "PINPolicy", Content::nothing},
    {"Policy", "KeyUsage", Content::text},
    {"Policy", "NumberOfTransactions", Content::number},
};
constexpr std::array<std::string_view, 6> number_attributes = {"Length",    "Min",       "Max",
                                                               "MinLength", "MaxLength", "MaxFailedAttempts"};
constexpr std::array<std::string_view, 8> text_attributes = {"Id",       "Algorithm",    "Encoding",    "CheckDigits",
                                                             "PINKeyId", "PINUsageMode", "PINEncoding", "Version"};

// Dates may be written in more ways than libpskc reads, and say nothing that we use.
bool is_date(std::string_view name) { return name == "StartDate" || name == "ExpiryDate"; }

bool one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Known* known_child(std::string_view parent, std::string_view name) {
  const auto found = std::find_if(std::begin(known), std::end(known),
                                  [&](const Known& each) { return each.parent == parent && each.name == name; });
  return found == std::end(known) ? nullptr : found;
}

bool of_pskc(const xmlNode* element) {
  return element->ns != nullptr && reinterpret_cast<const char*>(element->ns->href) == pskc_space;
}

bool blank(const xmlNode* node) { return xmlIsBlankNode(node) == 1; }

std::string shown_name(const xmlNode* element) { return "<" + cleaned(name_of(element), 40) + ">"; }

class Screen {
 public:
  explicit Screen(Reading& reading) : reading_(reading) {}

  bool container(xmlNode* root) { return attributes(root) && children(root); }

 private:
  bool children(xmlNode* parent) {
    std::vector<std::string_view> seen;
    bool right = true;
    for (xmlNode* child : children_of(parent)) {
      const bool extension = name_of(child) == "Extensions" || !of_pskc(child);
      if (extension) {
        reading_.note(line_of(child), shown_name(child) + " is not read: it is no element of RFC 6030");
        drop(child);
        continue;
      }
      if (is_date(name_of(child))) {
        drop(child);
        continue;
      }
      const bool again = std::find(seen.begin(), seen.end(), name_of(child)) != seen.end();
      if (again && name_of(child) != "KeyPackage" && name_of(child) != "KeyUsage" && name_of(child) != "FriendlyName")
        right = wrong(child, "stands twice in " + shown_name(parent) + ": expected once");
      seen.push_back(name_of(child));
      right = element(parent, child) && right;
    }
    return right;
  }

  bool wrong(const xmlNode* element, const std::string& what) {
    reading_.problem(line_of(element), shown_name(element) + " " + what);
    return false;
  }

  bool element(const xmlNode* parent, xmlNode* child) {
    const Known* rule = known_child(name_of(parent), name_of(child));
    if (rule == nullptr) return wrong(child, "is no element of " + shown_name(parent) + " in RFC 6030");
    const bool right = attributes(child);
    switch (rule->content) {
      case Content::elements: return no_text(child) && children(child) && right;
      case Content::text: return text(child, rule->content) && right;
      case Content::number: return text(child, rule->content) && right;
      case Content::nothing:
        if (child->children == nullptr || (no_text(child) && children_of(child).empty())) return right;
        return wrong(child, "has content: expected attributes only");
    }
    return false;
  }

  bool no_text(xmlNode* element) {
    for (xmlNode* node = element->children; node != nullptr; node = node->next)
      if (node->type != XML_ELEMENT_NODE && node->type != XML_COMMENT_NODE && !blank(node))
        return wrong(element, "has text in it: expected elements only");
    return true;
  }

  // Its text becomes one node without blanks around it, since libpskc looks at the first node only.
  bool text(xmlNode* element, Content content) {
    if (!children_of(element).empty()) return wrong(element, "has elements in it: expected text");
    for (const xmlNode* node = element->children; node != nullptr; node = node->next)
      if (node->type == XML_ENTITY_REF_NODE) return wrong(element, "has an entity in it: expected text");
    const Secret value = text_of(element);
    if (value.empty()) return wrong(element, "is empty: expected text");
    if (value.size() > longest_value) return wrong(element, "is too long");
    if (content == Content::number && !number(value.view(), 0, INT64_MAX))
      return wrong(element, "is " + shown(value.view()) + ": expected a number from 0");
    xmlNodeSetContent(element, nullptr);
    xmlNodeAddContentLen(element, reinterpret_cast<const xmlChar*>(value.view().data()),
                         static_cast<int>(value.size()));
    return true;
  }

  // Those of other name spaces (where a schema is, which language a text has) are not for libpskc.
  bool attributes(xmlNode* element) {
    for (xmlAttr* each = element->properties; each != nullptr;) {
      xmlAttr* const next = each->next;
      const std::string name(reinterpret_cast<const char*>(each->name));
      if (each->ns != nullptr)
        xmlRemoveProp(each);
      else if (!attribute(element, name, attribute_of(element, name.c_str())))
        return false;
      each = next;
    }
    return true;
  }

  bool attribute(const xmlNode* element, const std::string& name, const std::string& value) {
    const bool is_number = one_of(name, number_attributes);
    if (!is_number && !one_of(name, text_attributes))
      return wrong(element, "has the attribute " + shown(name) + ": expected those of RFC 6030");
    if (value.empty()) return wrong(element, "has the attribute " + shown(name) + " without a value");
    if (is_number && !number(value, 0, 1000))
      return wrong(element, "has " + name + " " + shown(value) + ": expected a number");
    return true;
  }

  Reading& reading_;
};

struct FreedContext {
  void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};

// Before anything of a document type is read: entities are how a small file becomes a large one.
void stop_at_type(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  xmlStopParser(static_cast<xmlParserCtxt*>(context));
}

bool is_container(const xmlNode* root, Reading& reading) {
  if (root == nullptr || name_of(root) != "KeyContainer" || !of_pskc(root)) {
    reading.problem(root == nullptr ? 1 : line_of(root),
                    "not a PSKC file: expected <KeyContainer> in the name space " + std::string(pskc_space));
    return false;
  }
  const std::string version = attribute_of(root, "Version");
  if (version == "1.0" || version == "1") return true;
  reading.problem(line_of(root), "PSKC version " + shown(version) + ": expected 1.0");
  return false;
}

}  // namespace

void FreedDocument::operator()(xmlDoc* document) const { xmlFreeDoc(document); }

std::string_view name_of(const xmlNode* element) { return reinterpret_cast<const char*>(element->name); }

int line_of(const xmlNode* node) { return static_cast<int>(xmlGetLineNo(node)); }

std::vector<xmlNode*> children_of(const xmlNode* element) {
  std::vector<xmlNode*> found;
  for (xmlNode* node = element->children; node != nullptr; node = node->next)
    if (node->type == XML_ELEMENT_NODE) found.push_back(node);
  return found;
}

xmlNode* child_of(const xmlNode* element, std::string_view name) {
  for (xmlNode* node : children_of(element))
    if (name_of(node) == name) return node;
  return nullptr;
}

xmlNode* below(xmlNode* element, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path)
    if (element != nullptr) element = child_of(element, name);
  return element;
}

std::string attribute_of(const xmlNode* element, const char* name) {
  const std::unique_ptr<xmlChar, void (*)(void*)> value(xmlGetNoNsProp(element, reinterpret_cast<const xmlChar*>(name)),
                                                        xmlFree);
  return value ? std::string(trimmed(reinterpret_cast<const char*>(value.get()))) : std::string();
}

Secret text_of(const xmlNode* element) {
  std::string text;
  for (const xmlNode* node = element->children; node != nullptr; node = node->next)
    if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != nullptr)
      text += reinterpret_cast<const char*>(node->content);
  Secret secret(trimmed(text));
  wipe(text);
  return secret;
}

void drop(xmlNode* node) {
  xmlUnlinkNode(node);
  xmlFreeNode(node);
}

Document parse_pskc_xml(std::string_view text, Reading& reading) {
  xmlInitParser();
  const std::unique_ptr<xmlParserCtxt, FreedContext> context(xmlNewParserCtxt());
  if (!context || context->sax == nullptr) {
    reading.problem(1, "libxml2 could not be started");
    return nullptr;
  }
  context->sax->internalSubset = stop_at_type;
  constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
  Document document(
      xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr, options));
  if (context->errNo == XML_ERR_USER_STOP) {
    reading.problem(1, "the file has a document type: expected none");
    return nullptr;
  }
  if (!document) {
    const char* said = context->lastError.message;
    reading.problem(std::max(context->lastError.line, 1),
                    "not well-formed XML: " + cleaned(trimmed(said == nullptr ? "" : said), 120));
    return nullptr;
  }
  if (!is_container(xmlDocGetRootElement(document.get()), reading)) return nullptr;
  return document;
}

bool screened(xmlNode* container, Reading& reading) { return Screen(reading).container(container); }

}  // namespace utmfa
