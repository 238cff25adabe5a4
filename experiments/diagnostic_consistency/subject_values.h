#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/subject_value.h"

#include "experiments/diagnostic_consistency/eye_units.h"

namespace maskbench::consistency {

/// For comparisons of runs and variants subject by subject, of each condition: `accuracy`, the
/// share of the subject's eyes (and readers) with the right answer, and `same_as_original`, the
/// share with the answer that the reference variant gave. An eye that could not be read counts as
/// wrong and as another answer; eyes that not even the reference let be read are left out of the
/// latter.
void AddSubjectValues(const RunData& data, const std::vector<EyeUnit>& units,
                      const ReaderGroup& group, const std::string& reference,
                      std::vector<SubjectValue>* values);

}  // namespace maskbench::consistency
