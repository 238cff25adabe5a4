#pragma once

#include <cstdint>
#include <vector>

namespace maskbench {

/// The middles of `most` equal stretches of `count` things, ascending: all of them where there are
/// no more. @param count  not negative. @param most  at least 1.
std::vector<std::int64_t> EvenlySpread(std::int64_t count, std::int64_t most);

}  // namespace maskbench
