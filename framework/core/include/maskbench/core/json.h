#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace maskbench {

/// Keeps the order in which keys were written, so that files read like their source.
using Json = nlohmann::ordered_json;

/// Parses a JSON file. Throws DataError that names the file, the line and the column.
Json ReadJsonFile(const std::filesystem::path& file);

/// Writes `value` with two-space indentation and a final newline, atomically.
void WriteJsonFile(const std::filesystem::path& file, const Json& value);

/// One line with keys sorted: equal values give equal text. Used for hashing.
std::string CanonicalJson(const Json& value);

}  // namespace maskbench
