// SPDX-License-Identifier: Apache-2.0
// A file of 4,096 bytes: eight bytes that name the format, then one number of eight bytes for each word of the table.
#include "audit/counters.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/formats.h"

namespace utmfa {
namespace {

constexpr std::size_t page_size = 4096;
// Read and written by this machine only. The last two bytes are the version.
constexpr std::uint64_t format_of_any = 0x75746d6661630000ULL, version_bits = 0xFFFF;
constexpr std::uint64_t format = format_of_any + static_cast<std::uint64_t>(formats::counters.version);
constexpr const char* name = "counters";
static_assert((1 + counted_words.size()) * sizeof(std::uint64_t) <= page_size);

bool newer(std::uint64_t found) { return (found & ~version_bits) == format_of_any && found > format; }

}  // namespace

Result<Counters> Counters::open(const std::string& data) {
  const std::string path = data + "/" + name;
  const Result<Descriptor> directory = open_directory(data, Privacy::secret);
  if (!directory) return directory.error();
  const Descriptor file(
      openat(directory->get(), name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
  if (!file) return os_error(path, "cannot be opened");
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return os_error(path, "cannot be examined");
  if (!S_ISREG(about.st_mode)) return Error{Code::refused, path + ": is not a regular file"};
  // Its blocks are there before it is mapped: a full disk must not end the broker in the middle of counting.
  if (const int failed = posix_fallocate(file.get(), 0, page_size); failed != 0) {
    errno = failed;
    return os_error(path, "has no room");
  }
  void* page = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (page == MAP_FAILED) return os_error(path, "cannot be mapped");
  auto* numbers = static_cast<std::uint64_t*>(page);
  if (newer(numbers[0])) {
    const Error refused = other_version(path, formats::counters, std::to_string(numbers[0] & version_bits));
    munmap(page, page_size);
    return refused;
  }
  if (numbers[0] != format) {
    std::memset(page, 0, page_size);
    numbers[0] = format;
  }
  return Counters(numbers);
}

Counters& Counters::operator=(Counters&& other) noexcept {
  std::swap(page_, other.page_);
  return *this;
}

Counters::~Counters() {
  if (page_ != nullptr) munmap(page_, page_size);
}

void Counters::count(std::string_view word) {
  const auto found = std::find(counted_words.begin(), counted_words.end(), word);
  if (page_ == nullptr || found == counted_words.end()) return;
  // Several brokers may count at a time (--session).
  std::atomic_ref<std::uint64_t>(page_[1 + (found - counted_words.begin())]).fetch_add(1, std::memory_order_relaxed);
}

Result<std::array<std::uint64_t, counted_words.size()>> counted(const std::string& data) {
  const std::string path = data + "/" + name;
  const Result<Descriptor> directory = open_directory(data, Privacy::secret);
  if (!directory) return directory.error();
  const Result<Descriptor> file = open_file(directory->get(), name, path, Privacy::secret, Access::read);
  if (!file) return file.error();
  const Result<std::string> bytes = contents(file->get(), path, page_size);
  if (!bytes) return bytes.error();
  std::array<std::uint64_t, 1 + counted_words.size()> numbers{};
  if (bytes->size() < sizeof numbers) return Error{Code::corrupt, path + ": is too short"};
  std::memcpy(numbers.data(), bytes->data(), sizeof numbers);
  if (newer(numbers[0])) return other_version(path, formats::counters, std::to_string(numbers[0] & version_bits));
  if (numbers[0] != format) return Error{Code::corrupt, path + ": is of another format"};
  std::array<std::uint64_t, counted_words.size()> result{};
  std::copy(numbers.begin() + 1, numbers.end(), result.begin());
  return result;
}

}  // namespace utmfa
