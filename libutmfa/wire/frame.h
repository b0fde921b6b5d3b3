// SPDX-License-Identifier: Apache-2.0
// Frames between module and verifier: one packet of a SOCK_SEQPACKET socket is one frame. docs/wire.md is the
// manual. This header is used inside pam_utmfa.so, which links no C++ runtime: no allocation, no exception, no
// library call but memcpy. A frame that breaks any limit is not parsed at all.
//
//   1 VERB\n            version and verb
//   key=LENGTH:BYTES\n  fields; LENGTH is decimal without leading zeros; unknown keys are ignored
#pragma once

#include <cstddef>
#include <string_view>

namespace utmfa::wire {

inline constexpr std::size_t longest_frame = 16384;
inline constexpr std::size_t longest_key = 32;
inline constexpr std::size_t most_fields = 64;
inline constexpr char version[] = "1";

class Writer {
 public:
  explicit Writer(std::string_view verb);
  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, unsigned long value);
  bool fits() const { return fits_; }  // false: something was too long or a key was malformed; do not send
  std::string_view frame() const { return {bytes_, size_}; }
  void wipe();

 private:
  void add(std::string_view bytes);
  char bytes_[longest_frame];
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  bool fits_ = true;
};

class Reader {
 public:
  // The bytes must outlive the Reader; fields point into them.
  explicit Reader(std::string_view bytes);
  bool valid() const { return valid_; }
  std::string_view verb() const { return verb_; }
  bool has(std::string_view key) const;
  std::string_view text(std::string_view key) const;  // empty when absent; the first of equal keys counts
  // The field is a decimal number of at most `most`; otherwise `fallback`.
  unsigned long number(std::string_view key, unsigned long most, unsigned long fallback) const;

 private:
  struct Field {
    std::string_view key, value;
  };
  bool parse(std::string_view bytes);
  bool parse_field(std::string_view bytes, std::size_t& at);
  Field fields_[most_fields];
  std::size_t count_ = 0;
  std::string_view verb_;
  bool valid_ = false;
};

}  // namespace utmfa::wire
