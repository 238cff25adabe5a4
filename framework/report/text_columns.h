#pragma once

#include <string>
#include <vector>

namespace maskbench {

/// Rows under a header in columns of equal width, two spaces apart, for a terminal. Widths count
/// code points of UTF-8.
std::string TextColumns(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows);

/// "0.0123", "<0.0001"; "–" for NaN.
std::string PValueText(double p);

}  // namespace maskbench
