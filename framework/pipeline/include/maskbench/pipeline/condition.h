#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// What a recording's patient has, by the labels of the manifest: the label key whose value in
/// either eye is not "none" (nor false, nor 0), e.g. "ptosis"; several are sorted and joined by
/// "+". "healthy" when all that is stated is "none", and empty when nothing is stated: a missing
/// label is unknown, not health. The labels "mimic" and "borderline" qualify a case, and
/// "lids" says how far an eye is open; they are no conditions.
std::string ConditionOf(const LabelledRecording& recording);

/// The conditions of the recordings that take part, sorted, without the empty one.
std::vector<std::string> ConditionsOf(const RunData& data);

}  // namespace maskbench
