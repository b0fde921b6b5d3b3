// SPDX-License-Identifier: Apache-2.0
// cmocka, which is C and wants these headers before it. Every test program includes this one.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}
