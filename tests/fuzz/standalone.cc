// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target once over each file of the directories named, so that seeds are plain tests where there is no
// libFuzzer. An empty directory is a failure: it would test nothing.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    int runs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(names[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      if (!file) return std::fprintf(stderr, "%s: cannot be read\n", entry.path().c_str()), 1;
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++runs;
    }
    if (runs == 0) return std::fprintf(stderr, "%s: holds no seed\n", names[i]), 1;
    std::printf("%s: %d seeds\n", names[i], runs);
  }
  return count > 1 ? 0 : 1;
}
