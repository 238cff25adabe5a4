#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maskbench {

/// Shortest text that reads back as the same double; "" for NaN.
std::string NumberText(double value);

/// One line of CSV quoted as RFC 4180 says, ended by a line feed alone.
std::string CsvLine(const std::vector<std::string>& cells);

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

/// " Did you mean "…"?" with the closest candidate, or "" when none is near.
std::string Suggestion(std::string_view given, const std::vector<std::string>& candidates);

}  // namespace maskbench
