#include "maskbench/media/evenly_spread.h"

#include <algorithm>

namespace maskbench {

std::vector<std::int64_t> EvenlySpread(std::int64_t count, std::int64_t most) {
  const std::int64_t wanted = std::min(count, most);
  std::vector<std::int64_t> chosen;
  for (std::int64_t k = 0; k < wanted; ++k) chosen.push_back((2 * k + 1) * count / (2 * wanted));
  return chosen;
}

}  // namespace maskbench
