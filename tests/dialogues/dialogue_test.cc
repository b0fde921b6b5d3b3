// SPDX-License-Identifier: Apache-2.0
// CATALOGUES [--brackets] FILE...: plays every dialogue file, and walks the faults: for each file and each n, the n-th outside call fails and nobody is
// let in.
#include <cstdio>
#include <cstring>

#include "dialogue.h"
#include "signin/words.h"

int main(int argc, char** argv) {
  utmfa::open_catalogues(argc > 1 ? argv[1] : "");
  const bool brackets = argc > 2 && std::strcmp(argv[2], "--brackets") == 0;
  const utmfa::test::Compare compare = brackets ? utmfa::test::Compare::brackets : utmfa::test::Compare::words;
  int failed = 0, passed = 0;
  for (int i = brackets ? 3 : 2; i < argc; ++i) {
    int calls = 0;
    std::string wrong = utmfa::test::play(argv[i], 0, calls, compare);
    for (int n = 1; !brackets && wrong.empty() && n <= calls; ++n) {
      int ignored = 0;
      wrong = utmfa::test::play(argv[i], n, ignored);
      if (!wrong.empty()) wrong += " (outside call " + std::to_string(n) + " failed)";
    }
    if (wrong.empty())
      ++passed;
    else
      ++failed;
    std::printf("%s %s%s%s (%d outside calls)\n", wrong.empty() ? "ok" : "not ok", argv[i],
                wrong.empty() ? "" : "\n     ", wrong.c_str(), calls);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
