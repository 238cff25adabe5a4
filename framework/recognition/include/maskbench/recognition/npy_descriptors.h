#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "maskbench/core/json.h"

namespace maskbench {

inline constexpr char kNpyDescriptorsType[] = "npy_descriptors";

/// Which row of a .npy file describes which recording under which variant, as FILE.json beside it
/// says: {"row_columns": ["recording", …, "variant", …], "rows": [[…], …]}, what `maskbench export
/// --what templates` writes. Only the plan uses this: it knows recording ids, which observers must
/// not.
class NpyDescriptorIndex {
 public:
  /// Throws UsageError that names the file when the description is missing or damaged, does not fit
  /// the array, or names a recording twice under one variant.
  explicit NpyDescriptorIndex(const std::filesystem::path& array);

  /// Row of a recording under a variant; −1 where the file has none.
  int64_t RowOf(const std::string& recording, const std::string& variant) const;

 private:
  std::map<std::pair<std::string, std::string>, int64_t> rows_;
};

}  // namespace maskbench
