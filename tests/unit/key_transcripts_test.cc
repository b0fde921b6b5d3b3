// SPDX-License-Identifier: Apache-2.0
// What a key said once, said again: the end is the one that the file is named after, "VERSION.VERB.END". Cut off anywhere, it
// is no end that would count for anything.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "support/check.h"
#include "support/replayed_key.h"

#include "device/frames.h"

namespace {

using utmfa::KeyEnd;
using utmfa::KeyVerb;
using utmfa::test::replayed;
using utmfa::test::replayed_wish;

constexpr std::size_t record = 65;

struct Transcript {
  std::string name, end, bytes;
  KeyVerb verb = KeyVerb::look;
};

std::vector<Transcript> transcripts() {
  const std::map<std::string, KeyVerb> verbs = {
      {"look", KeyVerb::look}, {"sign", KeyVerb::sign}, {"make", KeyVerb::make}};
  std::vector<Transcript> all;
  for (const auto& entry : std::filesystem::directory_iterator(UTMFA_SOURCE "tests/fuzz/seeds/key")) {
    Transcript read;
    read.name = entry.path().filename().string();
    std::ifstream file(entry.path(), std::ios::binary);
    read.bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    const std::size_t first = read.name.find('.'), second = read.name.find('.', first + 1);
    read.verb = verbs.at(read.name.substr(first + 1, second - first - 1));
    read.end = read.name.substr(second + 1, read.name.find('.', second + 1) - second - 1);
    assert_true(!read.bytes.empty() && read.bytes.size() % record == 0);
    all.push_back(read);
  }
  assert_true(all.size() >= 20);
  return all;
}

void ends(void**) {
  for (const Transcript& each : transcripts()) {
    const std::string end(name(replayed(each.bytes, replayed_wish(each.verb)).end));
    if (end != each.end) fail_msg("%s: %s", each.name.c_str(), end.c_str());
  }
}

void cut_off(void**) {
  for (const Transcript& each : transcripts())
    for (std::size_t packets = 0; packets * record < each.bytes.size(); packets += 1 + packets / 8) {
      const KeyEnd end = replayed(each.bytes.substr(0, packets * record), replayed_wish(each.verb)).end;
      const bool whole = each.bytes.find('<', packets * record) == std::string::npos;
      if (end == KeyEnd::done && !whole && each.end != "done")
        fail_msg("%s: done after %zu", each.name.c_str(), packets);
    }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(cut_off)};
  return cmocka_run_group_tests_name("key transcripts", tests, nullptr, nullptr);
}
