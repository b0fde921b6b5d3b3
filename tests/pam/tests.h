// SPDX-License-Identifier: Apache-2.0
// What each program of this directory has, and main() calls: cmocka's result.
#pragma once

int all_tests();
