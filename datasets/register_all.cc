#include "datasets/register_all.h"

namespace maskbench {

// One line per data set: its Register function is declared here and called below.
#define MASKBENCH_DATASET_MAKERS(X) X(VirtualClinic)

// The same for layouts that are imported.
#define MASKBENCH_DATASET_IMPORTERS(X) \
  X(FolderPerPerson)                   \
  X(Lfw)

#define MASKBENCH_DECLARE(Name) void Register##Name(DatasetMakers* makers);
MASKBENCH_DATASET_MAKERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE
#define MASKBENCH_DECLARE(Name) void Register##Name(DatasetImporters* importers);
MASKBENCH_DATASET_IMPORTERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterDatasetMakers(DatasetMakers* makers) {
#define MASKBENCH_CALL(Name) Register##Name(makers);
  MASKBENCH_DATASET_MAKERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

void RegisterDatasetImporters(DatasetImporters* importers) {
#define MASKBENCH_CALL(Name) Register##Name(importers);
  MASKBENCH_DATASET_IMPORTERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
