// SPDX-License-Identifier: Apache-2.0
// What the command lines of both utilities share: options of the whole program, --help in the person's language,
// --version, and the exit statuses. The only header that knows the command line library.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "desk.h"

namespace utmfa {

// Before the command line is described, because its descriptions are already in that language.
void speak_as_asked(int count, char** words);

void add_common_options(CLI::App& app, Options& options);
std::string examples(std::initializer_list<std::string_view> lines);

// Parses, then does what the chosen verb put into `act`. The exit status of the program.
int run(CLI::App& app, int count, char** words, const std::function<Status()>& act);

}  // namespace utmfa
