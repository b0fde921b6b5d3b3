// SPDX-License-Identifier: Apache-2.0
// What each key of utmfa.yaml means: one table a map, one row a key.
#include "config/config.h"

#include <algorithm>

#include "base/formats.h"
#include "base/text.h"
#include "config/built_in.h"
#include "config/fido.h"
#include "config/own_words.h"
#include "config/tree.h"
#include "config/warnings.h"

namespace utmfa {
namespace {

constexpr std::int64_t minute = 60, hour = 3600, day = 86400;
constexpr std::size_t most_command_words = 32;

constexpr Word<Require> require_words[] = {
    {"off", Require::off}, {"enrolled", Require::enrolled}, {"always", Require::always}};
constexpr Word<NotEnrolled> not_enrolled_words[] = {
    {"allow", NotEnrolled::allow}, {"deny", NotEnrolled::deny}, {"set-up", NotEnrolled::set_up}};
constexpr Word<AccountDoor> account_words[] = {{"off", AccountDoor::off}, {"enforce", AccountDoor::enforce}};
constexpr Word<Labels> label_words[] = {
    {"proven", Labels::proven}, {"always", Labels::always}, {"never", Labels::never}};
constexpr Word<Unlock> unlock_words[] = {{"ask", Unlock::ask}, {"skip", Unlock::skip}};
constexpr Word<TestRule> test_words[] = {{"demanded", TestRule::demanded}, {"optional", TestRule::optional}};
constexpr Word<KeyUser> verification_words[] = {
    {"discouraged", KeyUser::discouraged}, {"preferred", KeyUser::preferred}, {"required", KeyUser::required}};
constexpr Word<Field> field_words[] = {{"many", Field::many}, {"one", Field::one}};
constexpr Word<WaitPrompt> wait_words[] = {
    {"auto", WaitPrompt::automatic}, {"always", WaitPrompt::always}, {"never", WaitPrompt::never}};
constexpr Word<std::string_view> language_words[] = {{"auto", ""}, {"en", "en"}, {"ja", "ja"}};

Status read_language(const Source& source, const Node& node, std::string& to) {
  std::string_view language;
  const Status read = read_word(source, node, language_words, language);
  to = language;
  return read;
}

Status read_remember(const Source& source, const Node& node, std::int64_t& to) {
  to = 0;
  if (node.value() && node.text == "off") return Done{};
  return read_duration(source, node, minute, 30 * day, to);
}

Status read_date(const Source& source, const Node& node, Time& to) {
  const auto end = node.value() ? end_of_date(node.text) : std::nullopt;
  if (!end) return source.wrong(node, "a date like 2026-12-31 is expected");
  to = *end;
  return Done{};
}

Status read_service_names(const Source& source, const Node& node, std::vector<std::string>& to) {
  if (Status read = read_texts(source, node, to); !read) return read;
  for (const Node& child : node.children)
    if (Status named = check_service_name(source, child, child.text); !named) return named;
  return Done{};
}

// Readers of one member, as the rows of the tables name them.
template <auto member, auto least, auto most, typename T>
Status whole(const Source& source, const Node& node, T& to) {
  return read_number(source, node, least, most, to.*member);
}

template <auto member, std::int64_t least, std::int64_t most, typename T>
Status seconds(const Source& source, const Node& node, T& to) {
  return read_duration(source, node, least, most, to.*member);
}

template <auto member, const auto& words, typename T>
Status word(const Source& source, const Node& node, T& to) {
  return read_word(source, node, words, to.*member);
}

template <auto member, auto read, typename T>
Status by(const Source& source, const Node& node, T& to) {
  return read(source, node, to.*member);
}

// The same, and the place is remembered.
template <auto place, Status (*read)(const Source&, const Node&, Service&)>
Status placed(const Source& source, const Node& node, Service& to) {
  to.*place = node.key_at;
  return read(source, node, to);
}

using S = Service;
constexpr Key<Service> service_keys[] = {
    {"require", placed<&S::require_at, word<&S::require, require_words>>},
    {"not-enrolled", placed<&S::not_enrolled_at, word<&S::not_enrolled, not_enrolled_words>>},
    {"methods", placed<&S::methods_at, by<&S::methods, read_kinds>>},
    {"tries", whole<&S::tries, 1, 10>},
    {"time-limit", seconds<&S::time_limit, 10, 10 * minute>},
    {"account", placed<&S::account_at, word<&S::account, account_words>>},
    {"language", by<&S::language, read_language>},
    {"labels", word<&S::labels, label_words>},
    {"remember", placed<&S::remember_at, by<&S::remember, read_remember>>},
    {"verification", placed<&S::verification_at, word<&S::verification, verification_words>>},
    {"key-models", placed<&S::key_models_at, by<&S::key_models, read_key_models>>},
    {"remind", placed<&S::remind_at, whole<&S::remind, 0, 100>>},
    {"unlock", placed<&S::unlock_at, word<&S::unlock, unlock_words>>},
    {"field", placed<&S::field_at, word<&S::field, field_words>>},
    {"wait-prompt", word<&S::wait_prompt, wait_words>},
    {"prompts", by<&S::prompts, read_own_words>},
    {"observe-until", placed<&S::observe_at, by<&S::observe_until, read_date>>},
};

constexpr Key<Exemption> exemption_keys[] = {
    {"users", by<&Exemption::users, read_texts>},
    {"groups", by<&Exemption::groups, read_texts>},
    {"networks", by<&Exemption::networks, read_networks>},
    {"services", by<&Exemption::services, read_service_names>},
};

constexpr Key<RegistrationRules> registration_keys[] = {
    {"minimum", whole<&RegistrationRules::minimum, 1, 10>},
    {"test", word<&RegistrationRules::test, test_words>},
    {"default-kinds", by<&RegistrationRules::default_kinds, read_kinds>},
    {"first-kinds", by<&RegistrationRules::first_kinds, read_kinds>},
    {"keep", seconds<&RegistrationRules::keep, day, 3650 * day>},
};

constexpr Key<ThrottleRules> throttle_keys[] = {
    {"free", whole<&ThrottleRules::free, 1, 20>},
    {"first-delay", seconds<&ThrottleRules::first_delay, 1, hour>},
    {"longest-delay", seconds<&ThrottleRules::longest_delay, 1, day>},
    {"disable-after", whole<&ThrottleRules::disable_after, 1, 100>},
};

constexpr Key<Limits> limit_keys[] = {
    {"root-sign-ins", whole<&Limits::root_sign_ins, 1, 4096>},
    {"user-sign-ins", whole<&Limits::user_sign_ins, 1, 4096>},
    {"per-user", whole<&Limits::per_user, 1, 256>},
    {"waiting", whole<&Limits::waiting, 1, 64>},
    {"deliveries", whole<&Limits::deliveries, 1, 1024>},
    {"deliveries-per-hour", whole<&Limits::deliveries_per_hour, 1, 1000000>},
};

constexpr Key<Config> totp_keys[] = {{"window", whole<&Config::totp_window, 0, 10>}};
constexpr Key<Config> hotp_keys[] = {{"window", whole<&Config::hotp_window, 1, 100>}};

Status read_command(const Source& source, const Node& node, std::vector<std::string>& to) {
  constexpr std::string_view expected = "a list of words like [/usr/local/sbin/gateway, --option] is expected";
  if (node.kind != Node::Kind::list || node.children.empty() || node.children.size() > most_command_words)
    return source.wrong_list(node, expected);
  to.clear();
  for (const Node& child : node.children)
    if (Status read = read_text(source, child, 1024, to.emplace_back()); !read) return read;
  if (to.front().front() != '/' || to.front().back() == '/')
    return source.wrong(node.children.front(), "the absolute path of a program is expected");
  return Done{};
}

Status read_system_user(const Source& source, const Node& node, std::string& to) {
  return read_text(source, node, 64, to);
}

// No more a factor than a button that is pressed without looking: whoever has the password may ask until it is.
constexpr Word<Matching> matching_words[] = {{"numbers", Matching::numbers}, {"approval", Matching::approval}};

Status read_matching(const Source& source, const Node& node, GatewayRules& to) {
  return read_word(source, node, matching_words, to.matching);
}

using D = DeliveryRules;
constexpr Key<DeliveryRules> delivery_keys[] = {
    {"digits", whole<&D::digits, 6, 8>},          {"valid", seconds<&D::valid, minute, 10 * minute>},
    {"cooldown", seconds<&D::cooldown, 0, hour>}, {"per-hour", whole<&D::per_hour, 1, 60>},
    {"per-day", whole<&D::per_day, 1, 60>},       {"after-denial", seconds<&D::after_denial, minute, day>},
};

Status read_delivery(const Source& source, const Node& node, Config& to) {
  return read_map<DeliveryRules>(source, node, delivery_keys, to.throttle.delivery);
}

Status read_region(const Source& source, const Node& node, Config& to) {
  const bool right = node.value() && node.text.size() == 2 &&
                     std::all_of(node.text.begin(), node.text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!right) return source.wrong(node, "two capital letters of a country, like JP, are expected");
  to.region = node.text;
  return Done{};
}

using G = GatewayRules;
constexpr Key<GatewayRules> gateway_keys[] = {
    {"command", by<&G::command, read_command>},       {"user", by<&G::user, read_system_user>},
    {"time-limit", seconds<&G::time_limit, 1, hour>}, {"memory", whole<&G::memory, 16, 65536>},
    {"processes", whole<&G::processes, 1, 4096>},
};
constexpr Key<GatewayRules> push_keys[] = {
    {"command", by<&G::command, read_command>},       {"user", by<&G::user, read_system_user>},
    {"time-limit", seconds<&G::time_limit, 1, hour>}, {"memory", whole<&G::memory, 16, 65536>},
    {"processes", whole<&G::processes, 1, 4096>},     {"matching", read_matching},
};

using Gateways = std::map<std::string, GatewayRules, std::less<>>;

Status read_gateway(const Source& source, const Node& node, Gateways& to) {
  GatewayRules& rules = to[node.key];
  rules.at = node.key_at;
  const Status read = node.key == "push" ? read_map<GatewayRules>(source, node, push_keys, rules)
                                         : read_map<GatewayRules>(source, node, gateway_keys, rules);
  if (!read) return read;
  if (!rules.command.empty()) return Done{};
  return yaml_error(source.path(node.key_at), node.key_at, "gateways." + node.key + " has no command",
                    "a command is expected");
}

constexpr Key<Gateways> kind_keys[] = {
    {"mail", read_gateway}, {"sms", read_gateway}, {"voice", read_gateway}, {"push", read_gateway}};

Status read_version(const Source& source, const Node& node, Config&) {
  if (node.kind != Node::Kind::plain) return source.wrong(node, "1 is expected");
  if (number(node.text, formats::configuration.version, formats::configuration.version)) return Done{};
  return other_version(shown_place(source.path(node.at), node.at), formats::configuration, node.text);
}

Status read_issuer(const Source& source, const Node& node, Config& to) {
  if (Status read = read_text(source, node, 64, to.issuer); !read) return read;
  if (to.issuer.find(':') != std::string::npos)  // it parts issuer and name in an otpauth address
    return source.wrong(node, "a name without a colon is expected");
  return Done{};
}

// `default` first, wherever it stands, because every other service begins as its copy.
Status read_services(const Source& source, const Node& node, Config& to) {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::nothing)
    return source.wrong(node, "a map of services is expected");
  for (const Node& child : node.children)
    if (child.key == "default")
      if (Status read = read_map<Service>(source, child, service_keys, to.fallback); !read) return read;
  for (const Node& child : node.children) {
    if (child.key == "default") continue;
    if (Status named = check_service_name(source, child, child.key); !named) return named;
    Service& service = to.services[child.key] = built_in_service(child.key, to.fallback);
    if (Status read = read_map<Service>(source, child, service_keys, service); !read) return read;
  }
  return Done{};
}

Status read_exemptions(const Source& source, const Node& node, Config& to) {
  if (node.kind == Node::Kind::nothing) return Done{};
  if (node.kind != Node::Kind::list) return source.wrong(node, "a list of rules is expected");
  for (const Node& child : node.children) {
    Exemption rule;
    rule.at = child.at;
    if (child.kind != Node::Kind::map) return source.wrong(child, "a rule with users, groups or networks is expected");
    if (Status read = read_map<Exemption>(source, child, exemption_keys, rule); !read) return read;
    if (rule.users.empty() && rule.groups.empty() && rule.networks.empty())
      return yaml_error(source.path(child.at), child.at, "this rule does not say whom it exempts",
                        "at least one of users, groups and networks is expected");
    to.exemptions.push_back(std::move(rule));
  }
  return Done{};
}

Status read_throttle(const Source& source, const Node& node, Config& to) {
  ThrottleRules& rules = to.throttle;
  if (Status read = read_map<ThrottleRules>(source, node, throttle_keys, rules); !read) return read;
  if (rules.longest_delay < rules.first_delay)
    return yaml_error(source.path(node.at), node.at,
                      "longest-delay is " + duration_text(rules.longest_delay) + " and first-delay is " +
                          duration_text(rules.first_delay),
                      "a longest-delay of at least first-delay is expected");
  return Done{};
}

template <auto member, const auto& keys, typename T>
Status section(const Source& source, const Node& node, T& to) {
  return read_map(source, node, std::span(keys), to.*member);
}

template <const auto& keys>
Status itself(const Source& source, const Node& node, Config& to) {
  return read_map(source, node, std::span(keys), to);
}

constexpr Key<Config> config_keys[] = {
    {"version", read_version},
    {"language", by<&Config::language, read_language>},
    {"issuer", read_issuer},
    {"region", read_region},
    {"services", read_services},
    {"exempt", read_exemptions},
    {"registration", section<&Config::registration, registration_keys>},
    {"throttle", read_throttle},
    {"delivery", read_delivery},
    {"totp", itself<totp_keys>},
    {"hotp", itself<hotp_keys>},
    {"fido", by<&Config::fido, read_fido>},
    {"limits", section<&Config::limits, limit_keys>},
    {"gateways", section<&Config::gateways, kind_keys>},
};

}  // namespace

