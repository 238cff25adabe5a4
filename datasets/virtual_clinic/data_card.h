#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/dataset_recipe.h"
#include "maskbench/pipeline/manifest.h"

#include "datasets/virtual_clinic/recorder.h"

namespace maskbench::virtual_clinic {

/// What users must know of one making of the virtual clinic, as Markdown: who is in it, what they
/// have, how it was made, what it may be used for and where it falls short.
/// @param recipe  with everything filled in. @param plans  in the order of the data set's
/// recordings.
std::string DataCard(const DatasetRecipe& recipe, const std::vector<RecordingPlan>& plans,
                     const Dataset& dataset);

}  // namespace maskbench::virtual_clinic
