#include "maskbench/core/json.h"

#include <algorithm>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {

Json ReadJsonFile(const std::filesystem::path& file) {
  const std::string text = ReadFile(file);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const size_t end = std::min(text.size(), error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(text.begin(), text.begin() + end, '\n');
    const size_t line_start = text.rfind('\n', end > 0 ? end - 1 : 0);
    const size_t column = line_start == std::string::npos ? end + 1 : end - line_start;
    throw DataError(fmt::format("{} is not valid JSON: line {}, column {}.", file.string(), line,
                                std::max<size_t>(column, 1)));
  }
}

void WriteJsonFile(const std::filesystem::path& file, const Json& value) {
  WriteFileAtomically(file, value.dump(2) + "\n");
}

std::string CanonicalJson(const Json& value) {
  return nlohmann::json(value).dump();  // The unordered type keeps its keys sorted.
}

}  // namespace maskbench
