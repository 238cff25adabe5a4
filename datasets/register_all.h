#pragma once

#include "maskbench/pipeline/dataset_maker.h"

namespace maskbench {

/// Adds every data set that is made.
void RegisterDatasetMakers(DatasetMakers* makers);

}  // namespace maskbench
