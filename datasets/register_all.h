#pragma once

#include "maskbench/pipeline/dataset_importer.h"
#include "maskbench/pipeline/dataset_maker.h"

namespace maskbench {

/// Adds every data set that is made.
void RegisterDatasetMakers(DatasetMakers* makers);

/// Adds every layout of collected data sets that can be imported.
void RegisterDatasetImporters(DatasetImporters* importers);

}  // namespace maskbench
