#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/subject_value.h"

#include "topics.h"

namespace maskbench {

/// What each subject contributes: errors of lids, gaze and deviation, and blinks that were found.
/// @param values  of this observer under this variant are added.
void AddSubjectValues(const EyeScores& scores, const std::string& variant,
                      const std::string& reader, std::vector<SubjectValue>* values);

/// Subject and error in degrees of every frame with an open eye in sight and a direction in the
/// head.
std::vector<Entry> GazeErrors(const EyeScores& scores);

}  // namespace maskbench
