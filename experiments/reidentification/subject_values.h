#pragma once

#include <vector>

#include "maskbench/pipeline/subject_value.h"

#include "experiments/reidentification/searches.h"

namespace maskbench {

/// What each subject's probes gave, for comparisons of runs and variants subject by subject:
/// `rank_1`, the share of probes that find their person first (ties shared), and `probe_auc`, the
/// mean share of other people that are less alike than the own one (ties half). A probe that failed
/// to enrol is no hit and 0.5. @param head  says of which attack they are.
void AddSearchValues(const RunData& data, const Protocol& protocol, const Searches& searches,
                     const SubjectValue& head, std::vector<SubjectValue>* values);

}  // namespace maskbench
