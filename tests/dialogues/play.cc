// SPDX-License-Identifier: Apache-2.0
// Reading a dialogue file and playing it.
#include <fstream>
#include <map>

#include "base/encoding.h"
#include "base/text.h"
#include "dialogue.h"
#include "methods/state.h"

namespace utmfa::test {
namespace {

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  std::string word;
  bool quoted = false;
  for (const char c : std::string(line) + ' ') {
    if (c == '"')
      quoted = !quoted;
    else if (c != ' ' || quoted)
      word += c;
    else if (!word.empty())
      found.push_back(std::exchange(word, {}));
  }
  return found;
}

class Play {
 public:
  Play(std::string path, int failing, Compare compare)
      : path_(std::move(path)), vault_(faults_, clock_), failing_(failing), compare_(compare) {}

  std::string run(int& calls) {
    std::ifstream in(path_);
    if (!in) return path_ + ": cannot be read";
    std::vector<Line> lines;
    std::string text;
    for (int n = 1; std::getline(in, text); ++n) lines.push_back({n, text});
    for (at_ = 0; at_ < lines.size() && wrong_.empty(); ++at_) step(lines);
    if (sign_ins_ == 0 && wrong_.empty()) wrong_ = path_ + ": no sign-in in the file";
    calls = most_calls_;
    return wrong_;
  }

 private:
  void fail(int line, const std::string& what) {
    if (wrong_.empty()) wrong_ = path_ + ":" + std::to_string(line) + ": " + what;
  }

  void step(const std::vector<Line>& lines) {
    const Line& line = lines[at_];
    const std::vector<std::string> word = words(line.text);
    if (word.empty() || word[0][0] == '#') return;
    given_ += line.text + "\n";
    if (word[0] == "config") return read_config(lines);
    if (word[0] == "sign-in" || word[0] == "account") return sign(lines, word);
    if (word[0] == "audit") return check_audit(line);
    if (!settle(word)) fail(line.number, "unknown line: " + line.text);
  }

  bool settle(const std::vector<std::string>& word) {
    if (word.size() < 2) return false;
    if (word[0] == "clock")
      clock_.time = from_iso_time(word[1]).value_or(0);
    else if (word[0] == "tick")
      clock_.time += *number(word[1], 0, 100000000);
    else if (word[0] == "language")
      vault_.file.language = word[1];
    else if (word[0] == "failures")
      fail_before(word);
    else if (word[0] == "status")
      set_status(word[1]);
    else if (word[0] == "fido" || word[0] == "fido-ssh")
      add_key(word);
    else if (factor_for(word[0]) != nullptr && word.size() > 2)
      add(word);
    else
      return false;
    return true;
  }

  void fail_before(const std::vector<std::string>& word) {  // failures ID COUNT
    for (std::int64_t i = *number(word[2], 0, 200); i > 0; --i) charge(vault_.state, word[1], clock_.now() - 100000);
  }

  void set_status(const std::string& word) {
    for (const Registration each :
         {Registration::none, Registration::setting_up, Registration::active, Registration::ended})
      if (name(each) == word) vault_.file.status = each;
  }

  void add(const std::vector<std::string>& word) {
    const Factor* factor = factor_for(word[0]);
    const Made& made = made_once(*factor, word);
    Method method = made.method;
    method.id = word[1];
    method.proof = Proof::confirmed;
    if (const auto secret = made.secrets.find(factor->secret_field); secret != made.secrets.end())
      vault_.secrets.emplace(word[1], secret->second.clone());
    vault_.file.methods.push_back(method);
    if (word[0] == "recovery") recovery_ = made.shown;
  }

  void add_key(const std::vector<std::string>& word) {
    Wish wish;
    wish.label = word[2];
    if (word[0] == "fido-ssh") {
      wish.options = {{"ssh-key", ssh_key(word[3])}};
    } else {
      const KeyAlgorithm algorithm = word[3] == "eddsa"   ? KeyAlgorithm::eddsa
                                     : word[3] == "rs256" ? KeyAlgorithm::rs256
                                                          : KeyAlgorithm::es256;
      auto key = std::make_unique<SoftKey>(algorithm, "utmfa", word[1] + " credential");
      wish.options = {{"credential", base64url(key->id)},
                      {"public-key", base64url(key->public_key)},
                      {"algorithm", std::string(name(algorithm))},
                      {"rp", key->rp}};
      keys_[word[1]] = std::move(key);
    }
    for (std::size_t i = 4; i < word.size(); ++i)
      wish.options[word[i].substr(0, word[i].find('='))] = word[i].substr(word[i].find('=') + 1);
    CountingRandom random;
    Result<Made> made = factor_for("fido")->make(wish, random, 0);
    if (!made) return fail(0, made.error().what);
    made->method.id = word[1];
    made->method.proof = Proof::confirmed;
    vault_.file.methods.push_back(made->method);
  }

  // One that is somebody's: its 32 bytes are the name.
  static std::string ssh_key(const std::string& name) {
    constexpr std::string_view type = "sk-ssh-ed25519@openssh.com", application = "ssh:";
    const auto part = [](std::string_view bytes) {
      return std::string("\0\0\0", 3) + static_cast<char>(bytes.size()) + std::string(bytes);
    };
    const std::string key = (name + std::string(32, '.')).substr(0, 32);
    return std::string(type) + " " + base64(part(type) + part(key) + part(application));
  }

