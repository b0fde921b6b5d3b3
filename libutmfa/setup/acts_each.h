// SPDX-License-Identifier: Apache-2.0
// The acts that the table in acts.cc and the guided steps share. Private to the room.
#pragma once

#include "setup/acts.h"
#include "setup/json.h"
#include "setup/registering.h"

namespace utmfa {

Status tell_json(Bench& bench, const Json& json);

Status act_add_app(Bench& bench, Request& request);
Status act_add_token(Bench& bench, Request& request);
Status act_add_sheet(Bench& bench, Request& request);
Status act_confirm(Bench& bench, Request& request);
Status act_apply(Bench& bench, Request& request);
Status act_list(Bench& bench, Request& request);

// Asks for the first code until it is right; an Error: nobody answers, or no more codes are looked at.
Status ask_for_proof(Bench& bench, const Registering& made, std::string_view prompt);

}  // namespace utmfa
