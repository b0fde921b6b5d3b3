// SPDX-License-Identifier: Apache-2.0
// The policy's reasons (libutmfa/policy), and what a method itself says.
#include "phrases/phrases.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::string_view phrases[] = {
    UTMFA_MSG("unlocking"),
    UTMFA_MSG("exempt rule {0} {1} does not apply"),
    UTMFA_MSG("the groups could not be resolved"),
    UTMFA_MSG("exempt rule {0} (default)"),
    UTMFA_MSG("exempt rule {0} {1}"),
    UTMFA_MSG("its first code has not been proven"),
    UTMFA_MSG("it is the one to be changed"),
    UTMFA_MSG("services.{0} (default) does not take {1}"),
    UTMFA_MSG("services.{0} does not take {1}"),
    UTMFA_MSG("services.{0} (default), put off {1} times"),
    UTMFA_MSG("services.{0}, put off {1} times"),
    UTMFA_MSG("services.{0}, and fido.ssh-verification is unknown"),
    UTMFA_MSG("services.{0}.key-models = (list) {1}"),
    UTMFA_MSG("services.{0}.key-models = {1} is not in it {2}"),
    UTMFA_MSG("services.{0} (default)"),
    UTMFA_MSG("disabled after {0} wrong answers in a row"),
    UTMFA_MSG("register it again"),
    UTMFA_MSG("there is no gateway for it"),
    UTMFA_MSG("gateways.{0} is not in {1}"),
    UTMFA_MSG("nothing is sent before the first factor is known to be right"),
    UTMFA_MSG("sshd has not verified this key in this sign-in"),
    UTMFA_MSG("no key is asked before the first factor is known to be right"),
    UTMFA_MSG("asked for"),
    UTMFA_MSG("first in the method file"),
    UTMFA_MSG("number {0} in the method file"),
    UTMFA_MSG("signed in from this place not long ago"),
    UTMFA_MSG("enrolled, but no method can be used here"),
    UTMFA_MSG("closed"),
    UTMFA_MSG("not led through it here"),
    UTMFA_MSG("reset by an administrator"),
    UTMFA_MSG("to be registered again"),
    UTMFA_MSG("not enrolled, {0}"),
    UTMFA_MSG("not enrolled"),
    UTMFA_MSG("the registration was terminated"),
};

}  // namespace

std::span<const std::string_view> policy_phrases() { return phrases; }

}  // namespace utmfa
