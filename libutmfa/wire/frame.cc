// SPDX-License-Identifier: Apache-2.0
// Writing and reading of one frame. Compiled twice: into libutmfa and, without a C++ runtime, into pam_utmfa.so; so
// nothing here may need one (no substr: it throws). The reader believes nothing: each length is compared with what
// is left before it is used.
#include "wire/frame.h"

#include <cstring>

namespace utmfa::wire {
namespace {

bool word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool word(std::string_view text) {
  if (text.empty() || text.size() > longest_key) return false;
  for (const char c : text) {
    if (!word_character(c)) return false;
  }
  return true;
}

// From `at` up to `end`, which is stepped over; empty when there is no such character within the longest word.
std::string_view word_until(std::string_view bytes, std::size_t& at, char end) {
  const std::size_t start = at;
  while (at < bytes.size() && at - start <= longest_key) {
    if (bytes[at] == end) return {bytes.data() + start, at++ - start};
    ++at;
  }
  return {};
}

bool decimal(std::string_view text, unsigned long most, unsigned long& value) {
  if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) return false;
  unsigned long long read = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    read = read * 10 + static_cast<unsigned>(c - '0');
  }
  value = static_cast<unsigned long>(read);
  return read <= most;
}

// The digits of a number, kept where they were made.
class Digits {
 public:
  explicit Digits(unsigned long value) {
    do bytes_[--at_] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
  }
  std::string_view text() const { return {bytes_ + at_, sizeof bytes_ - at_}; }

 private:
  char bytes_[20];
  std::size_t at_ = sizeof bytes_;
};

}  // namespace

Writer::Writer(std::string_view verb) {
  fits_ = word(verb);
  add(version);
  add(" ");
  add(verb);
  add("\n");
}

void Writer::text(std::string_view key, std::string_view value) {
  fits_ = fits_ && word(key) && ++count_ <= most_fields;
  add(key);
  add("=");
  add(Digits(value.size()).text());
  add(":");
  add(value);
  add("\n");
}

void Writer::number(std::string_view key, unsigned long value) { text(key, Digits(value).text()); }

void Writer::wipe() {
  explicit_bzero(bytes_, size_);
  size_ = 0;
  fits_ = false;
}

void Writer::add(std::string_view bytes) {
  fits_ = fits_ && bytes.size() <= longest_frame - size_;
  if (!fits_) return;
  if (!bytes.empty()) std::memcpy(bytes_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

Reader::Reader(std::string_view bytes) : valid_(parse(bytes)) {
  if (valid_) return;
  verb_ = {};
  count_ = 0;
}

bool Reader::parse(std::string_view bytes) {
  if (bytes.size() > longest_frame) return false;
  std::size_t at = 0;
  if (word_until(bytes, at, ' ') != version) return false;
  verb_ = word_until(bytes, at, '\n');
  if (!word(verb_)) return false;
  while (at < bytes.size()) {
    if (count_ == most_fields || !parse_field(bytes, at)) return false;
  }
  return true;
}

bool Reader::parse_field(std::string_view bytes, std::size_t& at) {
  Field& field = fields_[count_];
  field.key = word_until(bytes, at, '=');
  unsigned long length = 0;
  if (!word(field.key) || !decimal(word_until(bytes, at, ':'), longest_frame, length)) return false;
  if (bytes.size() - at <= length || bytes[at + length] != '\n') return false;
  field.value = {bytes.data() + at, length};
  at += length + 1;
  ++count_;
  return true;
}

bool Reader::has(std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (fields_[i].key == key) return true;
  }
  return false;
}

std::string_view Reader::text(std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (fields_[i].key == key) return fields_[i].value;
  }
  return {};
}

unsigned long Reader::number(std::string_view key, unsigned long most, unsigned long fallback) const {
  unsigned long value = 0;
  return decimal(text(key), most, value) ? value : fallback;
}

}  // namespace utmfa::wire
