// SPDX-License-Identifier: Apache-2.0
// Owners of what a C library gives out, each freed by its own function: unique_ptr<BIO, Freed<BIO_free>>.
#pragma once

namespace utmfa {

template <auto function>
struct Freed {
  template <typename T>
  void operator()(T* held) const {
    function(held);
  }
};

}  // namespace utmfa