  // A sheet costs half a second of hashing, and the fault walk plays every file many times.
  static const Made& made_once(const Factor& factor, const std::vector<std::string>& word) {
    static std::map<std::vector<std::string>, Made> kept;
    const auto found = kept.find(word);
    if (found != kept.end()) return found->second;
    CountingRandom random;
    Wish wish;
    wish.label = word[2];
    if (word[0] == "phone") wish.options = {{"slot", word[1]}, {"number", word[3]}};
    if (word[0] == "phone" && word.size() > 4) wish.options.emplace("prefer", word[4]);
    if (word[0] == "push") wish.options = {{"device", word[3]}};
    if (!factor.token.empty() && word.size() > 3) wish.secret = std::move(*from_base32(word[3]));
    return kept.emplace(word, std::move(*factor.make(wish, random, 0))).first->second;
  }

  void read_config(const std::vector<Line>& lines) {
    std::string text;
    const int first = lines[at_].number;
    while (++at_ < lines.size() && lines[at_].text != "end") text += lines[at_].text + "\n";
    given_ += text;
    Result<Config> config = parse_config(text, "utmfa.yaml", kind_names());
    if (!config) return fail(first, config.error().what);
    config_ = std::move(*config);
    vault_.throttle = config_.throttle;
    vault_.rules = factor_rules(config_);
  }

  SignIn who(const std::vector<std::string>& word) const {
    SignIn who;
    who.user = word[1];
    who.service = word[2];
    who.groups.emplace();
    for (std::size_t i = 3; i < word.size(); ++i) {
      const std::size_t equals = word[i].find('=');
      const std::string key = word[i].substr(0, equals), value = word[i].substr(equals + 1);
      if (key == "from") who.from = value;
      if (key == "tty") who.tty = value;
      if (key == "connection") who.connection = value;
      if (key == "prefer") who.prefer = value;
      if (key == "host-key") who.host_keys.push_back(ssh_key(value));
      if (key == "first" && value == "proven") who.first = FirstFactor::proven;
      if (key == "texts") who.texts = Texts::at_once;
      if (key == "first" && value == "typed") who.first = FirstFactor::typed;
      if (key == "screen") who.screen = value == "greeter" ? Screen::greeter : Screen::greeter_lists;
      if (key == "purpose") who.purpose = Purpose::unlock;
      if (key == "groups" && value == "?") who.groups.reset();
      if (key == "groups" && value != "?")
        for (std::string_view each : split(value, ',')) who.groups->emplace_back(each);
    }
    who.origin = origin_of(who.from, who.tty, who.connection);
    return who;
  }

  static bool outcome_line(const std::string& text) {
    for (int i = 0; i <= static_cast<int>(Outcome::aborted); ++i)
      if (text == name(static_cast<Outcome>(i))) return true;
    return false;
  }

  void sign(const std::vector<Line>& lines, const std::vector<std::string>& word) {
    ++sign_ins_;
    Script script(faults_, vault_, clock_, keys_);
    script.compare = failing_ == 0 ? compare_ : Compare::nothing;
    const int first = lines[at_].number;
    while (++at_ < lines.size() && !outcome_line(lines[at_].text)) {
      std::string text = lines[at_].text;
      for (std::size_t i = 0; i < recovery_.size(); ++i)
        if (text == "> (code " + std::to_string(i + 1) + ")") text = "> " + recovery_[i];
      script.expected.push_back({lines[at_].number, text});
    }
    if (at_ >= lines.size()) return fail(first, "this sign-in has no outcome");
    MemoryAudit audit(faults_);
    script.sent = sent_;
    script.given = given_ + config_.issuer;
    script.answered = answered_;
    Outside outside{config_, vault_, script, clock_, audit, &script, &script, &random_, "lab1"};
    faults_ = {0, failing_};
    const Outcome outcome = word[0] == "account" ? account_check(who(word), outside) : sign_in(who(word), outside);
    most_calls_ = std::max(most_calls_, faults_.calls);
    audit_ = audit.lines;
    sent_ = script.sent;
    answered_ = script.answered;
    if (failing_ != 0) {
      // Failing anywhere in this sign-in: it must not be let in. A shorter one was never reached by the fault.
      if (faults_.calls >= failing_ && name(outcome) == "granted") fail(first, "granted although a call failed");
      return;
    }
    if (!script.wrong.empty()) return fail(first, script.wrong);
    if (compare_ == Compare::brackets) return;  // names are typed by their first letters, which are others now
    if (!script.expected.empty()) return fail(script.expected.front().number, "was not reached");
    if (name(outcome) != lines[at_].text) fail(lines[at_].number, "outcome: " + std::string(name(outcome)));
  }

  void check_audit(const Line& line) {
    if (failing_ != 0 || compare_ == Compare::brackets) return;
    const std::string wanted = line.text.substr(6);
    for (const std::string& each : audit_)
      if (each.find(wanted) != std::string::npos) return;
    std::string all;
    for (const std::string& each : audit_) all += "\n     " + each;
    fail(line.number, "no such audit line; there were:" + all);
  }

  std::string path_, wrong_, sent_, answered_, given_;
  Faults faults_;
  ToldClock clock_;
  MemoryVault vault_;
  Config config_;
  CountingRandom random_;
  Script::SoftKeys keys_;
  std::vector<std::string> recovery_, audit_;
  std::size_t at_ = 0;
  int failing_, most_calls_ = 0, sign_ins_ = 0;
  Compare compare_;
};

}  // namespace

std::string play(const std::string& path, int failing, int& calls, Compare compare) {
  return Play(path, failing, compare).run(calls);
}

}  // namespace utmfa::test
