#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace maskbench {

/// Whole content of a file. Throws DataError that names the file.
std::string ReadFile(const std::filesystem::path& file);

/// Writes to a temporary name in the same folder, then renames: a reader sees the old content or
/// the new one, never a part. Throws DataError.
void WriteFileAtomically(const std::filesystem::path& file, std::string_view content);

/// Joins a relative path to a folder and refuses what leaves it: absolute paths, `..` that climb
/// out, and symbolic links that point outside. Throws DataError. The file need not exist.
std::filesystem::path JoinInside(const std::filesystem::path& folder, const std::string& relative);

/// A folder of its own under the system's temporary folder, removed with its content on
/// destruction.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace maskbench
