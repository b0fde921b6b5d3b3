// SPDX-License-Identifier: Apache-2.0
// Rows from JSON, event by event, so that each knows its line and no tree of secrets is built.
#include <nlohmann/json.hpp>
#include <set>

#include "base/encoding.h"
#include "base/text.h"
#include "transfer/again.h"
#include "transfer/cells.h"

namespace utmfa {
namespace {

// Counts the lines that the parser has read.
class Letters {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Letters(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  Letters& operator++() {
    if (line_ != nullptr && *at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  bool operator==(const Letters& other) const { return at_ == other.at_; }
  bool operator!=(const Letters& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;
};

class JsonRowsReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonRowsReader(const std::string& path, const int& line) : path_(path), line_(line) {}

  ImportRows rows;
  Status status = Done{};

  bool null() override { return value({}); }
  bool boolean(bool yes) override { return value(yes ? "yes" : "no"); }
  bool number_integer(number_integer_t number) override { return value(std::to_string(number)); }
  bool number_unsigned(number_unsigned_t number) override { return value(std::to_string(number)); }
  bool number_float(number_float_t, const string_t& text) override { return value(text); }
  bool string(string_t& text) override {
    const bool taken = value(text);
    wipe(text);
    return taken;
  }
  bool binary(binary_t&) override { return wrong("a value of a kind that JSON has not"); }
  bool start_object(std::size_t) override {
    if (depth_ != 1) return wrong("an object in this place: a list of objects is expected");
    depth_ = 2;
    begun_ = line_;
    cells_.clear();
    return true;
  }
  bool key(string_t& name) override {
    const auto [at, added] = names_.insert(name);
    if (!known_column(*at)) return wrong(shown_unless_secret(name) + " is no key: expected some of " + column_names());
    for (const auto& [column, cell] : cells_)
      if (column == *at) return wrong("the key " + *at + " stands twice");
    cells_.emplace_back(*at, Secret());
    return true;
  }
  bool end_object() override {
    depth_ = 1;
    if (Status taken = take(rows, begun_, std::move(cells_), path_); !taken) {
      status = taken.error();
      return false;
    }
    cells_.clear();
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 0) return wrong("a list in this place");
    depth_ = 1;
    return true;
  }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string& last, const nlohmann::detail::exception&) override {
    (void)last;  // may be a part of a secret
    return wrong("not JSON");
  }

 private:
  bool value(std::string_view text) {
    if (depth_ != 2) return wrong("a value in this place: a list of objects is expected");
    if (text.size() > longest_cell) return wrong("a value longer than 4096 bytes");
    cells_.back().second = Secret(text);
    return true;
  }
  bool wrong(const std::string& what) {
    status = Error{Code::invalid, path_ + ":" + std::to_string(line_) + ": " + what};
    return false;
  }

  static constexpr std::size_t longest_cell = 4096;
  const std::string& path_;
  const int& line_;
  int depth_ = 0, begun_ = 0;
  std::set<std::string> names_;  // what the columns of cells_ point into
  ImportCells cells_;
};

}  // namespace

// Two objects on one line are not told apart: both are written, and the one that was taken is there already.
std::string json_again(std::string_view text, const Reasons& reasons) {
  using Tree = nlohmann::ordered_json;
  int line = 1;
  std::vector<int> begun;
  const Tree::parser_callback_t note = [&](int depth, Tree::parse_event_t event, Tree&) {
    if (depth == 1 && event == Tree::parse_event_t::object_start) begun.push_back(line);
    return true;
  };
  Tree again = Tree::array();
  try {
    Tree all = Tree::parse(Letters(text.data(), &line), Letters(text.data() + text.size(), nullptr), note);
    for (std::size_t i = 0; i < all.size() && i < begun.size(); ++i) {
      const auto reason = reasons.find(begun[i]);
      if (reason == reasons.end()) continue;
      all[i]["line"] = begun[i];
      all[i]["reason"] = cleaned(reason->second, 1000);
      again.push_back(std::move(all[i]));
    }
    return again.dump(1, ' ') + "\n";
  } catch (const std::exception&) {  // was read before: cannot be
    return "[]\n";
  }
}

Result<ImportRows> parse_json_rows(std::string_view text, const std::string& path) {
  int line = 1;
  JsonRowsReader reader(path, line);
  try {
    const char* end = text.data() + text.size();
    const bool read = nlohmann::json::sax_parse(Letters(text.data(), &line), Letters(end, nullptr), &reader);
    if (!reader.status) return reader.status.error();
    if (!read) return Error{Code::invalid, path + ":" + std::to_string(line) + ": not JSON"};
  } catch (const std::exception& error) {
    return Error{Code::internal, std::string("JSON: ") + error.what()};
  }
  return std::move(reader.rows);
}

}  // namespace utmfa
