#pragma once

#include <vector>

#include "maskbench/stats/biometrics.h"

namespace maskbench {

/// Share of right answers where somebody is shown a probe, the enrolled recording of the same
/// person and those of `choices` − 1 others, drawn at random from the gallery without putting any
/// back, and picks the one with the highest score: the expectation over all draws, exactly
/// (hypergeometric), not a simulation. Ties are broken evenly; who could not be enrolled is
/// guessed. The test of Yang et al. (Nature Medicine 28:1883, 2022), answered by a recogniser.
/// @param gallery  enrolled subjects. @param choices  2 … `gallery`. @param weights  per subject,
/// optional. @return  NaN without probes; chance is 1 / choices. Throws DataError for other
/// `choices`.
double MultipleChoiceRate(const std::vector<RankedProbe>& probes, int gallery, int choices,
                          const std::vector<double>& weights = {});

}  // namespace maskbench
