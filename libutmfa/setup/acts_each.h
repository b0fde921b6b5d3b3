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
Status act_add_phone(Bench& bench, Request& request);
Status act_add_push(Bench& bench, Request& request);
Status act_add_fido(Bench& bench, Request& request);
bool may_add_fido(const Bench& bench, const Registered& registered);
// Asks for the number as well: in a sign-in, where nobody has a command line. It is typed with its country code, because
// what knows the numbers of countries is not in the verifier.
Status ask_for_phone(Bench& bench);
bool may_add_phone(const Bench& bench, const Registered& registered);
Status act_change_number(Bench& bench, Request& request);
Status act_confirm(Bench& bench, Request& request);
Status act_apply(Bench& bench, Request& request);
Status act_list(Bench& bench, Request& request);

// Asks for the first code until it is right; an Error: nobody answers, or no more codes are looked at.
Status ask_for_proof(Bench& bench, const Registering& made, std::string_view prompt);

}  // namespace utmfa
