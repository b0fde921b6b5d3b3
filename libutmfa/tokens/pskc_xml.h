// SPDX-License-Identifier: Apache-2.0
// The XML of a PSKC file (RFC 6030), read by libxml2 and looked through before libpskc sees it: libpskc knows no lines,
// takes numbers as it likes them, and ends the program at an element without text. What remains after screened() has
// known elements only, text where text belongs, and one line to tell for each package. Called by pskc.cc.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/reading.h"

// As libxml2 declares them.
struct _xmlDoc;
struct _xmlNode;
using xmlDoc = _xmlDoc;
using xmlNode = _xmlNode;

namespace utmfa {

struct FreedDocument {
  void operator()(xmlDoc* document) const;
};
using Document = std::unique_ptr<xmlDoc, FreedDocument>;

// Null where it is not well-formed, has a document type, or is not PSKC 1.0: a problem was told then. Loads nothing.
Document parse_pskc_xml(std::string_view text, Reading& reading);

std::string_view name_of(const xmlNode* element);
int line_of(const xmlNode* node);
xmlNode* child_of(const xmlNode* element, std::string_view name);  // null where there is none
xmlNode* below(xmlNode* element, std::initializer_list<std::string_view> path);
std::vector<xmlNode*> children_of(const xmlNode* element);  // elements only
std::string attribute_of(const xmlNode* element, const char* name);
Secret text_of(const xmlNode* element);  // its own text, without blanks around it
void drop(xmlNode* node);

// False where something was told that keeps libpskc from reading it.
bool screened(xmlNode* container, Reading& reading);

}  // namespace utmfa