std::string_view name(Require require) {
  for (const auto& word : require_words)
    if (word.value == require) return word.text;
  return "";
}

std::string_view name(KeyUser verification) {
  for (const auto& word : verification_words)
    if (word.value == verification) return word.text;
  return "";
}

std::string_view name(NotEnrolled not_enrolled) {
  for (const auto& word : not_enrolled_words)
    if (word.value == not_enrolled) return word.text;
  return "";
}

const Service& Config::service(std::string_view name) const {
  const auto found = services.find(name);
  return found == services.end() ? fallback : found->second;
}

const GatewayRules& Config::gateway(std::string_view kind) const {
  static const GatewayRules none;
  const auto found = gateways.find(kind);
  return found == gateways.end() ? none : found->second;
}

Result<Config> parse_config(std::string_view text, const std::string& path, std::span<const std::string_view> kinds) {
  const ConfigPart part{path, std::string(text)};
  return parse_config({&part, 1}, kinds);
}

Result<Config> parse_config(std::span<const ConfigPart> parts, std::span<const std::string_view> kinds) {
  Config config;
  Node whole;
  for (const ConfigPart& part : parts) {
    Result<Node> tree = read_tree(part.text, part.path, static_cast<int>(config.files.size()));
    if (!tree) return tree.error();
    config.files.push_back(part.path);
    if (tree->kind != Node::Kind::map && tree->kind != Node::Kind::nothing)
      return Source{config.files, kinds}.wrong(*tree, "KEY: VALUE lines are expected");
    merge(whole, std::move(*tree), "exempt");
  }
  config.path = config.files.front();
  if (Status read = read_map<Config>({config.files, kinds}, whole, config_keys, config); !read) return read.error();
  add_built_in(config);
  config.warnings = warnings(config);
  return config;
}

}  // namespace utmfa
