#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// What somebody knows of a recording who knows its signs and nothing else: the true lid heights,
/// deviation, ductions, nystagmus and head posture that a mask which keeps signs must show, each
/// read with an error of its own and divided by that error. The squared Euclidean distance of two
/// such descriptors is then the log-likelihood ratio of signs that stay as they are. No
/// sign-preserving mask can be harder to match than this, however it hides the rest.
/// @param look  draws of the errors: gallery and probe are different looks.
/// @return by recording; nothing where the data set does not state the signs that it states of
/// others. Empty where it states none.
std::map<std::string, std::optional<std::vector<float>>> TrueSigns(const RunData& data,
                                                                   double error_scale,
                                                                   const std::string& look,
                                                                   std::uint64_t seed);

/// The same without any error of reading: true signs, each divided by that error.
std::map<std::string, std::optional<std::vector<float>>> SignsInErrors(const RunData& data);

}  // namespace maskbench
