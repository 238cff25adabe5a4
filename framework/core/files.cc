#include "maskbench/core/files.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace fs = std::filesystem;

std::string ReadFile(const fs::path& file) {
  std::error_code code;
  if (fs::is_directory(file, code)) {
    throw DataError(fmt::format("{} is a folder; a file was expected.", file.string()));
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw DataError(fmt::format("{} cannot be read: {}.", file.string(), std::strerror(errno)));
  }
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) throw DataError(fmt::format("{} cannot be read to its end.", file.string()));
  return content.str();
}

void WriteFileAtomically(const fs::path& file, std::string_view content) {
  static std::atomic<unsigned> counter{0};
  std::error_code code;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), code);
  const fs::path temporary =
      file.parent_path() /
      fmt::format(".{}.{}.{}.tmp", file.filename().string(), getpid(), counter.fetch_add(1));
  const int descriptor = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  bool good = descriptor >= 0;
  size_t written = 0;
  while (good && written < content.size()) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    good = count > 0;
    if (good) written += static_cast<size_t>(count);
  }
  int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (good) {
    fs::rename(temporary, file, code);
    good = !code;
    error = code.value();
  }
  if (!good) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw DataError(fmt::format("{} cannot be written: {}.", file.string(), std::strerror(error)));
  }
}

fs::path JoinInside(const fs::path& folder, const std::string& relative) {
  const fs::path part(relative);
  if (relative.empty() || part.is_absolute()) {
    throw DataError(fmt::format("the path \"{}\" must be relative and not empty.", relative));
  }
  const fs::path root = fs::weakly_canonical(folder);
  std::error_code code;
  fs::path joined = fs::weakly_canonical(root / part, code);  // Resolves symbolic links.
  if (code) {
    throw DataError(
        fmt::format("the path \"{}\" cannot be followed: {}.", relative, code.message()));
  }
  const auto mismatch = std::mismatch(root.begin(), root.end(), joined.begin(), joined.end());
  bool dangling = false;  // A link whose target does not exist yet is left as it is above.
  for (fs::path path = joined; path.has_relative_path(); path = path.parent_path()) {
    dangling |= fs::is_symlink(path);
  }
  if (mismatch.first != root.end() || dangling) {
    throw DataError(fmt::format(
        "the path \"{}\" leaves the data set's folder; it must stay inside.", relative));
  }
  return joined;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "maskbench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw DataError(
        fmt::format("no temporary folder can be made at {}: {}.", pattern, std::strerror(errno)));
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace maskbench
